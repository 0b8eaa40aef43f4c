"""Errors over step sizes as a picture: the U of differences, and the floor of AD."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from admodes.lab.step_sizes import EPS, METHODS, MODES, StepErrors
from admodes.views.figures import BLACK, COLOURS, SKY, light_frame, write_figure

STYLES = {
    "forward": {
        "color": COLOURS["finite_differences"],
        "marker": "o",
        "label": "forward difference",
    },
    "central": {"color": SKY, "marker": "s", "label": "central difference"},
    "fourth_order": {"color": BLACK, "marker": "^", "label": "fourth-order difference"},
    "complex_step": {"color": COLOURS["complex_step"], "marker": "x", "label": "complex step"},
}
FLOOR = EPS / 8
"""Where an error of 0, which a logarithmic axis has no place for, is drawn."""


def plot_step_errors(functions: Sequence[StepErrors], path: str | Path) -> Path:
    """Draw the errors of one function, or the medians and quartiles of several, into path. Raises
    what write_figure raises."""
    return write_figure(path, "a plot", lambda figure_class: _figure(functions, figure_class))


def _figure(functions: Sequence[StepErrors], figure_class: Any) -> Any:
    figure = figure_class(figsize=(7.2, 4.8), layout="constrained")
    ax = figure.subplots()
    for method in METHODS:
        lines = [(p["step"], found) for p, found in _columns(functions, method)]
        if not lines:
            continue
        steps = [step for step, _ in lines]
        if len(functions) > 1:
            low, high = ([_quartile(errors, k) for _, errors in lines] for k in (0, 2))
            ax.fill_between(
                steps, low, high, color=STYLES[method]["color"], alpha=0.15, linewidth=0
            )
        middle = [statistics.median(errors) for _, errors in lines]
        ax.plot(steps, middle, markersize=4, linewidth=1.5, **STYLES[method])
    floor = max(_drawn(found.ad[mode]) for found in functions for mode in MODES)
    ax.axhline(floor, color=COLOURS["f"], linestyle="--", linewidth=1.2, label="AD, both modes")
    ax.loglog()
    ax.set_ylim(FLOOR / 2, 10)
    ax.invert_xaxis()
    ax.set_xlabel("step size")
    ax.set_ylabel("relative error of the Jacobian")
    one = functions[0].function
    ax.set_title(
        one if len(functions) == 1 else f"{len(functions)} functions: median and quartiles"
    )
    light_frame(ax)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def _columns(functions: Sequence[StepErrors], method: str) -> list[tuple[dict, list[float]]]:
    """Each point with the errors of a method in all functions that have one."""
    found = []
    for points in zip(*(f.points for f in functions), strict=True):
        errors = [_drawn(p[method]) for p in points if p[method] is not None]
        if errors:
            found.append((points[0], errors))
    return found


def _quartile(errors: list[float], k: int) -> float:
    return errors[0] if len(errors) == 1 else statistics.quantiles(errors, method="inclusive")[k]


def _drawn(error: float | None) -> float:
    return max(error or 0.0, FLOOR)
