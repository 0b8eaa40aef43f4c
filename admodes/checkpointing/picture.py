"""A binomial schedule as a picture: the state over the number of evaluations so far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from admodes.lab.plot import COLOURS, FORMATS, matplotlib_parts
from admodes.views.files import write_atomically

if TYPE_CHECKING:
    from admodes.checkpointing.report import Revolve

Segment = tuple[tuple[float, float], tuple[float, float]]
"""A line from (evaluations, state) to (evaluations, state)."""


def picture(revolve: Revolve, path: str | Path) -> Path:
    """Draw a schedule into path, which appears whole or not at all."""
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise ValueError(f"{path}: a picture is written as {', '.join('.' + f for f in FORMATS)}")
    matplotlib, figure_class = matplotlib_parts()
    # Neither a date nor random names in the file: the same schedule gives the same bytes.
    settings = {"svg.hashsalt": "admodes", "svg.fonttype": "none", "font.size": 10}
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with matplotlib.rc_context(settings):
        figure = figure_class(figsize=(8.4, 5.2), layout="constrained")
        _drawn(figure.subplots(), revolve)
        return write_atomically(
            path, lambda p: figure.savefig(p, format=kind, dpi=150, metadata=metadata)
        )


def lines(revolve: Revolve) -> dict[str, list[Segment]]:
    """The lines of the picture: advances, reversed steps, and the lives of the snapshots, from
    being stored to being read for the last time."""
    found: dict[str, list[Segment]] = {"advance": [], "reverse": [], "snapshot": []}
    clock = 0
    lives: dict[int | None, list[int]] = {}

    def end(slot: int | None) -> None:
        if slot in lives:
            state, born, read = lives.pop(slot)
            found["snapshot"].append(((born, state), (read, state)))

    for action in revolve.actions:
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


def _drawn(ax: Any, revolve: Revolve) -> None:
    from matplotlib.collections import LineCollection

    parts = lines(revolve)
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
    r = revolve
    ax.set_title(
        f"n = {r.n}, snapshots = {r.snapshots}: {r.advances} advances, "
        f"at most {r.repetition} of each step",
        fontsize=11,
    )
    ax.grid(True, color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(loc="upper right", frameon=False)
