"""How far a study is, on stderr: a bar on a terminal and in a notebook, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from kinaptic.errors import KinapticError

if TYPE_CHECKING:
    from rich.console import Console

    Callback = Callable[[int, int], None]  # points done, points in all

_EVERY = 10.0  # s between two plain lines; a study that is done by then prints none


class Report(Protocol):
    """Is told what was done."""

    def add(self, done: int, failed: int, *, kept: bool = False) -> None:
        """So many more points are done, of which so many failed; `kept`: they were done before."""
        ...

    def __enter__(self) -> Report: ...

    def __exit__(self, *why: object) -> None: ...


def report(progress: Callback | bool | None, total: int, what: str) -> Report:
    """Return who is to be told.

    Parameters
    ----------
    progress : callable or bool, optional
        A function of the points done and those in all; True or None for stderr, False for nobody.
    total : int
        Points in all.
    what : str
        What is done, in a word: ``"scan"``.

    Raises
    ------
    KinapticError
        If `progress` is none of these.
    """
    if progress is False:
        return _Called(lambda _done, _all: None, total)
    if callable(progress):
        return _Called(progress, total)
    if progress not in (None, True):
        raise KinapticError(f"progress={progress!r}: give True, False, or a function of done and total")
    from rich.console import Console

    console = Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
    return (
        _Bar(console, total, what)
        if console.is_terminal or console.is_jupyter
        else _Lines(console, total, what)
    )


class _Counts:
    """What every kind of report counts."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = self.failed = self.kept = 0

    def add(self, done: int, failed: int, *, kept: bool = False) -> None:
        self.done, self.failed = self.done + done, self.failed + failed
        if kept:
            self.kept += done
        if done:
            self.show()

    def show(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *why: object) -> None:
        pass


class _Called(_Counts):
    """A function of the user's."""

    def __init__(self, function: Callback, total: int) -> None:
        super().__init__(total)
        self._function = function

    def show(self) -> None:
        self._function(self.done, self.total)


class _Lines(_Counts):
    """A line now and then, for log files."""

    def __init__(
        self, console: Console, total: int, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(total)
        self._console, self._what, self._clock = console, what, clock
        self._began = self._said = clock()
        self._silent = True

    def show(self) -> None:
        now = self._clock()
        last = self.done == self.total
        if now - self._said >= _EVERY or (last and not self._silent):
            self._said, self._silent = now, False
            self._console.print(f"{self._what}: {self.text(now - self._began)}", soft_wrap=True)

    def text(self, seconds: float) -> str:
        ran = self.done - self.kept
        parts = [f"{self.done} of {self.total} done"]
        if self.kept:
            parts.append(f"{self.kept} of them before")
        parts.append(f"{self.failed} failed")
        if ran and seconds > 0:
            parts.append(rate_text(ran / seconds))
            if self.done < self.total:
                parts.append(f"{time_text((self.total - self.done) * seconds / ran)} left")
        return ", ".join(parts)


class _Bar(_Counts):
    """A bar that moves."""

    def __init__(self, console: Console, total: int, what: str) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        super().__init__(total)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[more]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task(what, total=total, more="")
        self._began = time.monotonic()

    def __enter__(self) -> Report:
        self._bar.start()
        return self

    def __exit__(self, *why: object) -> None:
        self._bar.stop()

    def show(self) -> None:
        ran, seconds = self.done - self.kept, time.monotonic() - self._began
        parts = [f"{self.failed} failed"] if self.failed else []
        if ran and seconds > 0:
            parts.append(rate_text(ran / seconds))
        self._bar.update(self._task, completed=self.done, more=", ".join(parts))


def rate_text(rate: float) -> str:
    """Write how many runs a second: ``"48/s"``, or a minute where they are slow."""
    return f"{rate:.3g} runs/s" if rate >= 1 else f"{60 * rate:.3g} runs/min"


def time_text(seconds: float) -> str:
    """Write how long: ``"42 s"``, ``"3 min 10 s"``, ``"2 h 5 min"``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
