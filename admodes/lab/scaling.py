"""How the cost of a Jacobian grows with the number of inputs and outputs: the experiment behind
`admodes scale`.

Two functions, written in scalar operations:

- Speelpenning's product y = x1 x2 … xn (B. Speelpenning, PhD thesis, Illinois 1980), m = 1;
- a dense map y = C sin(B sin(A x)) from n inputs to m outputs through two hidden layers of fixed
  width, so that every output depends on every input and most of the work is shared by all outputs.
  (With nothing to share, as in y_j = sin(a_j · x), the map is m separate functions: each reverse
  sweep visits one m-th of the list, and the number of outputs would not matter.)

For each size the operations are counted exactly, and f, the forward-mode and the reverse-mode
Jacobian are timed. Theory stands beside them: n forward sweeps, m reverse sweeps, and the bound of
4 to 5 on cost(gradient)/cost(f) (W. Baur and V. Strassen, The complexity of partial derivatives,
1983; A. Griewank and A. Walther, Evaluating Derivatives, 2008).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from admodes.derivatives.gradients import jacobian
from admodes.errors import BadValue
from admodes.lab.scaling_result import TIMED, Experiment, Measurement, Scaling
from admodes.lab.timing import Timing, interleaved, machine
from admodes.ops.trigonometric import sin
from admodes.programs.count import count

SIZES = (2, 4, 8, 16, 32, 64)
MAX_SIZE = 4096
"""Beyond it the n forward sweeps over a list that grows with n take hours."""

FIXED_INPUTS = 8
FIXED_OUTPUTS = 4
HIDDEN = 16


def speelpenning(x: Sequence[Any]) -> Any:
    """x1 x2 … xn from left to right, without a leading 1.

    >>> speelpenning([2.0, 3.0, 4.0])
    24.0
    """
    product = x[0]
    for factor in x[1:]:
        product = product * factor
    return product


def dense(n: int, m: int, hidden: int = HIDDEN, sine: Callable[[Any], Any] = sin) -> Callable:
    """The dense map R^n → R^m, y = C sin(B sin(A x)), with fixed coefficients.

    It takes a sequence of n numbers, and returns a list of m. sine is what computes the sine: the
    default takes carriers and numbers, `math.sin` numbers only, as fast as Python can.

    >>> [round(y, 6) for y in dense(3, 2)([0.1, 0.2, 0.3])]
    [0.052692, 0.03678]
    """
    a, b, c = _matrix(hidden, n, 1), _matrix(hidden, hidden, 2), _matrix(m, hidden, 3)

    def dense_map(x: Sequence[Any]) -> list[Any]:
        first = [sine(_dot(row, x)) for row in a]
        second = [sine(_dot(row, first)) for row in b]
        return [_dot(row, second) for row in c]

    return dense_map


def _matrix(rows: int, columns: int, layer: int) -> list[list[float]]:
    """Coefficients without pattern, none of them 0 or ±1, small enough that sines do not wrap."""
    return [
        [math.sin((i + 1) * (j + 2) + 10 * layer) / math.sqrt(columns) for j in range(columns)]
        for i in range(rows)
    ]


def _dot(row: Sequence[float], x: Sequence[Any]) -> Any:
    total = row[0] * x[0]
    for a, b in zip(row[1:], x[1:], strict=True):
        total = total + a * b
    return total


def scale(
    sizes: Sequence[int] = SIZES,
    repeats: int = 15,
    functions: Sequence[str] = ("speelpenning", "dense"),
) -> Scaling:
    """Count and time f and its Jacobian in both modes while n, and then m, takes the given sizes.

    repeats: rounds of timing, in each of which everything takes its turn. functions: "speelpenning"
    (n varies, m = 1) and "dense" (n varies at m = 4, m varies at n = 8).

    Raises ValueError for sizes that are not whole numbers from 1 to MAX_SIZE, for repeats below 1,
    and for unknown functions.

    >>> result = scale(sizes=[4, 16], repeats=1, functions=["speelpenning"])
    >>> result.experiments[0].points[1].totals
    {'f': 15, 'partials': 0, 'forward': 720, 'reverse': 30}
    >>> result.experiments[0].points[1].counts["forward"]
    {'additions': 240, 'multiplications': 480}
    """
    sizes = sorted(set(sizes))
    if not sizes or not all(isinstance(k, int) and k >= 1 for k in sizes):
        raise BadValue(f"sizes {sizes}: give whole numbers from 1, such as [2, 4, 8]")
    if sizes[-1] > MAX_SIZE:
        raise BadValue(f"sizes: {sizes[-1]} is too large; the limit is {MAX_SIZE}")
    if repeats < 1:
        raise BadValue(f"repeats is {repeats}, and must be at least 1")
    plans = []
    for name in functions:
        if name not in _PLANS:
            raise BadValue(f"function {name!r} is unknown; choose from {', '.join(_PLANS)}")
        plans += list(_PLANS[name](sizes))
    if not plans:
        raise BadValue(f"functions is empty; choose from {', '.join(_PLANS)}")
    # All experiments are timed in the same rounds, so that their curves may be compared as well.
    jobs = {
        (title, n, m, part): job
        for _, title, _, _, cases in plans
        for n, m, f, plain in cases
        for part, job in _jobs(f, plain, _place(n)).items()
    }
    times = interleaved(jobs, repeats)
    experiments = [
        Experiment(
            name,
            title,
            varied,
            fixed,
            [
                _point(n, m, f, {part: times[title, n, m, part] for part in TIMED})
                for n, m, f, _ in cases
            ],
        )
        for name, title, varied, fixed, cases in plans
    ]
    return Scaling(machine(), repeats, experiments)


Case = tuple[int, int, Callable, Callable]
"""n, m, f, and f as fast as plain Python can on floats."""

Plan = tuple[str, str, str, dict[str, int], list[Case]]
"""Name of the function, title, what varies, what is fixed, the sizes."""


def _speelpenning_plan(sizes: Sequence[int]) -> Iterator[Plan]:
    cases: list[Case] = [(n, 1, speelpenning, speelpenning) for n in sizes]
    yield "speelpenning", "Speelpenning's product", "n", {"m": 1}, cases


def _dense_plan(sizes: Sequence[int]) -> Iterator[Plan]:
    def case(n: int, m: int) -> Case:
        return n, m, dense(n, m), dense(n, m, sine=math.sin)

    more_inputs = [case(n, FIXED_OUTPUTS) for n in sizes]
    more_outputs = [case(FIXED_INPUTS, m) for m in sizes]
    yield "dense", "Dense map, more inputs", "n", {"m": FIXED_OUTPUTS}, more_inputs
    yield "dense", "Dense map, more outputs", "m", {"n": FIXED_INPUTS}, more_outputs


_PLANS = {"speelpenning": _speelpenning_plan, "dense": _dense_plan}


def _place(n: int) -> list[float]:
    """Where f is taken: numbers about 1, so that a long product neither overflows nor dies out."""
    return [1.0 + 0.5 * math.sin(1.0 + i) for i in range(n)]


def _jobs(f: Callable, plain: Callable, x: list[float]) -> dict[str, Callable[[], object]]:
    """What is timed. The inputs are a list of floats, one carrier each, so that the times are those
    of the scalar operations that are counted, and not of indexing into arrays."""
    forward, reverse = jacobian(f, mode="forward"), jacobian(f, mode="reverse")
    return {"f": lambda: plain(x), "forward": lambda: forward(x), "reverse": lambda: reverse(x)}


def _point(n: int, m: int, f: Callable, times: dict[str, Timing]) -> Measurement:
    found = count(f, _place(n))
    counts = {"f": found.f, "partials": found.partials, **found.totals}
    return Measurement(n, m, found.length, counts, times)
