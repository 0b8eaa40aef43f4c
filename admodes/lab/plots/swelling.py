"""Expression swell as a picture: operations over the size, a panel a family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from admodes.lab.swelling import FAMILIES, Swell
from admodes.views.figures import BLACK, COLOURS, SKY, light_frame, write_figure

STYLES = {
    "raw": {"color": COLOURS["symbolic"], "marker": "s", "label": "symbolic derivative"},
    "simplified": {"color": SKY, "marker": "v", "label": "simplified"},
    "cse": {"color": BLACK, "marker": "^", "label": "after cse"},
    "f": {"color": COLOURS["f"], "marker": "x", "linestyle": ":", "label": "formula of f"},
    "forward": {
        "color": COLOURS["forward"],
        "marker": "o",
        "linestyle": "--",
        "label": "AD, forward",
    },
    "reverse": {"color": COLOURS["reverse"], "marker": "d", "label": "AD, reverse"},
}


def plot_swell(swell: Swell, path: str | Path) -> Path:
    """Draw the operations of every family into path. Raises what write_figure raises."""
    return write_figure(path, "a plot", lambda figure_class: _figure(swell, figure_class))


def _figure(swell: Swell, figure_class: Any) -> Any:
    panels = len(swell.families)
    figure = figure_class(figsize=(max(4.4 * panels, 5.0), 4.6), layout="constrained")
    for ax, (name, points) in zip(
        figure.subplots(1, panels, squeeze=False)[0], swell.families.items(), strict=True
    ):
        for key, style in STYLES.items():
            kept = [(p["n"], p[key]) for p in points if p[key]]
            if kept:
                ax.plot(*zip(*kept, strict=True), markersize=5, linewidth=1.5, **style)
        ax.semilogy()
        ax.set_title(FAMILIES[name].title.capitalize(), fontsize=11)
        ax.set_xticks([p["n"] for p in points])
        ax.set_xlabel("n")
        ax.set_ylabel("operations (exact)")
        light_frame(ax)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure
