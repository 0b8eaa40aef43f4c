"""The result of the scaling experiment as a picture: counts above, times below, theory drawn in
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from admodes.lab.scaling_result import Experiment, Scaling
from admodes.lab.timing import describe
from admodes.views.figures import COLOURS, light_frame, write_figure

MARKERS = {"f": "^", "forward": "o", "reverse": "s"}
LABELS = {
    "f": "f",
    "forward": "Jacobian, forward mode",
    "reverse": "Jacobian, reverse mode",
}


def plot(scaling: Scaling, path: str | Path) -> Path:
    """Draw counts and times of a scaling experiment into path: PNG, SVG or PDF by its extension.
    Raises what write_figure raises."""
    return write_figure(path, "a plot", lambda figure_class: _figure(scaling, figure_class))


def _figure(scaling: Scaling, figure_class: Any) -> Any:
    columns = len(scaling.experiments)
    figure = figure_class(figsize=(max(4.2 * columns, 7.0), 8.4), layout="constrained")
    axes = figure.subplots(2, columns, squeeze=False, sharex="col", sharey="row")
    for k, e in enumerate(scaling.experiments):
        _counts(axes[0][k], e)
        _times(axes[1][k], e)
        axes[0][k].set_title(e.heading, fontsize=11)
        axes[1][k].set_xlabel("inputs n" if e.varied == "n" else "outputs m")
    axes[0][0].set_ylabel("operations (exact)")
    axes[1][0].set_ylabel(f"seconds (median and quartiles, {scaling.rounds} rounds)")
    _legend(figure, axes)
    figure.suptitle(
        f"How the cost of a Jacobian grows with inputs and outputs\n{describe(scaling.machine)}",
        fontsize=11,
    )
    return figure


def _legend(figure: Any, axes: Any) -> None:
    """One legend outside the panels, where it can cover no data."""
    found: dict[str, Any] = dict.fromkeys(LABELS.values())
    for panel in axes.flat:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            found[label] = handle
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=3, frameon=False)


def _xs(e: Experiment) -> list[int]:
    return [p.n if e.varied == "n" else p.m for p in e.points]


def _line(ax: Any, e: Experiment, ys: Sequence[float | None], **style: Any) -> None:
    """A curve over the sizes; what has no place on a logarithmic axis is left out."""
    kept = [(x, y) for x, y in zip(_xs(e), ys, strict=True) if y]
    if kept:
        ax.plot(*zip(*kept, strict=True), **style)


def _measured(part: str) -> dict[str, Any]:
    return {
        "color": COLOURS[part],
        "marker": MARKERS[part],
        "markersize": 5,
        "linewidth": 1.6,
        "label": LABELS[part],
    }


def _counts(ax: Any, e: Experiment) -> None:
    low, high = ([max(p.bound[k], 1) for p in e.points] for k in (0, 1))
    ax.fill_between(
        _xs(e),
        low,
        high,
        color=COLOURS["reverse"],
        alpha=0.25,
        linewidth=0,
        label="bound: m gradients, 4 to 5 × f each",
    )
    _line(
        ax,
        e,
        [p.n * p.totals["f"] for p in e.points],
        color=COLOURS["forward"],
        linestyle=":",
        linewidth=1.6,
        label="n forward sweeps: n × f",
    )
    for part in ("f", "forward", "reverse"):
        _line(ax, e, [p.costs[part] for p in e.points], **_measured(part))
    _dress(ax, e)


def _times(ax: Any, e: Experiment) -> None:
    for part in ("f", "forward", "reverse"):
        ax.fill_between(
            _xs(e),
            [p.times[part].lower for p in e.points],
            [p.times[part].upper for p in e.points],
            color=COLOURS[part],
            alpha=0.3,
            linewidth=0,
        )
        _line(ax, e, [p.times[part].median for p in e.points], **_measured(part))
    for mode in ("forward", "reverse"):
        _line(
            ax,
            e,
            [e.predicted(mode, p) for p in e.points],
            color=COLOURS[mode],
            linestyle="--",
            linewidth=1.2,
            label=f"theory, {mode}: exact count × a constant",
        )
    _dress(ax, e)


def _dress(ax: Any, e: Experiment) -> None:
    ax.semilogx(base=2)
    ax.semilogy()
    ax.set_xticks(_xs(e), [str(x) for x in _xs(e)])
    ax.minorticks_off()
    light_frame(ax)
