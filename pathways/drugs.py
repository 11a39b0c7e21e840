"""Drugs by name: a dose becomes changed numbers of the model. `drug_table` has the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kinaptic.errors import PerturbationError, UnitError
from kinaptic.pathways.catalogue import enzymes, pathway, pathways, ports
from kinaptic.pathways.drug_table import FILE, Action, Drug, called, drugs
from kinaptic.pathways.parameters import Parameter
from kinaptic.pathways.perturbation import Perturbation, refuse_derived
from kinaptic.units import Quantity, parse


def drug(name: str, dose: Quantity | None = None, *, acute: bool | None = None) -> Perturbation:
    """Give a drug at a dose, for instance ``drug("AM251", "1 uM")``.

    Parameters
    ----------
    name : str
        As in ``kinaptic drugs``, or an alias; capitals, hyphens and blanks do not matter.
    dose : quantity
        A concentration; for proteins also mass in a volume. 0 has no effect.
    acute : bool, optional
        Washed in as the run begins (the default), or there before the baseline. A chelator comes
        with the pipette, before the baseline: it puts the pathway ``buffer`` into the synapse.

    Raises
    ------
    UnknownName
        If there is no such drug.
    UnitError, PerturbationError
        If the dose is missing, negative, or no concentration.
    """
    known = called(name)
    entry = drugs()[known]
    if dose is None:
        raise PerturbationError(f"drug({name!r}) lacks a dose; usual in slices is {entry.dose!r}")
    amount = _concentration(entry, dose, f"drug({name!r}, …)")
    if amount < 0:
        raise PerturbationError(f"drug({name!r}, {dose!r}): a dose cannot be negative")
    if entry.loads and acute:
        raise PerturbationError(
            f"drug({name!r}, …, acute=True): {known} comes with the pipette, before the baseline"
        )
    washed_in = acute is not False and not entry.loads
    return Perturbation("drug", known, value=_written(amount), acute=washed_in)


def _concentration(entry: Drug, dose: Quantity, what: str) -> float:
    """Return a dose in uM."""
    try:
        return parse(dose, "uM", what)
    except UnitError:
        if entry.molar_mass is None:
            raise
        return parse(dose, "ug/ml", what) / entry.molar_mass  # kDa: mg/l over kg/mol


def _written(dose: float) -> str:
    """Write a dose (uM) so that equal doses read alike: ``"1 uM"``, ``"7.49 nM"``, ``"10 mM"``."""
    for unit, size in (("mM", 1e3), ("uM", 1.0), ("nM", 1e-3)):
        if dose > 0.999999999 * size:  # 1000 pM is 1 nM, whatever its last digit
            return f"{dose / size:.10g} {unit}"
    return f"{dose / 1e-6:.10g} pM" if dose else "0 uM"


def usual(entry: Drug, action: Action) -> str:
    """Return what an action does at the usual dose, in short: ``"× 0.00743"``."""
    dose = _concentration(entry, entry.dose, entry.title)
    if action.mechanism == "chelator":
        return entry.dose.replace("uM", "µM")
    more = _more(action, dose)
    return f"× {action.factor(dose):.3g}" if more is None else f"+ {more:.3g}"


def _amount(given: Perturbation) -> float:
    return parse(given.value, "uM", given.target)


def sources(given: Perturbation) -> tuple[str, ...]:
    """Return the BibTeX keys behind a drug's numbers."""
    keys = (action.number.key for action in drugs()[given.target].actions)
    return tuple(dict.fromkeys(key for key in keys if key))


# ---- What a drug finds in a synapse
def acted_on(action: Action, names: Iterable[str]) -> tuple[str, ...]:
    """Return the numbers that an action changes in a synapse of the pathways `names`; none if absent."""
    members = tuple(names)
    found = enzymes(members)
    if action.target in found:
        return found[action.target].activity
    return (action.target,) if any(action.target in pathway(name).parameters for name in members) else ()


def homes(target: str) -> tuple[str, ...]:
    """Return the pathways that have an enzyme or a number of this name."""
    return tuple(n for n, each in pathways().items() if target in {*each.enzymes, *each.parameters})


def chief(given: Perturbation) -> str:
    """Return what a perturbation cannot do without: of a drug the chief target, of others the target."""
    if given.kind != "drug":
        return given.target
    entry = drugs()[given.target]
    return pathway(entry.loads).needs[0] if entry.loads else entry.actions[0].target


def loads(given: Perturbation, names: tuple[str, ...], absent: Iterable[str]) -> str:
    """Return the pathway that a drug puts into a synapse of the pathways `names`, or an empty text.

    Raises
    ------
    PerturbationError
        If the synapse lacks what that pathway acts on, or had it taken out.
    """
    added = drugs()[given.target].loads
    if not added or added in names or not _amount(given):
        return ""
    if added in absent:
        raise PerturbationError(f"{given} needs the pathway {added}, which was taken out of this synapse")
    _refuse_unheard(given, added, names)
    return added


