"""A graph as PNG: the SVG, rendered by resvg with fonts that matplotlib brings, so that a machine
without fonts gives the same bytes as any other."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

from admodes.drawing import svg
from admodes.drawing.parts import Diagram
from admodes.errors import MissingPackage

FONTS = ("STIXGeneral.ttf", "STIXGeneralItalic.ttf", "DejaVuSans.ttf")

MISSING = (
    "PNG needs resvg-py and the fonts of matplotlib: pip install 'admodes[draw]', or write SVG, "
    "which needs nothing"
)

ZOOM = 2.0
"""Pixels for each unit of the picture."""

MOST_PIXELS = 3e7
"""Larger pictures have fewer pixels for each unit."""


def write(diagram: Diagram) -> bytes:
    """The graph as the bytes of a PNG file. Raises MissingPackage (an ImportError) where what the
    extra draw installs is missing."""
    render, fonts = _parts()
    text, width, height = svg.written(diagram)
    zoom = min(ZOOM, math.sqrt(MOST_PIXELS / (width * height)))
    data: bytes = render(
        svg_string=text,
        font_files=[str(fonts / name) for name in FONTS],
        skip_system_fonts=True,
        serif_family="STIXGeneral",
        zoom=zoom,
    )
    return bytes(data)


def _parts() -> tuple[Any, Path]:
    """The renderer, and the folder of the fonts."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise MissingPackage(MISSING) from error
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is None or matplotlib.origin is None:
        raise MissingPackage(MISSING)
    return svg_to_bytes, Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf"
