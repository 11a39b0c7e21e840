"""The files of a PEtab 2 problem as texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import yaml

from kinaptic.pathways.citations import doi

if TYPE_CHECKING:
    from kinaptic.analysis.petab_measured import Measured
    from kinaptic.analysis.petab_study import Study

MODEL, YAML = "model.xml", "problem.yaml"
OBSERVABLE = "response_ratio"
_NOISE = f"noiseParameter1_{OBSERVABLE}"
_FILES = {
    "parameter_files": ["parameters.tsv"],
    "observable_files": ["observables.tsv"],
    "measurement_files": ["measurements.tsv"],
    "condition_files": ["conditions.tsv"],
    "experiment_files": ["experiments.tsv"],
}


def texts(study: Study, measured: Sequence[Measured]) -> dict[str, str]:
    """Return the text of each file by its name, the one that lists the others last.

    Parameters
    ----------
    study : Study
        Model and experiments.
    measured : sequence of Measured
        What was measured in them; an experiment goes by the name of its measurement.
    """
    name = study.synapse.name
    listing = {
        "format_version": "2.0.0",
        "id": f"kinaptic_{name}",
        "model_files": {name: {"location": MODEL, "language": "sbml"}},
        **_FILES,
    }
    return {
        MODEL: study.model.sbml,
        "parameters.tsv": _parameters(study),
        "observables.tsv": _observables(),
        "measurements.tsv": _measurements(measured),
        "conditions.tsv": _conditions(study),
        "experiments.tsv": _experiments(study),
        YAML: yaml.safe_dump(listing, sort_keys=False),
    }


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _parameters(study: Study) -> str:
    """Write the numbers that a fit may change; on a logarithmic scale where their range allows one."""
    columns = ("parameterId", "lowerBound", "upperBound", "nominalValue", "estimate", "priorDistribution",
               "priorParameters", "unit", "source")  # fmt: skip
    rows = []
    for number, (low, high) in study.searched.items():
        each = study.calibrated[number]
        prior = "log-uniform" if low > 0 else "uniform"
        bounds = f"{low!r};{high!r}"
        rows.append(
            (study.parameter(number), low, high, each.value, "true", prior, bounds, each.unit, each.source)
        )
    return _table(columns, rows)


def _observables() -> str:
    columns = ("observableId", "observableName", "observableFormula", "noiseFormula", "noiseDistribution",
               "noisePlaceholders")  # fmt: skip
    return _table(columns, [(OBSERVABLE, "response after over before", "weight", _NOISE, "normal", _NOISE)])


def _measurements(measured: Sequence[Measured]) -> str:
    columns = ("observableId", "experimentId", "measurement", "time", "noiseParameters",
               "n", "protocol", "under", "source", "doi", "note")  # fmt: skip
    return _table(
        columns,
        (
            (OBSERVABLE, m.name, m.mean, m.time, m.sem, m.n, m.protocol, ", ".join(map(str, m.under)),
             m.source, doi(m.key), m.note)
            for m in measured
        ),
    )  # fmt: skip


def _conditions(study: Study) -> str:
    sets = study.everywhere()
    for each in study.experiments:
        sets |= {_before(each.name): study.before(each), _after(each.name): study.after(each)}
    rows = [(condition, *change) for condition, changes in sets.items() for change in changes.items()]
    return _table(("conditionId", "targetId", "targetValue"), rows)


def _experiments(study: Study) -> str:
    at_rest, from_rest = study.everywhere()
    rows = []
    for each in study.experiments:
        before = [at_rest, _before(each.name)] if study.before(each) else [at_rest]
        rows += [(each.name, "-inf", condition) for condition in before]
        rows += [(each.name, "0", condition) for condition in (from_rest, _after(each.name))]
    return _table(("experimentId", "time", "conditionId"), rows)


def _before(name: str) -> str:
    return f"before_{name}"


def _after(name: str) -> str:
    return f"stimulus_{name}"
