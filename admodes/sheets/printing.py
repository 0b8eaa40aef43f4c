"""PDF documents: typeset by pdflatex, or printed by Chromium where there is no LaTeX."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from admodes.errors import BadValue, MissingProgram

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

QUIET = (
    *("--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""A browser that only prints: no window, no network, no line above and below the page."""

SECONDS = 120
"""After which a program is taken to hang."""


def pdf(document: Callable[[str], str]) -> bytes:
    """A document, given as its text in the format "latex" or "html", as a PDF.

    Raises MissingProgram where neither pdflatex nor a browser is installed, or none of them
    manages the document. BadValue from document says that it does not go in a format.
    """
    failures = []
    with tempfile.TemporaryDirectory(prefix="admodes-") as name:
        folder = Path(name)
        browser = next(filter(None, map(shutil.which, BROWSERS)), None)
        ways = ((shutil.which("pdflatex"), "latex", _typeset), (browser, "html", _printed))
        for program, format, make in ways:
            if program is None:
                continue
            try:
                return make(program, document(format), folder)
            except (OSError, subprocess.SubprocessError, BadValue, _Failed) as error:
                failures.append(f"{Path(program).name}: {error}")
    if failures:
        raise MissingProgram(f"no PDF came out: {'; '.join(failures)}")
    raise MissingProgram(
        "a PDF needs pdflatex (Debian: texlive-latex-recommended, texlive-pictures) or Chromium, "
        "and neither is installed: write .html, which every browser prints"
    )


class _Failed(Exception):
    """A program that ended without a PDF, and its last words."""


def _typeset(program: str, text: str, folder: Path) -> bytes:
    """The pages of a LaTeX document; twice, since long tables measure their columns first."""
    (folder / "sheet.tex").write_text(text, encoding="utf-8")
    options = ("-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape")
    for _ in range(2):
        said = _run([program, *options, "sheet.tex"], folder)
    return _made(folder / "sheet.pdf", next((x for x in said if x.startswith("!")), "no pages"))


def _printed(program: str, text: str, folder: Path) -> bytes:
    """The pages of an HTML document, as a browser prints them."""
    (folder / "sheet.html").write_text(text, encoding="utf-8")
    # Chromium refuses to start its sandbox for the administrator, as in a container.
    root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    profile, pages = f"--user-data-dir={folder / 'profile'}", folder / "sheet.pdf"
    options = (*QUIET, *root, profile, f"--print-to-pdf={pages}")
    said = _run([program, *options, (folder / "sheet.html").as_uri()], folder)
    return _made(pages, next(reversed(said), "no pages"))


def _run(command: list[str], folder: Path) -> list[str]:
    """The lines that a program says; what it leaves behind tells whether it managed."""
    ended = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    return ended.stdout.decode("utf-8", "replace").splitlines()


def _made(path: Path, otherwise: str) -> bytes:
    if not path.exists():
        raise _Failed(otherwise)
    return path.read_bytes()
