"""A browser for what is read in one. Without Chromium its tests are skipped, or fail where it is required."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[..., Page]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1280, "height": 900}


def _missing(what: str) -> None:
    if os.environ.get("KINAPTIC_BROWSER") == "required":
        pytest.fail(f"KINAPTIC_BROWSER=required, and {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a screen."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        _missing("no Chromium is on the PATH")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        _missing("playwright is not installed")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield made
        made.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Open a file as a page; at the end nothing may have been complained of, or asked of a network."""
    complaints: list[str] = []
    contexts = []

    def open_page(path: Path, **settings: Any) -> Page:
        context = browser.new_context(**{"viewport": WIDE, "offline": True, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", lambda request: complaints.append(f"request: {request.url}"))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    local = ("request: file:", "request: data:", "request: blob:")
    assert [each[:200] for each in complaints if not each.startswith(local)] == []
