"""A page in headless Chromium, without a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

PATIENCE = 180_000
"""Milliseconds after which a test fails that waits for the browser; a busy machine is slow."""

SIZES = {"desk": (1280, 800), "phone": (390, 844)}


def why_not() -> str:
    """Why there is no browser here; empty where there is one."""
    if CHROMIUM is None:
        return "Chromium is not installed"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed: pip install 'admodes[browser]'"
    return ""


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        flags = FLAGS if os.geteuid() == 0 else FLAGS[1:]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A tab in which pages are opened one after the other, with what went wrong in it. One tab for
    many pages spares the processes that a new one takes."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context(offline=True)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("dialog", lambda d: (self.errors.append(d.message), d.dismiss()))

    def open(self, path: Path, size: str, scheme: str, motion: str) -> Tab:
        """Open a page in a window of a size."""
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        self.page.goto(path.as_uri())
        return self

    @property
    def state(self) -> dict[str, Any]:
        """What the page says of itself."""
        return dict(self.page.evaluate("admodes.state()"))

    def press(self, key: str, times: int = 1) -> None:
        """Press a key so many times, as the page's own events, which is quicker than the
        keyboard's."""
        self.page.evaluate(
            """([key, times]) => {
              for (let i = 0; i < times; i++) {
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
              }
            }""",
            [key, times],
        )

    def to_end(self) -> None:
        """Go to the last step, and let the page draw it."""
        self.press("End")
        self.settle()

    def choose(self, preset: str) -> None:
        """Lay the tables out as a preset does."""
        self.page.evaluate(
            """(preset) => {
              const all = [...document.querySelectorAll(".switches option")];
              const option = all.find((x) => x.textContent === preset);
              const select = option.closest("select");
              select.value = option.value;
              select.dispatchEvent(new Event("change", { bubbles: true }));
            }""",
            preset,
        )
        self.settle()

    def settle(self) -> None:
        """Wait until the page has drawn what it knows."""
        self.page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")

    def figures(self) -> dict[tuple, list[str]]:
        """The texts of all figures that are shown, by what they are."""
        listed = self.page.eval_on_selector_all(
            "[data-figure]",
            """(all) => all.map((x) => [
                 [x.dataset.figure, x.dataset.row ?? null, x.dataset.of, x.dataset.wrt ?? null],
                 x.textContent])""",
        )
        made: dict[tuple, list[str]] = {}
        for key, text in listed:
            made.setdefault(tuple(key), []).append(text)
        return made
