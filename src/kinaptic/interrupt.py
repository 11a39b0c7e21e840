"""Ctrl-C that is heard at once, although the simulator does not listen while it computes.

libroadrunner keeps Python's lock for as long as it integrates or compiles, so a signal would wait
for seconds. The command therefore runs in a child process, and the parent, which does nothing but
wait, ends it. Where there is no fork (Windows) the command runs as it is, and Ctrl-C is heard at
the next pause between spikes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended
_SIGNALS = tuple(s for n in ("SIGINT", "SIGTERM", "SIGHUP") if (s := getattr(signal, n, None)))
_GRACE = 0.3  # s for the child to end by itself


class _Stop(BaseException):
    def __init__(self, number: int) -> None:
        self.number = number


def run(command: Callable[[], int]) -> int:
    """Run `command` so that Ctrl-C ends it within a second; return its exit code.

    Parameters
    ----------
    command : callable
        Returns an exit code; what it prints is printed as usual.
    """
    if not hasattr(os, "fork"):
        return command()
    sys.stdout.flush()
    sys.stderr.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # until each side is ready for them
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends this process
        signal.signal(signal.SIGTERM, _leave)  # which ends the processes that it started
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        _exit(command)
    return _wait(child)


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _exit(command: Callable[[], int]) -> None:
    code = 1
    try:
        code = command()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # a defect: shown as Python shows it
        sys.excepthook(*sys.exc_info())
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:  # the reader has gone
            code = code or 1
        os._exit(code)


def _wait(child: int) -> int:
    def stop(number: int, _frame: FrameType | None) -> None:
        raise _Stop(number)

    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        _, status = os.waitpid(child, 0)
    except _Stop as stopped:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _end(child)
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h\r\x1b[2K")  # the cursor, which a progress bar hides
        if stopped.number == signal.SIGINT:
            sys.stderr.write("Stopped by Ctrl-C.\n")
            return INTERRUPTED
        return 128 + stopped.number
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        sys.stderr.write(
            f"The simulator's process ended by {name}; there is no result. Please report this.\n"
        )
        return 128 + os.WTERMSIG(status)
    return os.waitstatus_to_exitcode(status)


def _end(child: int) -> None:
    import time

    os.kill(child, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
