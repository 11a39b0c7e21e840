"""SED-ML Level 1 Version 4: what to run, what to write down and what to draw.

Each document has one task. COPASI has one time course, which the last task of a document would set,
and would show the plots of the others with its numbers.

Written as XML: phraSEDML gives neither labels nor axes, and importing libSEDML makes libSBML hand
out libSEDML's objects for the rest of the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from kinaptic.pathways.protocol import Protocol
from kinaptic.sbml import document
from kinaptic.sbml.simulate import event_times
from kinaptic.units import column_name

if TYPE_CHECKING:
    from kinaptic.pathways.waveform import Waveform
    from kinaptic.sbml.model import Model

MODEL = "model.xml"
MASTER = "simulation.sedml"
# roadrunner multiplies the absolute tolerance by the amounts that it starts from, so it is small: at 1e-10
# what a drug frees was wrong by 4e-5. No first step is given, although CVODE's own guess at a spike is so
# short that SUNDIALS says so: with one, and a tolerance that is not a vector, CVODE gives up.
RELATIVE, ABSOLUTE = "1e-08", "1e-14"

_STEPS = 1999  # a prime, so that no sample but the last falls on the spike of a regular train
_CLOSE_STEPS = 499  # likewise
_AFTER = 10.0  # s after the protocol that are looked at with it
_BEFORE_EVENT, _AFTER_EVENT = 0.0461, 0.2539  # s; odd, or a train's neighbouring spikes would be samples

_SEDML = "http://sed-ml.org/sed-ml/level1/version4"
_SBML = "http://www.sbml.org/sbml/level3/version2/core"
_MATHML = "http://www.w3.org/1998/Math/MathML"
_CONTENT = "/sbml:sbml/sbml:model"
_LANGUAGE = "urn:sedml:language:sbml.level-3.version-2"
_TIME, _TIME_LABEL = "urn:sedml:symbol:time", "time (s)"
_PLOTS = (  # id, title, axis, what is drawn as far as it is there
    ("weight", "Weight", "relative to the baseline", ("weight", "W_pre", "W_post")),
    ("calcium", "Calcium in the spine", "calcium (uM)", ("Ca",)),
    ("enzymes", "Enzymes", "active (uM)", ("CaMKII_active", "PKA_active", "CaN_active", "PP1_active")),
)


@dataclass(frozen=True)
class Course:
    """A time course of the model, one document of the archive.

    Attributes
    ----------
    file : str
        Name of the document.
    meaning : str
        In a phrase.
    start, end : float
        First and last sample (s of run time); every course is integrated from 0.
    steps : int
        Between them.
    """

    file: str
    meaning: str
    start: float
    end: float
    steps: int


def courses(protocol: Protocol | Waveform | None, until: float) -> list[Course]:
    """Return what is run: the whole, and as far as they are shorter the protocol and one spike of it.

    Parameters
    ----------
    protocol : Protocol, Waveform or None
        What is written into the model.
    until : float
        Length of the run (s).

    Returns
    -------
    list of Course
        The whole first; the protocol until 10 s after it; 0.3 s around the spike in its middle.
    """
    found = [Course(MASTER, "the whole run", 0.0, until, _STEPS)]
    if protocol is None:
        return found
    end = float(protocol.end) + _AFTER
    if end < until:
        found.append(Course("protocol.sedml", "the protocol", 0.0, end, _STEPS))
    events = event_times(protocol)
    if isinstance(protocol, Protocol) and events.size:
        middle = float(events[events.size // 2])
        start, stop = middle - _BEFORE_EVENT, middle + _AFTER_EVENT
        if stop < until:
            meaning = "a spike in the middle of the protocol"
            found.append(Course("spike.sedml", meaning, start, stop, _CLOSE_STEPS))
    return found


def targets(model: Model) -> dict[str, str]:
    """Return where the file has what is reported: name → XPath, readouts before the other species.

    A readout that a clamp holds, and that nothing refers to, is not in the file and not here.
    """
    parsed = document.read(model.sbml)
    content = parsed.getModel()
    parameters = {content.getParameter(i).getId() for i in range(content.getNumParameters())}
    species = [content.getSpecies(i).getId() for i in range(content.getNumSpecies())]
    found = {}
    for name in dict.fromkeys([*model.readouts, *species]):
        if name in parameters:
            found[name] = f"{_CONTENT}/sbml:listOfParameters/sbml:parameter[@id='{name}']"
        elif name in species:
            found[name] = f"{_CONTENT}/sbml:listOfSpecies/sbml:species[@id='{name}']"
    return found


def text(model: Model, course: Course) -> str:
    """Return a SED-ML document: a report of a time course, and plots.

    Parameters
    ----------
    model : Model
        Its file stands beside the document as ``model.xml``.
    course : Course
        What to run.

    Returns
    -------
    str
        The report has all readouts and all species, a data set each, labelled with their units.
        Weight, calcium and enzymes are drawn where the model has them.
    """
    found = targets(model)
    labels = {name: column_name(name, model.source.units[name]) for name in found}
    root = ET.Element("sedML", {"xmlns": _SEDML, "xmlns:sbml": _SBML, "level": "1", "version": "4"})
    _run(root, model.name, course)
    generators = ET.SubElement(root, "listOfDataGenerators")
    _generator(generators, "time", _TIME_LABEL, {"symbol": _TIME})
    for name, target in found.items():
        _generator(generators, name, labels[name], {"target": target})
    outputs = ET.SubElement(root, "listOfOutputs")
    report = ET.SubElement(outputs, "report", id="report", name=f"Report of {course.meaning}")
    sets = ET.SubElement(report, "listOfDataSets")
    for name, label in (("time", _TIME_LABEL), *labels.items()):
        ET.SubElement(sets, "dataSet", id=f"set_{name}", label=label, dataReference=f"data_{name}")
    _plots(outputs, course.meaning, labels)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _run(root: ET.Element, name: str, course: Course) -> None:
    """Write model, simulation and task."""
    models = ET.SubElement(root, "listOfModels")
    ET.SubElement(models, "model", id="model", name=name, language=_LANGUAGE, source=MODEL)
    simulations = ET.SubElement(root, "listOfSimulations")
    simulation = ET.SubElement(
        simulations,
        "uniformTimeCourse",
        id="course",
        name=course.meaning,
        initialTime="0",
        outputStartTime=repr(course.start),
        outputEndTime=repr(course.end),
        numberOfSteps=str(course.steps),
    )
    algorithm = ET.SubElement(simulation, "algorithm", name="CVODE", kisaoID="KISAO:0000019")
    parameters = ET.SubElement(algorithm, "listOfAlgorithmParameters")
    for kisao, meaning, value in (
        ("KISAO:0000209", "relative tolerance", RELATIVE),
        ("KISAO:0000211", "absolute tolerance", ABSOLUTE),
    ):
        ET.SubElement(parameters, "algorithmParameter", kisaoID=kisao, name=meaning, value=value)
    tasks = ET.SubElement(root, "listOfTasks")
    ET.SubElement(tasks, "task", id="task", modelReference="model", simulationReference="course")


def _generator(parent: ET.Element, name: str, label: str, where: dict[str, str]) -> None:
    """Write what makes a data set of a variable: the variable itself."""
    generator = ET.SubElement(parent, "dataGenerator", id=f"data_{name}", name=label)
    variables = ET.SubElement(generator, "listOfVariables")
    ET.SubElement(variables, "variable", where, id=f"value_{name}", name=label, taskReference="task")
    maths = ET.SubElement(generator, "math", xmlns=_MATHML)
    ET.SubElement(maths, "ci").text = f"value_{name}"


def _plots(parent: ET.Element, meaning: str, labels: Mapping[str, str]) -> None:
    for plot, title, axis, names in _PLOTS:
        drawn = [name for name in names if name in labels]
        if not drawn:
            continue
        made = ET.SubElement(parent, "plot2D", id=f"plot_{plot}", name=f"{title}: {meaning}", legend="true")
        ET.SubElement(made, "xAxis", type="linear", name=_TIME_LABEL)
        ET.SubElement(made, "yAxis", type="linear", name=axis)
        curves = ET.SubElement(made, "listOfCurves")
        for name in drawn:
            ends = {"xDataReference": "data_time", "yDataReference": f"data_{name}"}
            ET.SubElement(curves, "curve", ends, id=f"curve_{name}", name=labels[name])
