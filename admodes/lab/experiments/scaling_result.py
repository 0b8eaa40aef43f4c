"""The result of a scaling experiment, as data, as tables and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from admodes.lab.experiments.measuring import WAYS
from admodes.lab.experiments.scaling_points import MODES, OTHERS, Experiment, Measurement
from admodes.lab.experiments.scaling_tables import all_tables, flat
from admodes.lab.timing import software_and_hardware
from admodes.programs.count import BOUND
from admodes.views.result import Result
from admodes.views.tables import Table

SCHEMA = "admodes.scaling/2"


@dataclass
class Scaling(Result):
    """What `scale` measured: counts and times of every experiment, and the machine they belong to.

    str() and to_table() give tables, to_dict() and to_json() everything, in full precision.
    """

    machine: dict[str, Any]
    rounds: int | None
    experiments: list[Experiment]
    notes: list[str] = field(default_factory=list)

    title = "How the cost of a Jacobian grows"

    def tables(self, format: str = "text") -> list[Table]:
        """Slopes, and for each experiment counts and times; for csv one table with one line a
        size."""
        if format == "csv":
            return [flat(self.experiments)]
        notes = list(self.notes)
        if self.rounds is not None:
            spread = f"medians of {self.rounds} rounds, ± half the range of quartiles"
            notes = [f"times: {spread}", *software_and_hardware(self.machine), *notes]
        return all_tables(self.experiments, self.rounds is not None, notes)

    def _data(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "machine": self.machine,
            "rounds": self.rounds,
            "bound": list(BOUND),
            "notes": self.notes,
            "experiments": [
                {
                    "function": e.function,
                    "title": e.title,
                    "varied": e.varied,
                    "fixed": e.fixed,
                    "slopes": e.slopes(),
                    "crossover": {kind: e.crossover(kind) for kind in ("exact", "measured")},
                    "seconds_per_operation": {m: e.seconds_per_operation(m) for m in MODES},
                    "points": [_point_data(e, p) for p in e.points],
                }
                for e in self.experiments
            ],
        }


def _point_data(e: Experiment, p: Measurement) -> dict[str, Any]:
    times = {way: time.to_dict() for way in WAYS if (time := p.time(way)) is not None}
    totals = p.totals
    return {
        "sizes": p.sizes,
        "n": p.inputs,
        "m": p.outputs,
        "length": p.length,
        "sweeps": {"forward": p.inputs, "reverse": p.outputs},
        "operations": {k: {**c, "total": totals[k]} for k, c in p.operations.items()},
        "totals": totals,
        "costs": p.costs,
        "ratios": {way: p.ratio(way) for way in OTHERS},
        "bytes": p.bytes,
        "bound": p.bound,
        "times": times,
        "time_ratios": {way: p.time_ratio(way) for way in OTHERS},
        "predicted": {mode: e.predicted(mode, p) for mode in MODES},
        "cells": p.cells(),
    }
