"""A binomial schedule as a picture by matplotlib: the state that the computation stands at, over
the number of evaluations so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from admodes.checkpointing.binomial import Action
from admodes.views.figures import COLOURS, light_frame, write_figure

Segment = tuple[tuple[float, float], tuple[float, float]]
"""A line from (evaluations, state) to (evaluations, state)."""


def picture(actions: Sequence[Action], title: str, path: str | Path) -> Path:
    """Draw a schedule into path; raises what write_figure raises."""

    def make(figure_class: Any) -> Any:
        figure = figure_class(figsize=(8.4, 5.2), layout="constrained")
        _drawn(figure.subplots(), lines(actions), title)
        return figure

    return write_figure(path, "a picture", make)


def lines(actions: Sequence[Action]) -> dict[str, list[Segment]]:
    """The lines of the picture: advances, reversed steps, and the lives of the snapshots, from
    being stored to being read for the last time."""
    found: dict[str, list[Segment]] = {"advance": [], "reverse": [], "snapshot": []}
    clock = 0
    lives: dict[int | None, list[int]] = {}

    def end(slot: int | None) -> None:
        if slot in lives:
            state, born, read = lives.pop(slot)
            found["snapshot"].append(((born, state), (read, state)))

    for action in actions:
        if action.kind == "store":
            end(action.slot)
            lives[action.slot] = [action.start, clock, clock]
        elif action.kind == "restore":
            lives[action.slot][2] = clock
        else:
            steps = action.stop - action.start
            found[action.kind].append(((clock, action.start), (clock + steps, action.stop)))
            clock += steps
    for slot in list(lives):
        end(slot)
    return found


def _drawn(ax: Any, parts: dict[str, list[Segment]], title: str) -> None:
    from matplotlib.collections import LineCollection

    styles: dict[str, dict[str, Any]] = {
        "snapshot": {"colors": "#999999", "linewidths": 1.0, "label": "snapshot kept"},
        "advance": {"colors": COLOURS["forward"], "linewidths": 1.4, "label": "advance"},
        "reverse": {"colors": COLOURS["reverse"], "linewidths": 2.6, "label": "recorded, swept"},
    }
    for kind, style in styles.items():
        ax.add_collection(LineCollection(parts[kind], **style))
    stored = [first for first, _ in parts["snapshot"]]
    if stored:
        ax.plot(*zip(*stored, strict=True), "o", color="#555555", markersize=3.5)
    ax.autoscale()
    ax.set_xlabel("evaluations of a step so far")
    ax.set_ylabel("state")
    ax.set_title(title, fontsize=11)
    light_frame(ax)
    ax.legend(loc="upper right", frameon=False)
