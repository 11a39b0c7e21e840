"""A scan declared in a file: ``kinaptic scan study.yaml``, or ``study_file.read("study.yaml").run()``.

.. code-block:: yaml

    format: 1
    synapse: ca1
    protocol: stdp('10 ms', 60, rate='1 Hz')
    over:
      genotype: [wild type, knockout('pka'), "inhibit('calcineurin', by=0.8)"]
      delay: [-50 ms, -10 ms, 10 ms, 50 ms]
    until: 60 min
    readouts: [weight, peak Ca]

Every mistake is named with its line and key, and nothing runs before all of it is understood.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from kinaptic.analysis.axes import NAMED
from kinaptic.analysis.points import MOST
from kinaptic.analysis.scan import planned, scan
from kinaptic.errors import KinapticError, StudyFileError, UnknownName
from kinaptic.pathways import calls
from kinaptic.pathways.doses import RANGE, spaced
from kinaptic.pathways.waveform import Waveform
from kinaptic.sbml.synapse import Synapse
from kinaptic.version import __version__

if TYPE_CHECKING:
    from kinaptic.analysis.axes import Stimulus
    from kinaptic.analysis.scan_result import Scan

FORMAT = 1
_KEYS = ("format", "title", "synapse", "protocol", "waveform", "over", "until", "readouts", "engine", "rtol",
         "time_limit")  # fmt: skip
_SYNAPSE = ("preset", "set", "also", "without", "with")
_WAVEFORM = ("file", "time", "column", "unit", "time_unit", "extend", "max_step")
_T = TypeVar("_T")


@dataclass(frozen=True)
class StudyFile:
    """A scan as a file declares it; made by `read`.

    Attributes
    ----------
    path : Path
        The file.
    title : str
        What it is about, empty if the file does not say.
    synapse, protocol, over
        As for `scan`.
    options : mapping
        until, readouts, engine, rtol, time_limit, as far as the file has them.
    """

    path: Path
    title: str
    synapse: Synapse
    protocol: Stimulus
    over: Mapping[str, list[Any] | str] | list[Mapping[str, Any]]
    options: Mapping[str, Any]

    def run(self, **options: Any) -> Scan:
        """Run it; options (store, workers, most, progress …) are those of `scan`, before the file's own."""
        return scan(self.synapse, self.protocol, self.over, **{**self.options, **options})


def read(path: str | Path) -> StudyFile:
    """Read a study file.

    Parameters
    ----------
    path : path
        YAML; see the module's text. Files of waveforms are found from where it is.

    Raises
    ------
    StudyFileError
        Naming file, line, key, what is wrong, and the nearest valid key.
    """
    where = Path(path)
    try:
        text = where.read_text(encoding="utf-8")
    except OSError as why:
        raise StudyFileError(f"{where}: cannot be read ({why.strerror})") from None
    except UnicodeDecodeError:
        raise StudyFileError(f"{where}: is no text in UTF-8") from None
    return _Reader(where, text).study()


def count(over: Mapping[str, list[Any] | str] | list[Mapping[str, Any]]) -> int:
    """Return how many points there are, without making them."""
    if isinstance(over, list):
        return len(over)
    values = {n: spaced(v, what=f"over[{n!r}]") if isinstance(v, str) else v for n, v in over.items()}
    return math.prod(map(len, values.values()))


def _parts(
    over: Mapping[str, list[Any] | str] | list[Mapping[str, Any]],
) -> Iterator[Mapping[str, list[Any] | str] | list[Mapping[str, Any]]]:
    """Yield grids that have every value of `over` between them; a small one is its own only part."""
    if isinstance(over, list) or count(over) <= MOST:
        yield over
        return
    first = {name: each if isinstance(each, str) else each[:1] for name, each in over.items()}
    yield from ({**first, name: each} for name, each in over.items())


