"""Figures of matplotlib as files: PNG, SVG or PDF by their extension, the same bytes from the same
data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from admodes.errors import BadValue, MissingPlots
from admodes.views.files import write_atomically

COLOURS = {
    "f": "#555555",
    "forward": "#0072B2",
    "reverse": "#D55E00",
    "symbolic": "#CC79A7",
    "finite_differences": "#009E73",
    "complex_step": "#E69F00",
}
"""The colour of the function and of each way of differentiating, in all figures: Okabe and Ito's,
which colour-blind readers tell apart; markers and dashes differ too."""

SKY, BLACK = "#56B4E9", "#000000"
"""Two more of theirs, for what is none of these or a variant of one."""

FORMATS = ("png", "svg", "pdf")

LARGE = 20
"""Inches of height from which a figure is a large one."""


def matplotlib_parts() -> tuple[Any, Any]:
    """matplotlib and its class Figure, or MissingPlots. Not pyplot, which keeps global state and
    may want a display."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPlots(
            "plots need matplotlib, which is not installed: pip install 'admodes[plots]'"
        ) from error
    return matplotlib, Figure


def write_figure(path: str | Path, what: str, make: Callable[[Any], Any]) -> Path:
    """Write the figure that make returns into path; what: how an error calls it ("a plot"). make is
    given matplotlib's class Figure.

    The file appears whole or not at all. Raises ValueError for another extension, MissingPlots (a
    RuntimeError) where matplotlib is not installed, OSError where path cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise BadValue(f"{path}: {what} is written as {', '.join('.' + f for f in FORMATS)}")
    matplotlib, figure_class = matplotlib_parts()
    # Neither a date nor random names in the file: the same data give the same bytes.
    settings = {"svg.hashsalt": "admodes", "svg.fonttype": "none", "font.size": 10}
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with matplotlib.rc_context(settings):
        figure = make(figure_class)
        return write_atomically(
            path, lambda p: figure.savefig(p, format=kind, dpi=_dpi(figure), metadata=metadata)
        )


def _dpi(figure: Any) -> int:
    """Dots per inch: fewer for a figure of many panels, which would be megabytes."""
    return 150 if figure.get_figheight() <= LARGE else 100


def light_frame(ax: Any) -> None:
    """Give axes a light grid behind the data, and no frame above and on the right."""
    ax.grid(True, color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
