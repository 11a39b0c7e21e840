"""A process beside this one, for what may crash: documents of others, and their simulation.

libSBML and libroadrunner end the process on some malformed documents, and a child takes that blow. It
is started at the first call, serves one call after another, and is replaced when it dies.
`multiprocessing` is not used: it refuses children to the daemonic workers of Dask, and runs the
user's script again in each. The other end is `kinaptic.sbml.foreign.child`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from kinaptic.errors import SimulationFailed, TimeLimit

T = TypeVar("T")

_START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from kinaptic.sbml.foreign import child; child.serve()"
)
# Models are small, others compute beside, and each thread of OpenBLAS takes of the address space.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_PATIENCE = 5.0  # s for a process that has closed its pipe to be gone
_MEANING = {
    "SIGABRT": "it gave up, as libraries do that get no more memory or find their data damaged",
    "SIGKILL": "something ended it from outside, as systems do that run out of memory",
    "SIGSEGV": "a crash inside of libSBML or libRoadRunner",
    "SIGBUS": "a crash inside of libSBML or libRoadRunner",
}


def call(function: Callable[..., T], *args: object, time_limit: float | None = None) -> T:
    """Return what a function returns, computed in the child process.

    Parameters
    ----------
    function : callable
        Of a module that can be imported; it and its arguments are pickled. What it prints, or warns
        of, is dropped.
    *args : object
        Its arguments.
    time_limit : float, optional
        Wall-clock seconds until the child is ended.

    Raises
    ------
    TimeLimit
        If the time limit was exceeded.
    SimulationFailed
        If the child crashed, ran out of memory, or could not be started.
    Exception
        What the function raised; a `KinapticError` keeps its class and its message.
    """
    succeeded, answer = _child.ask(pickle.dumps((function, args)), time_limit)
    if succeeded:
        result: T = answer
        return result
    if isinstance(answer, BaseException):
        raise answer
    kind, message = answer
    raise kind.__new__(kind, message)  # not by its __init__, which may ask for more than a message


class _Child:
    """The process, if there is one, and the two pipes to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: bytes, time_limit: float | None) -> tuple[bool, Any]:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self.end()
                self._start()
            with self._deadline(time_limit) as late:
                try:
                    return self._exchange(request)
                except EOFError:
                    code = self._code()
            if late.is_set():
                raise TimeLimit(f"stopped: over the time limit of {time_limit:g} s")
            raise SimulationFailed(_obituary(code))

    def _start(self) -> None:
        try:
            # stdout is the pipe for answers; -P keeps the modules of the current folder out
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ONE_THREAD},
            )
            self._exchange(sys.path)
        except (OSError, EOFError) as why:
            self.end()
            raise SimulationFailed(
                "models of others run in a process of their own, and it cannot be started with the Python "
                f"{sys.executable!r} ({why or 'it ended at once'})"
            ) from None

    def _exchange(self, message: object) -> tuple[bool, Any]:
        """Send a message and return the answer; EOFError if the child has died."""
        assert self._process is not None  # noqa: S101
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None  # noqa: S101
        assert answers is not None  # noqa: S101
        try:
            pickle.dump(message, requests)
            requests.flush()
            answer: tuple[bool, Any] = pickle.load(answers)  # noqa: S301 - from our own child
        except (OSError, EOFError, pickle.UnpicklingError):  # no message, or half of one
            raise EOFError from None
        except BaseException:  # Ctrl-C: nobody waits for the answer, and the next call must not find it
            self.end()
            raise
        return answer

    @contextlib.contextmanager
    def _deadline(self, time_limit: float | None) -> Iterator[threading.Event]:
        """End the process after so many seconds; the event tells that it was."""
        late = threading.Event()
        process = self._process
        if time_limit is None or process is None:
            yield late
            return

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(time_limit, stop)
        timer.daemon = True
        timer.start()
        try:
            yield late
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():  # perhaps at the last moment: the answer is here, the child is gone
                self.end()

    def _code(self) -> int | None:
        """Return how a process that no longer answers ended."""
        process = self._process
        if process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
        code = process.poll()
        self.end()
        return code

    def end(self) -> None:
        """End the process, whatever it is at."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was not sent has no reader any more
                if pipe is not None:
                    pipe.close()
        process.wait()

    def forget(self) -> None:
        """Let go of a process that belongs to the one this process was forked from."""
        process, self._process, self._lock = self._process, None, threading.Lock()
        if process is None:
            return
        process.returncode = 0  # it is not ours to wait for
        nothing = os.open(os.devnull, os.O_RDWR)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not pipe.closed:  # not closed here: half a message may stand in it
                os.dup2(nothing, pipe.fileno(), inheritable=False)
        os.close(nothing)


_child = _Child()
atexit.register(_child.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_child.forget)


def _obituary(code: int | None) -> str:
    """Return what happened to a child, in words."""
    how = f"exit code {code}"
    if code is not None and code < 0:
        name = next((each.name for each in signal.Signals if each == -code), f"signal {-code}")
        how = f"{name} ({_MEANING.get(name, 'a signal')})"
    return (
        f"the process that runs models of others ended without a result, by {how}; this program goes on. "
        "The model is likely to be malformed, or larger than the tools bear: look at it with another tool"
    )