class _Reader:
    """A study file while it is read; every value knows its line."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as why:
            mark = getattr(why, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            said = getattr(why, "problem", None) or str(why).splitlines()[0]
            raise StudyFileError(
                f"{path}{line}: is no YAML: {said}; texts with : or # go in quotes"
            ) from None
        if not isinstance(node, yaml.MappingNode):
            raise StudyFileError(f"{path}: holds no keys; a study begins with 'format: {FORMAT}'")
        self.top = node

    def study(self) -> StudyFile:
        keys = self._mapping(self.top, "", None)
        self._check_format(keys.get("format"))
        keys = self._mapping(self.top, "", _KEYS)
        for needed in ("synapse", "over"):
            if needed not in keys:
                raise StudyFileError(f"{self.path}: lacks the key {needed!r}")
        if "protocol" in keys and "waveform" in keys:
            raise self._error(keys["waveform"], "waveform", "give protocol or waveform, not both")
        found = StudyFile(
            self.path,
            self._text(keys["title"], "title") if "title" in keys else "",
            self._synapse(keys["synapse"]),
            self._stimulus(keys),
            self._over(keys["over"]),
            self._options(keys),
        )
        self._check(found, keys)
        return found

    def _options(self, keys: Mapping[str, yaml.Node]) -> dict[str, Any]:
        texts = ("until", "engine", "time_limit")
        options: dict[str, Any] = {n: self._option(keys[n], n) for n in texts if n in keys}
        if "rtol" in keys:
            options["rtol"] = self._number(keys["rtol"], "rtol")
        if "readouts" in keys:
            options["readouts"] = self._texts(keys["readouts"], "readouts")
        return options

    def _check(self, found: StudyFile, keys: Mapping[str, yaml.Node]) -> None:
        """Refuse what a scan would refuse, and say on which line; its size is for whoever runs it."""
        try:
            for part in _parts(found.over):
                planned(found.synapse, found.protocol, part, **found.options, most=sys.maxsize)
        except KinapticError as why:
            raise self._error(self._culprit(str(why), found, keys), "", str(why)) from None

    def _culprit(self, said: str, found: StudyFile, keys: Mapping[str, yaml.Node]) -> yaml.Node:
        """Return what a message is about: of all that it may be, what is quoted in it."""
        places = [(f"{name}=", keys[name]) for name in found.options]
        places += [(f"unknown {name}", keys[name]) for name in ("engine",) if name in keys]
        places += [("readout ", keys[name]) for name in ("readouts",) if name in keys]
        for point in keys["over"].value:
            for name, node in [point] if isinstance(point, tuple) else point.value:
                key = self._value(name)
                places += [(f"over[{key!r}]", node), (f"key of over {key!r}", name), (f"({key}=…)", node)]
        near = [node for text, node in places if text in said]
        quoted = [node for node in near if isinstance(node, yaml.ScalarNode) and repr(node.value) in said]
        return (quoted or near or [keys["over"]])[0]

    def _check_format(self, node: yaml.Node | None) -> None:
        if node is None:
            raise StudyFileError(
                f"{self.path}: does not say which format it is in; begin it with 'format: {FORMAT}'"
            )
        found = self._value(node)
        if found != FORMAT or isinstance(found, bool):
            raise self._error(
                node,
                "format",
                f"{found!r} is that of another version of Kinaptic; this one ({__version__}) reads {FORMAT}",
            )

    # ---- What the keys mean
    def _synapse(self, node: yaml.Node) -> Synapse:
        if isinstance(node, yaml.ScalarNode):
            with self._at(node, "synapse"):
                return Synapse.preset(self._text(node, "synapse"))
        keys = self._mapping(node, "synapse", _SYNAPSE)
        if "preset" not in keys:
            raise self._error(node, "synapse", "lacks the key 'preset'")
        settings: dict[str, Any] = {}
        if "set" in keys:
            settings = {
                n: self._option(each, n)
                for n, each in self._mapping(keys["set"], "synapse.set", None).items()
            }
        with self._at(keys.get("set", keys["preset"]), "synapse"):
            made = Synapse.preset(self._text(keys["preset"], "synapse.preset"), **settings)
        if "also" in keys:
            with self._at(keys["also"], "synapse.also"):
                made = made.also(*self._texts(keys["also"], "synapse.also"))
        for name in self._texts(keys["without"], "synapse.without") if "without" in keys else ():
            with self._at(keys["without"], "synapse.without"):
                made = made.without(name)
        if "with" in keys:
            with self._at(keys["with"], "synapse.with"):
                made = made.with_(*calls.perturbations(self._text(keys["with"], "synapse.with")))
        return made

    def _stimulus(self, keys: Mapping[str, yaml.Node]) -> Stimulus:
        if "waveform" in keys:
            given = self._mapping(keys["waveform"], "waveform", _WAVEFORM)
            if "file" not in given:
                raise self._error(keys["waveform"], "waveform", "lacks the key 'file'")
            options = {
                name: self._text(node, f"waveform.{name}") for name, node in given.items() if name != "file"
            }
            with self._at(keys["waveform"], "waveform"):
                file = self.path.parent / self._text(given["file"], "waveform.file")
                return Waveform.read(file, **options)  # type: ignore[arg-type]
        if "protocol" not in keys:
            return None
        return self._protocol(keys["protocol"], "protocol")

    def _protocol(self, node: yaml.Node, key: str) -> Stimulus:
        text = self._text(node, key)
        if text.lower() in calls.UNTOUCHED:
            return None
        with self._at(node, key):
            return calls.protocol(text)

    def _over(self, node: yaml.Node) -> Mapping[str, list[Any] | str] | list[Mapping[str, Any]]:
        if isinstance(node, yaml.SequenceNode):
            return [
                {name: self._point(name, each) for name, each in self._mapping(point, "over", None).items()}
                for point in node.value
            ]
        found: dict[str, list[Any] | str] = {}
        for name, values in self._mapping(node, "over", None).items():
            if isinstance(values, yaml.SequenceNode):
                found[name] = [self._point(name, each) for each in values.value]
            else:
                text = str(self._value(values))
                if RANGE not in text:
                    raise self._error(
                        values, f"over.{name}", f"is not a list; write [{text}], or a range: 1 Hz .. 10 Hz"
                    )
                found[name] = text
        return found

    def _point(self, name: str, node: yaml.Node) -> Any:
        key = f"over.{name}"
        if name == "genotype":
            with self._at(node, key):
                return calls.perturbations(self._text(node, key)) or None
        if name == "protocol":
            return self._protocol(node, key)
        if name == "drug":
            text = self._text(node, key)
            if text.lower() in calls.UNTOUCHED:
                return None
            if "(" in text:
                with self._at(node, key):
                    found = calls.perturbations(text)
                if any(each.source for each in found):
                    raise self._error(node, key, f"{text}: a condition has no doses; it is a genotype")
                if len(found) != 1:
                    raise self._error(node, key, f"{text}: give one; several together are a genotype")
                return found[0]
            return text
        return self._text(node, key) if name in NAMED else self._option(node, key)

    # ---- Values and where they stand
    def _mapping(self, node: yaml.Node, key: str, known: tuple[str, ...] | None) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, key, f"has no keys of its own; it takes {', '.join(known or ('keys',))}")
        found: dict[str, yaml.Node] = {}
        for name_node, value in node.value:
            name = str(self._value(name_node))
            if name in found:
                raise self._error(name_node, name, "is there twice; keep one")
            if known is not None and name not in known:
                raise self._error(
                    name_node, "", str(UnknownName(f"key{f' of {key}' if key else ''}", name, known))
                )
            found[name] = value
        return found

    def _texts(self, node: yaml.Node, key: str) -> list[str]:
        if isinstance(node, yaml.ScalarNode):
            return [self._text(node, key)]
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, key, "is not a list of texts")
        return [self._text(each, key) for each in node.value]

    def _text(self, node: yaml.Node, key: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null"):
            raise self._error(node, key, "is not a text")
        return str(node.value)

    def _option(self, node: yaml.Node, key: str) -> Any:
        """Return a number, or the text of a quantity."""
        found = self._value(node)
        if not isinstance(found, str | int | float) or isinstance(found, bool):
            raise self._error(node, key, f"{found!r} is neither a number nor a quantity such as '10 ms'")
        return found

    def _number(self, node: yaml.Node, key: str) -> float:
        """Return a number; ``1e-6`` is a text to YAML, which asks for a point."""
        text = self._text(node, key)
        try:
            return float(text)
        except ValueError:
            raise self._error(node, key, f"{text!r} is not a number") from None

    def _value(self, node: yaml.Node) -> Any:
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError) as why:  # a date that is none
            raise self._error(node, "", f"cannot be read: {getattr(why, 'problem', why)}") from None
        finally:
            loader.dispose()

    @contextmanager
    def _at(self, node: yaml.Node, key: str) -> Iterator[None]:
        """Say where, of what is wrong inside."""
        try:
            yield
        except StudyFileError:
            raise
        except KinapticError as why:
            raise self._error(node, key, str(why)) from None

    def _error(self, node: yaml.Node, key: str, why: str) -> StudyFileError:
        named = f"{key}: " if key else ""
        return StudyFileError(f"{self.path}, line {node.start_mark.line + 1}: {named}{why}")
