"""How the cost of a Jacobian grows with the numbers of inputs and outputs and with the length of
the function: the experiment behind `admodes scale`.

Families of functions (families.py), or a user's own, are swept over n with m fixed, over m with n
fixed, and over the length with both fixed. At each size the operations of f, of forward and reverse
mode, of the symbolic derivative, of finite differences and of the complex step are counted exactly,
and each is timed beside f. Theory stands beside them: n forward sweeps, m reverse sweeps, and the
bound of 4 to 5 on cost(gradient)/cost(f) (W. Baur and V. Strassen, The complexity of partial
derivatives, 1983; A. Griewank and A. Walther, Evaluating Derivatives, 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from admodes.errors import BadValue
from admodes.lab.experiments.estimates import refusals
from admodes.lab.experiments.plans import Sizes, Sweep, plan
from admodes.lab.experiments.running import Point, Show, run_points
from admodes.lab.experiments.scaling_points import Experiment, Measurement
from admodes.lab.experiments.scaling_result import SCHEMA, Scaling
from admodes.lab.experiments.store import Store
from admodes.lab.timing import machine

ROUNDS = 5


def scale(
    sizes: Sizes | None = None,
    repeats: int | None = ROUNDS,
    functions: Sequence[Any] | None = None,
    *,
    results: str | Path | None = None,
    executor: Executor | None = None,
    workers: int = 1,
    width: Callable[[], int] | None = None,
    limit: float | None = 60.0,
    show: Show | None = None,
    command: str = "",
) -> Scaling:
    """Count and time f and the ways of having its Jacobian while n, m and the length vary.

    sizes: values that each of n, m and length takes, as [2, 4, 8] for all or {"n": [2, 4, 8]} for
    what is to be varied; one value alone beside others is fixed at it. repeats: rounds of timing,
    in each of which f and the other take their turn; None: no times. functions: names of families
    ("speelpenning", "dense", "mlp", "runge-kutta", "stencil", "small-network"; all unless given),
    and functions of your own that take sizes and return (function, arguments).

    results: a file that points are kept in as they come, and taken from when it is there; what was
    interrupted goes on with the same call. executor: what runs the points (a
    concurrent.futures.Executor; width tells how many at a time); workers: how many processes,
    without one. Points that are timed run alone. limit: seconds for each point. show: is told of
    progress.

    A function that fails, gives nan or takes too long is a word in its cell. Raises ValueError for
    unknown families, for sizes that are no whole numbers from 1, where all sizes would take more
    memory than there is, and for a results file that is none; OSError where it cannot be written.

    >>> result = scale({"n": [4, 16]}, repeats=1, functions=["speelpenning"])
    >>> result.experiments[0].points[1].totals["forward"]
    720
    >>> result.experiments[0].points[1].operations["forward"]
    {'additions': 240, 'multiplications': 480}
    >>> round(result.experiments[0].slopes()["exact"]["forward"], 6)
    1.0
    """
    if repeats is not None and repeats < 1:
        raise BadValue(f"repeats is {repeats}, and must be at least 1")
    sweeps = plan(functions, sizes)
    refused = {id(sweep): refusals(sweep, limit=limit) for sweep in sweeps}
    if all(len(refused[id(sweep)]) == len(sweep.values) for sweep in sweeps):
        raise BadValue(next(iter(refused[id(sweeps[0])].values())))
    cells: dict[tuple[int, int], dict[str, Point]] = {
        (k, value): sweep.points(value, repeats)
        for k, sweep in enumerate(sweeps)
        for value in sweep.values
        if value not in refused[id(sweep)]
    }
    points = [point for cell in cells.values() for point in cell.values()]
    with Store(results, SCHEMA, "scaling", command) as store:
        places: dict[str, Any] = {"executor": executor, "workers": workers, "width": width}
        records = iter(run_points(points, store, limit=limit, show=show, **places))
        notes = list(store.notes)
    found = {at: {what: next(records) for what in cell} for at, cell in cells.items()}
    experiments = [
        Experiment(
            *(sweep.subject.name, sweep.subject.title, sweep.varied, dict(sweep.fixed)),
            [_measurement(sweep, v, found.get((k, v)), refused[id(sweep)]) for v in sweep.values],
        )
        for k, sweep in enumerate(sweeps)
    ]
    return Scaling(machine(), repeats, experiments, notes)


def _measurement(
    sweep: Sweep, value: int, records: dict[str, Any] | None, refused: dict[int, str]
) -> Measurement:
    if records is None:
        reason = refused[value]
        records = {w: {"status": "refused", "reason": reason} for w in sweep.points(value, None)}
    return Measurement(sweep.sizes(value), value, records)
