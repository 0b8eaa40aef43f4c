"""Multiplications by order of elimination as a picture: a line a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from admodes.views.figures import BLACK, COLOURS, SKY, light_frame, write_figure

STYLES: dict[str, dict[str, Any]] = {
    "forward": {"color": COLOURS["forward"], "marker": "o"},
    "reverse": {"color": COLOURS["reverse"], "marker": "s"},
    "markowitz": {"color": SKY, "marker": "^"},
    "optimum": {"color": BLACK, "marker": "|", "markersize": 14},
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
        known = [
            (cost, at + beside)
            for at, name in enumerate(names)
            if (cost := costs[name][k]) is not None
        ]
        if known:
            style = {"markersize": 6, "linestyle": "", "label": order, **style}
            ax.plot(*zip(*known, strict=True), **style)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    # From 1 on logarithmic, with a place for functions that need no multiplication.
    ax.set_xscale("symlog", base=2, linthresh=1)
    largest = max((c for row in costs.values() for c in row if c is not None), default=1)
    ticks = [0, *(2**k for k in range(max(largest - 1, 1).bit_length() + 1))]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.set_xlim(-0.4, 1.1 * ticks[-1])
    ax.minorticks_off()
    ax.set_xlabel("multiplications")
    light_frame(ax)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return figure
