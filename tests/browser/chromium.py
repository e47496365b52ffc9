"""A real Chromium: found, started, and watched for what goes wrong in a page."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

REQUIRED = "FLOWTAG_REQUIRE_BROWSER"
_PATIENCE_SECONDS = 20
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: CI runs as root. No GPU: there is none. Nothing of the browser's own on the network.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
)


def chromium_path() -> str | None:
    """Where Chromium is installed; None if it is not."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def is_required() -> bool:
    """Whether tests must fail, not be skipped, without it."""
    return os.environ.get(REQUIRED) == "1"


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Starts it, and ends it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page, and what went wrong in it.

    Attributes:
        page: the page.
        errors: exceptions and errors that the page or its policy told of.
        requests: addresses of all that was asked for.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Watched]:
    """A page of a fresh context of its own."""
    settings: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}
    context = browser.new_context(**(settings | options))
    try:
        yield _watched(context)
    finally:
        context.close()


def wait_until(page: Page, expression: str) -> None:
    """Waits until a JavaScript expression holds; Playwright's own way is stopped by the policy."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(f"never came true: {expression}")
        page.wait_for_timeout(20)


def _watched(context: BrowserContext) -> Watched:
    watched = Watched(context.new_page())

    def told(message: ConsoleMessage) -> None:
        # A picture or a video that is not there is news for the page, which deals with it.
        if message.type == "error" and "Failed to load resource" not in message.text:
            watched.errors.append(message.text)

    watched.page.on("console", told)
    watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
    watched.page.on("request", lambda request: watched.requests.append(request.url))
    watched.page.set_default_timeout(20_000)
    return watched
