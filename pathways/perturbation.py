"""What a lab does to a synapse, as values: knock out, inhibit, overexpress, clamp, edit, or give a drug.

A perturbation is an edit of the model, made before it is compiled and before it is exported.
Genetic ones are there before the baseline; an inhibitor is washed in as the run begins, so the
synapse starts from the untreated baseline.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from kinaptic.errors import PerturbationError, UnknownName
from kinaptic.pathways.catalogue import enzymes, pathway, pathways, ports
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.pathway import Enzyme
from kinaptic.units import Quantity, parse

Kind = Literal["knockout", "inhibit", "overexpress", "clamp", "edit", "drug"]


@dataclass(frozen=True)
class Perturbation:
    """One edit of a synapse; made by `knockout`, `inhibit`, `overexpress`, `clamp`, `edit` or `drug`.

    Attributes
    ----------
    kind : str
        Which of the six.
    target : str
        A pathway, an enzyme or a parameter; a port for `clamp`, the drug's name for `drug`.
    factor : float
        For `inhibit` and `overexpress`, what the target's activity or amount is multiplied by.
    value : str
        For `clamp` and `edit`, the quantity as the user wrote it; for `drug` and `inhibit`, the dose.
    acute : bool
        Whether it begins with the run (True) or was there before the baseline (False).
    ic50 : str
        For `inhibit` at a dose, the concentration of half inhibition.
    source : str
        Of the change itself, where it has one: in a `condition`.
    """

    kind: Kind
    target: str
    factor: float = 1.0
    value: str = ""
    acute: bool = False
    ic50: str = ""
    source: str = ""

    def __str__(self) -> str:
        when = ", from the start of the run" if self.acute else ""
        match self.kind:
            case "knockout":
                return f"{self.target} knocked out"
            case "inhibit":
                dose = f" ({self.value} at an IC50 of {self.ic50})" if self.value else ""
                return f"{self.target} inhibited by {100 * (1 - self.factor):.4g}%{dose}{when}"
            case "overexpress":
                return f"{self.target} expressed × {self.factor:g}"
            case "clamp":
                return f"{self.target} clamped at {self.value}{when}"
            case "edit":
                return f"{self.target} set to {self.value}{when}"
            case "drug":
                return f"{self.target} {self.value}{when}"


def knockout(target: str) -> Perturbation:
    """Remove a pathway, an enzyme, or what a parameter stands for, before the baseline.

    A knocked-out pathway is replaced by its null pathway, with all that it holds; of a knocked-out
    enzyme there is none. ``knockout("pka")`` takes the cyclases and phosphodiesterases out as well,
    ``knockout("PKA")`` the kinase alone. Where nothing has the name as it is written, small letters
    and capitals do not matter for enzymes: ``knockout("nnos")``.
    """
    return Perturbation("knockout", target, factor=0.0)


IC50 = "1 uM"  # of an inhibitor that none is known of: doses then read as multiples of it


def inhibit(
    target: str,
    by: float | None = None,
    *,
    dose: Quantity | None = None,
    ic50: Quantity | None = None,
    acute: bool = True,
) -> Perturbation:
    """Reduce the activity of an enzyme, or a parameter, by a fraction, or as an inhibitor at a dose.

    Parameters
    ----------
    target : str
        Its activity is multiplied by ``1 - by``; what it binds it still binds. A pathway's name
        stands for the enzyme of that name: ``inhibit("pka")`` is an inhibitor of the kinase, which
        leaves the cyclases and phosphodiesterases of that pathway as they are.
    by : float, optional
        Fraction lost, 0 to 1; 0.9 if no `dose` is given.
    dose : quantity, optional
        Concentration of an ideal inhibitor in place of `by`: one molecule blocks one enzyme, in
        equilibrium, and is not used up, so the fraction lost is dose / (dose + ic50).
    ic50 : quantity, optional
        Its concentration of half inhibition; 1 µM if not given, so that doses in µM are multiples
        of it. Without a dose it is an agent for `kinaptic.dose_response`. For inhibitors as they are
        sold see `drug`.
    acute : bool
        Washed in as the run begins (default), or there before the baseline.

    Raises
    ------
    PerturbationError, UnitError
        If `by` is not between 0 and 1, `dose` is negative, or one is given with the other.
    """
    if dose is None:
        part = 0.9 if by is None else by
        if not 0 <= part <= 1:
            raise PerturbationError(
                f"inhibit({target!r}, by={by!r}): give a fraction from 0 to 1, such as 0.9"
            )
        if ic50 is None:
            return Perturbation("inhibit", target, factor=1 - part, acute=acute)
        if by is not None:
            raise PerturbationError(f"inhibit({target!r}): an IC50 goes with dose=…, not with by=…")
        _positive(ic50, target)
        return Perturbation("inhibit", target, acute=acute, ic50=str(ic50))
    if by is not None:
        raise PerturbationError(f"inhibit({target!r}): give by=… or dose=…, not both")
    constant = IC50 if ic50 is None else str(ic50)
    amount, half = parse(dose, "uM", "inhibit(dose=…)"), _positive(constant, target)
    if amount < 0:
        raise PerturbationError(f"inhibit({target!r}, dose={dose!r}): a dose is not negative")
    return Perturbation(
        "inhibit", target, factor=half / (half + amount), value=str(dose), acute=acute, ic50=constant
    )


def _positive(ic50: Quantity, target: str) -> float:
    half = parse(ic50, "uM", "inhibit(ic50=…)")
    if half <= 0:
        raise PerturbationError(f"inhibit({target!r}, ic50={ic50!r}): an IC50 is positive")
    return half


def overexpress(target: str, factor: float) -> Perturbation:
    """Multiply how much there is of an enzyme, before the baseline.

    A pathway's name stands for the enzyme of that name, as in `inhibit`.

    Raises
    ------
    PerturbationError
        If `factor` is not positive.
    """
    if not 0 < factor < float("inf"):
        raise PerturbationError(
            f"overexpress({target!r}, factor={factor!r}): give a positive factor, such as 3; "
            "to remove it use knockout"
        )
    return Perturbation("overexpress", target, factor=float(factor))


def clamp(target: str, value: Quantity, *, acute: bool = False) -> Perturbation:
    """Hold a port (``"Ca"``, ``"cAMP"``, ``"PKA_active"`` …) at a value, for instance ``"0.1 uM"``."""
    return Perturbation("clamp", target, value=str(value), acute=acute)


def edit(parameter: str, value: Quantity, *, acute: bool = False) -> Perturbation:
    """Set a parameter to a value with a unit, for instance ``edit("T286_rate", "6.3 1/s")``."""
    return Perturbation("edit", parameter, value=str(value), acute=acute)


def factors(perturbation: Perturbation, names: tuple[str, ...]) -> dict[str, float]:
    """Return parameter → factor for a knock-out, inhibition or overexpression.

    Parameters
    ----------
    perturbation : Perturbation
        The one to resolve; not a knock-out of a whole pathway.
    names : tuple of str
        Pathways of the synapse.

    Raises
    ------
    UnknownName
        If nothing in the synapse has that name.
    PerturbationError
        If the target has nothing of the kind to change.
    """
    factor = factor_of(perturbation)
    targets = enzymes(names)
    numbers = {n: p for name in names for n, p in pathway(name).parameters.items()}
    target = perturbation.target
    if target not in {*targets, *names, *numbers}:
        target = _alike(target, targets) or target
    if target in targets:
        found = _changed(targets[target], perturbation)
    elif target in names:
        found = _changed(_chief(perturbation), perturbation)
    elif target in numbers:
        found = (target,)
    else:
        _refuse_absent(target, names)
        raise UnknownName("target", target, {*targets, *names, *numbers})
    for name in found:
        refuse_derived(name, numbers)
    return dict.fromkeys(found, factor)


def factor_of(perturbation: Perturbation) -> float:
    """Return what a knock-out, inhibition or overexpression multiplies its target by.

    Raises
    ------
    PerturbationError
        If an inhibitor lacks its dose.
    """
    if perturbation.ic50 and not perturbation.value:
        raise PerturbationError(
            f"inhibit({perturbation.target!r}, ic50={perturbation.ic50!r}) lacks its dose: give dose='1 uM', "
            "or doses to kn.dose_response"
        )
    return perturbation.factor


def _alike(target: str, targets: Iterable[str]) -> str:
    """Return the one enzyme that differs in capitals only, or an empty text."""
    found = [each for each in targets if each.lower() == target.lower()]
    return found[0] if len(found) == 1 else ""


def _chief(perturbation: Perturbation) -> Enzyme:
    """Return the enzyme that a pathway's name stands for: its namesake, or its only one."""
    name = perturbation.target
    own = pathway(name).enzymes
    namesakes = [enzyme for each, enzyme in own.items() if each.lower() == name.lower()]
    if len(own) == 1 or len(namesakes) == 1:
        return (namesakes or list(own.values()))[0]
    hint = f"one of its enzymes: {', '.join(own)}" if own else "a parameter, see `synapse.parameters`"
    raise PerturbationError(f"{perturbation.kind}({name!r}): the pathway is no enzyme; give {hint}")


