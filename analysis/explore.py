"""`launch`: the page on which one moves sliders and sees what the synapse does, served on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from kinaptic.errors import KinapticError
from kinaptic.pathways.presets import preset as known_preset

HOST = "127.0.0.1"  # nobody else's machine sees the page
_PAGE = Path(__file__).with_name("explore_app.py")
_GRACE = 3.0  # s for the server to end by itself


def launch(preset: str = "ca1", port: int | None = None, open_browser: bool = True) -> None:
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    preset : str
        Which synapse it begins with.
    port : int, optional
        Of this machine, 1 to 65535; by default a free one.
    open_browser : bool
        Whether to open the page in the browser; its address is written to stderr anyway.

    Raises
    ------
    UnknownName
        If there is no such preset.
    KinapticError
        If marimo is not installed, the port is taken, or the server ends by itself.
    """
    known_preset(preset)
    if find_spec("marimo") is None:
        raise KinapticError("kinaptic explore needs marimo: pip install 'kinaptic[explore]'")
    chosen = _free(port)
    server = subprocess.Popen(
        _command(preset, chosen, open_browser),
        env={**os.environ, "MARIMO_SKIP_UPDATE_CHECK": "1"},
        stdin=subprocess.DEVNULL,  # or it would ask whether to stop
        start_new_session=True,  # Ctrl-C ends this process, which ends the server
    )
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        while server.poll() is None and not _answers(chosen):
            time.sleep(0.05)
        if server.poll() is None:
            sys.stderr.write(f"Kinaptic is at http://{HOST}:{chosen}; Ctrl-C ends it.\n")
        code = server.wait()
    except KeyboardInterrupt:
        return
    finally:
        _end(server)
        signal.signal(signal.SIGTERM, before)
    raise KinapticError(f"the page's server ended by itself, with exit code {code}; its message is above")


def _command(preset: str, port: int, open_browser: bool) -> list[str]:
    options = ["--host", HOST, "--port", str(port), "--no-sandbox", "--no-check"]
    options += [] if open_browser else ["--headless"]
    quiet = [sys.executable, "-m", "marimo", "--quiet"]
    return [*quiet, "run", *options, str(_PAGE), "--", "--preset", preset]


def _free(port: int | None) -> int:
    """Return `port`, or a free one for None; refuse one that is taken."""
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536):
        raise KinapticError(f"explore(port={port!r}): give a number from 1 to 65535, or none for a free one")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was just let go of is free
        try:
            probe.bind((HOST, port or 0))
        except OSError as why:
            raise KinapticError(
                f"explore(port={port}): cannot be served there ({why.strerror}); give another port, or none "
                "for a free one"
            ) from None
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(_GRACE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
