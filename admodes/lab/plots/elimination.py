"""Multiplications by order of elimination as a picture: a line a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from admodes.views.figures import light_frame, write_figure

STYLES: dict[str, dict[str, Any]] = {
    "forward": {"color": "#0072B2", "marker": "o"},
    "reverse": {"color": "#D55E00", "marker": "s"},
    "markowitz": {"color": "#009E73", "marker": "^"},
    "optimum": {"color": "#000000", "marker": "|", "markersize": 14},
}


def plot_orders(costs: Mapping[str, Sequence[int | None]], path: str | Path) -> Path:
    """Draw what each order costs, by function, into path; costs are in the order of STYLES. Raises
    what write_figure raises."""
    return write_figure(path, "a plot", lambda figure_class: _figure(costs, figure_class))


def _figure(costs: Mapping[str, Sequence[int | None]], figure_class: Any) -> Any:
    figure = figure_class(figsize=(7.2, 1.4 + 0.28 * len(costs)), layout="constrained")
    ax = figure.subplots()
    names = list(costs)
    for k, (order, style) in enumerate(STYLES.items()):
        # Side by side where several orders cost the same.
        beside = 0.0 if order == "optimum" else 0.22 * (k - 1)
        known = [(costs[name][k], at + beside) for at, name in enumerate(names) if costs[name][k]]
        if known:
            style = {"markersize": 6, "linestyle": "", "label": order, **style}
            ax.plot(*zip(*known, strict=True), **style)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.semilogx()
    ticks = [1, 2, 4, 8, 16, 32, 64, 128]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    ax.set_xlabel("multiplications")
    light_frame(ax)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return figure