def _changed(enzyme: Enzyme, perturbation: Perturbation) -> tuple[str, ...]:
    found = enzyme.activity if perturbation.kind == "inhibit" else enzyme.totals
    if not found:
        what = "activity" if perturbation.kind == "inhibit" else "amount"
        raise PerturbationError(
            f"{perturbation.kind}({perturbation.target!r}): the model has no number for its {what}; its "
            "numbers are in `synapse.parameters`, use edit(parameter, value)"
        )
    return found


def refuse_derived(name: str, parameters: Mapping[str, Parameter]) -> None:
    """Raise `PerturbationError` if a formula gives the number: to set it would undo the formula."""
    formula = parameters[name].formula
    if formula is not None:
        raise PerturbationError(f"{name} is derived ({formula}); perturb the numbers it follows from")


def quantity(perturbation: Perturbation, parameters: Mapping[str, Parameter]) -> float:
    """Return the value of an `edit` or a `clamp` in the unit of what it sets."""
    name = perturbation.target
    if perturbation.kind == "clamp":
        if name not in ports():
            raise UnknownName("port", name, ports(), "(a clamp holds what a pathway gives)")
        unit = ports()[name][0].unit
    else:
        if name not in parameters:
            raise UnknownName("parameter", name, parameters)
        refuse_derived(name, parameters)
        unit = parameters[name].unit
    value: Quantity = perturbation.value
    if unit == "uM" and parse(value, unit, f"{perturbation.kind}({name!r}, …)") < 0:
        raise PerturbationError(f"{perturbation.kind}({name!r}, {value!r}): a concentration is not negative")
    if unit == "1":
        with contextlib.suppress(ValueError):  # "50 percent" is for pint to read
            value = float(perturbation.value)
    return parse(value, unit, f"{perturbation.kind}({name!r}, …)")


def _refuse_absent(target: str, names: Iterable[str]) -> None:
    present = set(names)
    for name, declared in pathways().items():
        own = {name, *declared.enzymes, *declared.parameters}
        if name not in present and (target in own or _alike(target, declared.enzymes)):
            raise PerturbationError(
                f"{target} belongs to pathway {name}, which this synapse does not have "
                f"(it has {', '.join(sorted(present))})"
            )
