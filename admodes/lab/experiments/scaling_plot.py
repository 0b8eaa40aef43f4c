"""The result of a scaling experiment as a picture: counts above, times below, theory drawn in both,
a column for each experiment; three columns a row of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from admodes.lab.experiments.scaling_points import MODES, Experiment
from admodes.lab.experiments.scaling_result import Scaling
from admodes.lab.timing import describe
from admodes.views.figures import COLOURS, light_frame, write_figure

STYLES: dict[str, dict[str, Any]] = {
    "f": {"color": COLOURS["f"], "marker": "^"},
    "forward": {"color": COLOURS["forward"], "marker": "o"},
    "reverse": {"color": COLOURS["reverse"], "marker": "s"},
    "symbolic": {"color": COLOURS["symbolic"], "marker": "*", "linestyle": (0, (1, 1))},
    "finite_differences": {
        "color": COLOURS["finite_differences"],
        "marker": "v",
        "linestyle": (0, (3, 1, 1, 1)),
    },
    "complex_step": {"color": COLOURS["complex_step"], "marker": "D", "linestyle": (0, (5, 1))},
}
LABELS = {
    "f": "f",
    "forward": "forward mode",
    "reverse": "reverse mode",
    "symbolic": "symbolic",
    "finite_differences": "finite differences",
    "complex_step": "complex step",
}
COLUMNS = 3


def plot(scaling: Scaling, path: str | Path) -> Path:
    """Draw counts and times of a scaling experiment into path: PNG, SVG or PDF by its extension.
    Raises what write_figure raises."""
    return write_figure(path, "a plot", lambda figure_class: _figure(scaling, figure_class))


def _figure(scaling: Scaling, figure_class: Any) -> Any:
    parts = 2 if scaling.rounds else 1
    columns = min(len(scaling.experiments), COLUMNS)
    bands = -(-len(scaling.experiments) // columns)
    size = (max(4.2 * columns, 7.0), 2.6 * parts * bands + 1.2)
    figure = figure_class(figsize=size, layout="constrained")
    axes = figure.subplots(parts * bands, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_visible(False)
    for k, e in enumerate(scaling.experiments):
        band, column = divmod(k, columns)
        panels = [axes[parts * band + part][column] for part in range(parts)]
        for panel, draw in zip(panels, (_counts, _times), strict=False):
            panel.set_visible(True)
            draw(panel, e)
            _dress(panel, e)
        panels[0].set_title(e.heading.replace(", more", ",\nmore"), fontsize=10)
        panels[-1].set_xlabel(e.varied)
        if column == 0:
            panels[0].set_ylabel("operations (exact)")
            panels[-1].set_ylabel("seconds (median, quartiles)" if parts == 2 else "operations")
    _legend(figure, axes)
    figure.suptitle(f"How the cost of a Jacobian grows\n{describe(scaling.machine)}", fontsize=11)
    return figure


def _legend(figure: Any, axes: Any) -> None:
    """One legend outside the panels, where it can cover no data."""
    entries: dict[str, Any] = {}
    for panel in axes.flat:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    figure.legend(
        entries.values(), entries.keys(), loc="outside lower center", ncols=3, frameon=False
    )


def _line(ax: Any, e: Experiment, ys: Sequence[float | None], **style: Any) -> None:
    """A curve over the sizes; what has no place on a logarithmic axis is left out."""
    kept = [(x, y) for x, y in zip(e.values, ys, strict=True) if y]
    if kept:
        ax.plot(*zip(*kept, strict=True), **style)


def _curve(way: str) -> dict[str, Any]:
    return {"linewidth": 1.6, "markersize": 5, "label": LABELS[way], **STYLES[way]}


def _counts(ax: Any, e: Experiment) -> None:
    known = [p for p in e.points if p.bound is not None]
    if known:
        low, high = ([max((p.bound or [1, 1])[k], 1) for p in known] for k in (0, 1))
        ax.fill_between(
            [p.value for p in known],
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
        [p.inputs and p.inputs * p.totals["f"] for p in e.points],
        color=COLOURS["forward"],
        linestyle=":",
        linewidth=1.6,
        label="n × f",
    )
    for way in STYLES:
        _line(ax, e, [p.costs.get(way) for p in e.points], **_curve(way))


def _times(ax: Any, e: Experiment) -> None:
    for way in STYLES:
        timed = [(p.value, t) for p in e.points if (t := p.time(way)) is not None]
        ax.fill_between(
            [x for x, _ in timed],
            [t.lower for _, t in timed],
            [t.upper for _, t in timed],
            color=STYLES[way]["color"],
            alpha=0.3,
            linewidth=0,
        )
        _line(ax, e, [p.seconds(way) for p in e.points], **_curve(way))
    for mode in MODES:
        _line(
            ax,
            e,
            [e.predicted(mode, p) for p in e.points],
            color=COLOURS[mode],
            linestyle="--",
            linewidth=1.2,
            label=f"theory, {mode}: exact count × a constant",
        )


def _dress(ax: Any, e: Experiment) -> None:
    ax.semilogx(base=2)
    ax.semilogy()
    ax.set_xticks(e.values, [str(x) for x in e.values])
    ax.minorticks_off()
    light_frame(ax)
