"""The time of a derivative by each backend, in units of the function, as a picture: a point for
every function, and the median."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from admodes.lab.comparison_result import Row
from admodes.views.figures import COLOURS, light_frame, write_figure


def plot_ratios(backends: Mapping[str, Sequence[Row]], path: str | Path) -> Path:
    """Draw the times of all rows of each backend in units of f into path. Raises what write_figure
    raises."""
    return write_figure(path, "a plot", lambda figure_class: _figure(backends, figure_class))


def _figure(backends: Mapping[str, Sequence[Row]], figure_class: Any) -> Any:
    known = {
        name: [row.ratio_to_f for row in rows if row.ratio_to_f] for name, rows in backends.items()
    }
    known = {name: ratios for name, ratios in known.items() if ratios}
    figure = figure_class(figsize=(7.2, 1.2 + 0.32 * len(known)), layout="constrained")
    ax = figure.subplots()
    for at, ratios in enumerate(known.values()):
        ax.plot(ratios, [at] * len(ratios), "o", color=COLOURS["forward"], alpha=0.35, markersize=5)
        ax.plot(
            statistics.median(ratios), at, "|", color=COLOURS["reverse"], markersize=16, mew=2.5
        )
    ax.axvline(1, color=COLOURS["f"], linestyle=":", linewidth=1.2)
    ax.set_yticks(range(len(known)), list(known))
    ax.invert_yaxis()
    ax.semilogx()
    ax.set_xlabel("time of a derivative ÷ time of f (a point a function, a bar the median)")
    light_frame(ax)
    return figure
