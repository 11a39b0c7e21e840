"""What runs in the process beside: what `kinaptic.sbml.foreign.worker` asks for, until that is gone."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback

from kinaptic.errors import KinapticError, SimulationFailed

MEMORY = 4 * 2**30  # bytes of address space: ten times what a large model takes; an exponential one takes all


def serve() -> None:
    """Answer requests on stdin, one after another, on what was stdout."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # SUNDIALS prints to stdout past Python
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C, and ends this process
    _limit_memory()
    _watch(answers.fileno())
    answer = pickle.dumps((True, None))  # ready
    while True:
        answers.write(answer)
        answers.flush()
        try:
            request = pickle.load(requests)  # noqa: S301 - from our own parent
        except EOFError:
            return
        answer = _answer(request)


def _answer(request: bytes) -> bytes:
    _mind_the_parent(working=True)
    try:
        function, args = pickle.loads(request)  # noqa: S301 - from our own parent
        return pickle.dumps((True, function(*args)))
    except KinapticError as why:  # some are made from more than their message
        return pickle.dumps((False, (type(why), str(why))))
    except MemoryError:
        message = f"the model asks for more than the {MEMORY / 2**30:g} GB of memory that it may have"
        return pickle.dumps((False, (SimulationFailed, message)))
    except RecursionError:
        return pickle.dumps((False, (SimulationFailed, "the model is nested deeper than can be followed")))
    except Exception as why:
        return _portable(why)
    finally:
        _mind_the_parent(working=False)


def _portable(why: Exception) -> bytes:
    """Return an exception as bytes; in words where it could not be read again, by its `__init__`."""
    why.add_note("in the process beside:\n" + "".join(traceback.format_exception(why)))
    try:
        found = pickle.dumps((False, why))
        pickle.loads(found)  # noqa: S301
    except Exception:
        return pickle.dumps((False, (SimulationFailed, f"{type(why).__name__}: {why}")))
    return found


def _limit_memory() -> None:
    if sys.platform == "linux":  # elsewhere the limit is not there, or not kept
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is expected, and its picture is of no use


def _watch(answers: int) -> None:
    """Have the system send SIGIO when the parent, at the other end of the pipe, is gone.

    The end of the requests would be seen after the work only, and so it would by a thread that looks:
    libroadrunner keeps Python's lock while it integrates.
    """
    if sys.platform != "win32":
        import fcntl

        _mind_the_parent(working=False)
        fcntl.fcntl(answers, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(answers, fcntl.F_SETFL, fcntl.fcntl(answers, fcntl.F_GETFL) | os.O_ASYNC)


def _mind_the_parent(*, working: bool) -> None:
    """Let SIGIO end this process while it works; between calls it says no more than that pipes are read."""
    if sys.platform != "win32":
        signal.signal(signal.SIGIO, signal.SIG_DFL if working else signal.SIG_IGN)