def _refuse_unheard(given: Perturbation, added: str, names: tuple[str, ...]) -> None:
    """Refuse a chelator where nothing makes the calcium that it takes up."""
    for need in pathway(added).needs:
        _, givers = ports()[need]
        if not set(givers) & set(names):
            raise PerturbationError(_lacking(given, need, givers, names))


def refuse_together(given: Perturbation, earlier: Iterable[Perturbation]) -> None:
    """Refuse a drug that was given already, and a second chelator: there is one explicit buffer."""
    added = drugs()[given.target].loads
    for each in earlier:
        if each.kind == "drug" and each.target == given.target:
            raise PerturbationError(f"{given}: {each} was given already; give one dose")
        if each.kind == "drug" and added and drugs()[each.target].loads == added:
            raise PerturbationError(f"{given}: {each} was given already, and there is one pathway {added}")


def _lacking(given: Perturbation, target: str, givers: Iterable[str], names: Iterable[str]) -> str:
    return (
        f"{given.target} acts on {target} of pathway {' or '.join(givers)}, which this synapse does not "
        f"have (it has {', '.join(names)})"
    )


# ---- What a drug makes of the numbers
@dataclass(frozen=True)
class Effect:
    """What a drug makes of a number.

    Attributes
    ----------
    value : float
        In the number's unit.
    note : str
        Which drug, at which dose, does what.
    source : str
        Where the value is the drug's own, its source; otherwise an empty text.
    """

    value: float
    note: str
    source: str = ""


def effects(
    given: Perturbation, parameters: Mapping[str, Parameter], names: tuple[str, ...]
) -> dict[str, Effect]:
    """Return number → what a drug makes of it, in a synapse of the pathways `names`.

    Parameters
    ----------
    given : Perturbation
        The drug.
    parameters : mapping of str to Parameter
        The numbers before it.
    names : tuple of str
        Pathways of the synapse.

    Raises
    ------
    PerturbationError
        If its chief target is not there.
    """
    entry = drugs()[given.target]
    if entry.loads and not _amount(given):
        return {}
    if entry.loads:
        _refuse_unheard(given, entry.loads, names)
    if not acted_on(entry.actions[0], names):
        raise PerturbationError(_lacking(given, chief(given), homes(chief(given)), names))
    found: dict[str, Effect] = {}
    for action in entry.actions:
        changed = acted_on(action, names)
        for name in changed:
            refuse_derived(name, parameters)
        if action.mechanism == "chelator":
            found |= _chelated(action, given, changed, parameters)
        else:
            found |= _changed(action, given, changed, parameters, found)
    return found


def _chelated(
    action: Action, given: Perturbation, changed: tuple[str, ...], parameters: Mapping[str, Parameter]
) -> dict[str, Effect]:
    """Return how much of a chelator there is, and what it brings with it."""
    dose, label = _amount(given), _label(given)
    source = f"assumed: {label}, a dose set by the user of the model"
    found = {name: Effect(action.strength * dose, f"{label}: {name} set", source) for name in changed}
    for name, text in action.sets.items():
        value = parse(text, parameters[name].unit, f"{FILE.name}: {given.target}: {name}")
        found[name] = Effect(value, f"{label}: {name} set", action.source)
    return found


def _changed(
    action: Action,
    given: Perturbation,
    changed: tuple[str, ...],
    parameters: Mapping[str, Parameter],
    earlier: Mapping[str, Effect],
) -> dict[str, Effect]:
    """Return the numbers `changed` as an action leaves them, after `earlier` actions of the drug."""

    def value(name: str) -> float:
        return earlier[name].value if name in earlier else parameters[name].value or 0.0

    def effect(name: str, new: float, text: str) -> Effect:
        told = earlier[name].note if name in earlier else f"{_label(given)}:"
        return Effect(new, f"{told} {text}")

    dose = _amount(given)
    more = _more(action, dose)
    if more is not None:
        return {name: effect(name, value(name) + more, f"{name} + {more:.3g}") for name in changed}
    factor, found = action.factor(dose), {}
    if action.spares:
        spared = value(action.spares)
        factor = spared + (1 - spared) * factor
        share = spared / factor if factor else 0.0
        found[action.spares] = effect(action.spares, share, f"{action.spares} now {share:.3g}")
    text = f"{action.target}{'' if action.target in changed else ' activity'} x {factor:.3g}"
    return found | {name: effect(name, value(name) * factor, text) for name in changed}


def _more(action: Action, dose: float) -> float | None:
    """Return what a dose (uM) adds to a number, or None if the action multiplies it."""
    if action.per_uM is not None:
        return action.per_uM * dose
    return None if action.adds is None else action.adds * (1 - action.free(dose))


def _label(given: Perturbation) -> str:
    return f"{given.target} {given.value}"
