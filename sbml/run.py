"""What a run gives: the weight over time, the traces, a summary, a figure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kinaptic.errors import KinapticError, UnknownName
from kinaptic.pathways.catalogue import pathway
from kinaptic.units import Quantity, parse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kinaptic.analysis.probes import Threshold
    from kinaptic.analysis.screen import Screen
    from kinaptic.pathways.protocol import Protocol
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.model import Model
    from kinaptic.sbml.synapse import Synapse

MINUTE = 60.0
_WEIGHTS = {  # column of `Run.weights` → variable of the model
    "W": "weight",
    "W_pre": "W_pre",
    "W_post": "W_post",
    "n": "release_sites",
    "p": "release_probability",
    "q": "quantal_size",
    "PPR": "PPR",
    "inv_cv2": "inv_cv2",
    "failure_rate": "failure_rate",
}


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """One simulated run; made by `simulate`.

    Attributes
    ----------
    synapse : Synapse
        What was stimulated.
    protocol : Protocol, Waveform or None
        How.
    traces : DataFrame, shape (samples, readouts)
        Over time (s; index ``time``), concentrations in µM; ``traces.attrs["units"]`` names the
        unit of each column.
    model : Model
        The very model that ran: ``run.model.sbml`` is its file.
    recipe : dict
        Versions, tolerances and the model's content hash.
    """

    synapse: Synapse
    protocol: Protocol | Waveform | None
    traces: pd.DataFrame
    model: Model
    recipe: dict[str, str | float]

    def __repr__(self) -> str:
        given = "no stimulation" if self.protocol is None else self.protocol
        return f"<Run: {self.synapse.name}, {given}, {self.traces.index[-1] / MINUTE:.4g} min>"

    @property
    def weight(self) -> pd.Series[float]:
        """Weight n·p·q over time (s), relative to the baseline, which is 1.

        Of a synapse without bouton it is the postsynaptic factor q alone, and the other way round.

        Raises
        ------
        KinapticError
            If the synapse has no AMPA receptors to weigh.
        """
        if "weight" not in self.traces:
            raise KinapticError(
                f"this synapse has no weight ({', '.join(self.synapse.pathways)}): add the pathway 'ampar', "
                "'bouton' or both"
            )
        return self.traces["weight"]

    @property
    def weights(self) -> pd.DataFrame:
        """The weight and what it is made of, as sparse test pulses would find them at each time.

        Returns
        -------
        DataFrame, shape (samples, 9)
            Over time (s): W, W_pre (n·p) and W_post (q) relative to the baseline, n (active zones),
            p (release probability of one), q (pA at -70 mV), PPR (50 ms), inv_cv2 (1/CV² = np/(1-p))
            and failure_rate (1-p)^n. NaN where the synapse lacks the half that a column is about.

        Raises
        ------
        KinapticError
            If the synapse has neither half.
        """
        found = {"W": self.weight}
        for column, name in _WEIGHTS.items():
            if name in self.traces:
                found[column] = self.traces[name]
            else:  # a constant of the model, or of a half that is not there
                found[column] = pd.Series(self.model.values.get(name, float("nan")), index=self.traces.index)
        return pd.DataFrame(found)[list(_WEIGHTS)]

    @property
    def metaplasticity(self) -> pd.DataFrame:
        """What tells how plastic the synapse is, besides its weight.

        Returns
        -------
        DataFrame, shape (samples, variables)
            Over time (s): the states that the pathways name as metaplastic, such as the ratio of GluN2A to
            GluN2B, tags, receptors that are not desensitised. ``attrs["meaning"]`` has a phrase for each,
            ``attrs["units"]`` its unit. Where the threshold lies is measured, by `threshold`.

        Raises
        ------
        KinapticError
            If no pathway of the synapse names any.
        """
        named = {n: text for each in self.synapse.pathways for n, text in pathway(each).metaplastic.items()}
        if not named:
            raise KinapticError(
                f"this synapse ({', '.join(self.synapse.pathways)}) has no state that counts as metaplastic"
            )
        found = self.traces[list(named)].copy()
        found.attrs["meaning"] = named
        found.attrs["units"] = {name: self.traces.attrs["units"][name] for name in ("time", *named)}
        return found

    def at(self, minutes: float, readout: str = "weight") -> float:
        """Return a readout some minutes after the end of the protocol.

        Parameters
        ----------
        minutes : float
            After the last segment of the protocol.
        readout : str
            Column of `traces`.

        Raises
        ------
        UnknownName, KinapticError
            If there is no such readout, or the run is shorter.
        """
        if readout == "weight":
            series = self.weight
        elif readout in self.traces:
            series = self.traces[readout]
        else:
            raise UnknownName("readout", readout, map(str, self.traces.columns))
        when = self.end + minutes * MINUTE
        if when > series.index[-1] + 1e-6:
            raise KinapticError(
                f"the run ends {(series.index[-1] - self.end) / MINUTE:.4g} min after the protocol, before "
                f"{minutes:g} min; simulate(…, until='{math.ceil(when / MINUTE)} min') or longer"
            )
        import numpy as np

        return float(np.interp(when, series.index.to_numpy(), series.to_numpy()))

    def clone(self, at: Quantity) -> Synapse:
        """Return the synapse as it was some time after the end of the protocol.

        It is a synapse like any other: what is simulated, scanned or exported of it begins there. Weights
        stay relative to the baseline. The run is repeated up to that time.

        Parameters
        ----------
        at : quantity
            Such as ``"30 min"``; ``"0 s"`` is the end of the protocol.

        Raises
        ------
        KinapticError
            If the synapse is a model of others.
        """
        from kinaptic.sbml.simulate import clones

        (made,) = clones(self, [parse(at, "s", "clone(at)") / MINUTE])
        return made

    def threshold(
        self, at: Quantity, probes: str | Sequence[Quantity] = "rates", **options: Any
    ) -> Threshold:
        """Measure, on clones of the state at some time, where depression turns into potentiation.

        Parameters
        ----------
        at : quantity
            Time after the end of the protocol: ``"30 min"``.
        probes : {"rates", "delays"} or sequence of quantity
            900 pulses at 0.5 to 50 Hz, or pairings over -50 to 20 ms, or rates or delays of your own.
        **options
            As for `kinaptic.scan`: engine, workers, store …

        Returns
        -------
        Threshold
            ``.theta_m_hz``, ``.theta_m_calcium``, ``.ltd_hz``, ``.slope``, ``.ceiling``; NaN with a
            ``.reason`` where the curve has no such place.

        Raises
        ------
        UnitError, UnknownName, KinapticError
            If the time or the probes do not fit.
        """
        from kinaptic.analysis.probes import threshold  # a look into the room above: decision 13

        return threshold(self.clone(at), probes, **options)

    def threshold_over_time(
        self, at: Iterable[Quantity], probes: str | Sequence[Quantity] = "rates", **options: Any
    ) -> pd.DataFrame:
        """Measure how the threshold slides; see `kinaptic.analysis.probes.threshold_over_time`.

        Parameters
        ----------
        at : iterable of quantity
            Times after the end of the protocol, ascending.
        probes, **options
            As for `threshold`.

        Returns
        -------
        DataFrame, shape (times, 7)
            Over minutes after the protocol: the numbers of a `Threshold`.

        Raises
        ------
        UnitError, UnknownName, KinapticError
            If the times or the probes do not fit.
        """
        from kinaptic.analysis.probes import threshold_over_time

        return threshold_over_time(self, at, probes, **options)

    def ablate(self, at: Quantity, test: Protocol, parts: Iterable[str] = (), **options: Any) -> pd.DataFrame:
        """Say which state remembers: put parts of the synapse back to rest, one at a time, and test it.

        Parameters
        ----------
        at : quantity
            When the test begins, after the end of the protocol of this run.
        test : Protocol
            What is tested.
        parts : iterable of str, optional
            Pathways or single states, ``["scaling", "NO_mark"]``; by default all pathways.
        **options
            As for `kinaptic.scan`.

        Returns
        -------
        DataFrame
            ``part``, ``weight`` half an hour after the test relative to the same state left alone,
            ``effect``.

        Raises
        ------
        UnitError, UnknownName, KinapticError
            If the time, the test or a part does not fit.
        """
        from kinaptic.analysis.ablation import ablate

        return ablate(self, at, test, parts, **options)

    def explain(self, readout: str = "weight", **options: Any) -> Screen:
        """Take one part of the synapse after another away, and see what is left of a readout.

        Parameters
        ----------
        readout : str
            As for `kinaptic.scan`: ``"weight"``, ``"peak CaMKII_active"`` …
        **options
            targets (``"pathways"``, the default, ``"enzymes"``, or names), engine, workers, store …,
            as for `kinaptic.screen`.

        Returns
        -------
        Screen
            ``.table``, the strongest effect first, and ``.plot()``, the ablation chart.
        """
        from kinaptic.analysis.screen import explain  # the one look into the room above: decision 13

        return explain(self, readout, **options)

    @property
    def end(self) -> float:
        """End of the protocol (s of run time); 0 where there is none."""
        return 0.0 if self.protocol is None else float(self.protocol.end)

    def summary(self) -> pd.DataFrame:
        """Return what one looks at first: the weight at 30 and 60 min, and the peaks.

        Returns
        -------
        DataFrame
            Rows of value, unit and meaning.
        """
        rows: list[tuple[str, float, str]] = []
        if "weight" in self.traces:
            last = (self.traces.index[-1] - self.end) / MINUTE
            reached = [m for m in (30, 60) if m <= last + 1e-6]
            rows += [(f"weight {m} min after", self.at(m), "of baseline") for m in reached]
            if last < 60:
                rows.append((f"weight {last:.3g} min after", float(self.weight.iloc[-1]), "of baseline"))
        totals = self.model.values
        for column, name, total in (
            ("Ca", "peak calcium", ""),
            ("CaMKII_active", "peak active CaMKII", "CaMKII_total"),
            ("CaN_active", "peak active calcineurin", "CaN_total"),
            ("PKA_active", "peak active PKA", ""),
            ("PP1_active", "peak active PP1", "PP1_total"),
        ):
            if column in self.traces:
                peak = float(self.traces[column].max())
                unit = self.traces.attrs["units"][column]
                if total and totals.get(total):
                    unit += f" ({peak / totals[total]:.1%} of all)"
                rows.append((name, peak, unit))
        return pd.DataFrame(rows, columns=["readout", "value", "unit"]).set_index("readout")

    def plot(self) -> Figure:
        """Return a figure: calcium, enzymes and weight over time."""
        from kinaptic.sbml.figure import figure

        return figure(self)
