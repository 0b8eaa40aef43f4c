"""A sparsity pattern as a picture by matplotlib: every entry in the color of the group whose sweep
computes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from admodes.views.figures import write_figure

CELLS = 60
"""Up to so many rows and columns entries are squares with lines between them."""

Entries = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Row, column and group of every entry."""


def draw(
    path: str | Path, shape: tuple[int, int], entries: Entries, sweeps: int, title: str
) -> Path:
    """Draw a pattern whose entries are of so many groups into path; raises what write_figure
    raises."""
    return write_figure(
        path, "a pattern", lambda figure_class: _figure(figure_class, shape, entries, sweeps, title)
    )


def _figure(
    figure_class: Any, shape: tuple[int, int], entries: Entries, sweeps: int, title: str
) -> Any:
    from matplotlib import colormaps

    m, n = shape
    row, column, group = entries
    width = float(np.clip(6.0 * np.sqrt(max(n, 1) / max(m, 1)), 3.0, 10.0))
    height = float(np.clip(width * max(m, 1) / max(n, 1), 1.5, 10.0))
    figure = figure_class(figsize=(width + 1.0, height + 1.2), layout="constrained")
    axes = figure.add_subplot()
    many = sweeps > 10
    palette = colormaps["turbo" if many else "tab10"]
    colors = palette(group / max(sweeps - 1, 1)) if many else palette(group)
    side = 72.0 * min(width / max(n, 1), height / max(m, 1))
    axes.scatter(
        column,
        row,
        s=max(0.85 * side, 1.0) ** 2,
        c=colors,
        marker="s",
        linewidths=0,
        rasterized=True,
    )
    axes.set(xlim=(-0.5, max(n, 1) - 0.5), ylim=(max(m, 1) - 0.5, -0.5), aspect="equal")
    if max(m, n) <= CELLS:
        axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(m + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="0.9", linewidth=0.5)
        axes.tick_params(which="minor", length=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("input")
    axes.set_ylabel("output")
    axes.set_title(title, fontsize=10)
    return figure
