"""What one point of a scaling experiment measures: exact counts, or times beside those of f.

Ways of having a whole Jacobian, beside f itself:

- forward, reverse: n forward or m reverse sweeps, one by one (ad.jacobian puts many directions
  through one sweep together, whose time then says nothing of their number). Their operations are
  those of all sweeps; the partials are evaluated once and counted apart.
- symbolic: every entry as sympy differentiates it, without sharing, written out and compiled.
- finite differences: n + 1 calls of f, and a subtraction and a division for each entry.
- complex step: n calls of f at complex numbers, and a division for each entry. An operation on
  complex numbers is counted as one, and costs two to four on real ones.

Bytes are those that are live at once (ad.count): of one sweep, or of one call of f, whose numbers
are twice as long when they are complex.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from admodes.core.costs import total
from admodes.core.forward import jvp
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Ref, WengertList
from admodes.core.reverse import vjp
from admodes.lab.experiments.families import Case, Family, UserFamily
from admodes.lab.experiments.running import NotMeasurable
from admodes.lab.timing import interleaved, paired_ratio
from admodes.programs.count import count, counted

WAYS = ("f", "forward", "reverse", "symbolic", "finite_differences", "complex_step")
LARGEST = 20_000
"""Operations that a symbolic Jacobian may have when it is written out."""

STEP, COMPLEX_STEP = 2.0**-26, 1e-40
WRONG = 1e-3
"""How far a way may be off, relative to the largest entry, before its time says nothing."""

KINDS_OF_SYMPY = {"ADD": "additions", "SUB": "additions", "MUL": "multiplications"}
KINDS_OF_SYMPY |= {"DIV": "divisions", "POW": "powers", "NEG": "negations"}


def _case(subject: Family | UserFamily, sizes: Mapping[str, int]) -> Case:
    """The member of a family. Raises NotMeasurable where f is not finite there."""
    case = subject.case(sizes)
    for k, y in enumerate(_numbers(case.plain(*case.args)), 1):
        if not math.isfinite(y):
            raise NotMeasurable(f"f gives {y} at this point (output {k})")
    return case


def _numbers(tree: Any) -> list[float]:
    return [float(x) for leaf in flatten(tree)[0] for x in np.ravel(leaf)]


def exact(subject: Family | UserFamily, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Numbers of inputs and outputs, length of the list, and for each way but the symbolic one its
    operations by kind and its bytes."""
    case = _case(subject, sizes)
    c = count(case.traced, *case.args)
    n, m = c.sweeps["forward"], c.sweeps["reverse"]

    def calls(times: int, **more: int) -> dict[str, int]:
        return total([{kind: times * k for kind, k in c.f.items()}, more])

    operations = {
        "f": c.f,
        "partials": c.partials,
        **c.totals,
        "finite_differences": calls(n + 1, additions=n + n * m, divisions=n * m),
        "complex_step": calls(n, divisions=n * m),
    }
    own = c.memory["f"]
    taken = {**c.memory, "finite_differences": own + 8 * m, "complex_step": 2 * own}
    return {"n": n, "m": m, "length": c.length, "operations": operations, "bytes": taken}


def symbolic(subject: Family | UserFamily, sizes: Mapping[str, int]) -> dict[str, Any]:
    """The operations of the symbolic Jacobian by kind, as sympy counts them."""
    import sympy as sp

    found: list[dict[str, int]] = []
    for entry in _entries(_case(subject, sizes))[1]:
        terms = sp.count_ops(entry, visual=True).as_coefficients_dict()
        kinds = [(KINDS_OF_SYMPY.get(str(name), "functions"), int(k)) for name, k in terms.items()]
        found += [{kind: k} for kind, k in kinds]
    return {"operations": total(found)}


def _entries(case: Case) -> tuple[list, list]:
    """The symbols of the inputs and the entries of the symbolic Jacobian, row by row. Raises
    NotMeasurable where sympy has none, or where they are too long."""
    from admodes.symbolic.expressions import NoSymbolicForm, expressions, jacobian_matrix

    recorded = counted(case.traced, case.args)
    program = recorded.program
    if recorded.by_array:
        raise NotMeasurable("operations on whole matrices have no symbolic form here")
    largest = len(recorded.names) * _written_out(program)
    if largest > LARGEST:
        raise NotMeasurable(
            f"the entries, written out, would have about {_rough(largest)} operations, and no more "
            f"than {LARGEST} are tried"
        )
    try:
        return expressions(program).symbols, list(jacobian_matrix(program))
    except NoSymbolicForm as error:
        raise NotMeasurable(str(error)) from error


def _rough(k: int) -> str:
    return str(k) if k < 10**6 else f"10^{len(str(k)) - 1}"


def _written_out(program: WengertList) -> int:
    """The operations of all outputs where each is written out by itself."""
    sizes: list[int] = []
    for step in program.steps:
        parts = sum(sizes[a.row] for a in step.args if isinstance(a, Ref))
        sizes.append(parts + (step.op is not None))
    return sum(sizes[y.row] for y in program.outputs if isinstance(y, Ref))


def timed(
    subject: Family | UserFamily, sizes: Mapping[str, int], way: str, rounds: int
) -> dict[str, Any]:
    """Seconds of one way and of f, in turn within each round: samples, calls a round, and the ratio
    round by round (first quartile, median, third quartile).

    Raises NotMeasurable where the way gives what is not finite, or is far from forward mode.
    """
    case = _case(subject, sizes)
    jobs: dict[str, Callable[[], Any]] = {"f": lambda: case.plain(*case.args)}
    if way != "f":
        job = _job(case, way)
        _check(way, _numbers(job()), case)
        jobs[way] = job
    times = interleaved(jobs, rounds)
    return {
        "samples": {k: list(t.samples) for k, t in times.items()},
        "loops": {k: t.loops for k, t in times.items()},
        "ratio": paired_ratio(times[way], times["f"]),
    }


def _check(way: str, found: list[float], case: Case) -> None:
    wrong = next((x for x in found if not math.isfinite(x)), None)
    if wrong is not None:
        raise NotMeasurable(f"gives {wrong} in the Jacobian")
    if way in ("forward", "reverse"):
        return
    right = np.array(_numbers(_job(case, "forward")()))
    error = np.max(np.abs(np.array(found) - right), initial=0.0)
    error /= max(np.max(np.abs(right), initial=0.0), 1e-300)
    if error > WRONG:
        raise NotMeasurable(f"differs from forward mode by {error:.2g} of the largest entry")


def _job(case: Case, way: str) -> Callable[[], Any]:
    """What has the Jacobian, row by row."""
    if way == "forward":
        return lambda: _forward(case)
    if way == "reverse":
        return lambda: _reverse(case)
    if way == "symbolic":
        import sympy as sp

        symbols, entries = _entries(case)
        compiled = sp.lambdify(symbols, entries, modules="math")
        point = _numbers(list(case.args))
        return lambda: compiled(*point)
    if way == "complex_step":
        return lambda: _complex_step(case)
    return lambda: _differences(case)


def _forward(case: Case) -> list[list[float]]:
    """Column by column: a forward sweep for each input."""
    units = _units(list(case.args))
    return _rows([_outputs(jvp(case.traced, case.args, tuple(u))[1]) for u in units])


def _reverse(case: Case) -> list[list[float]]:
    """Row by row: a reverse sweep for each output."""
    y, pullback = vjp(case.traced, *case.args)
    return [_outputs(pullback(unit)) for unit in _units(y)]


def _units(tree: Any) -> Iterator[Any]:
    """Trees of this structure that are 1 in one component, in turn, and 0 elsewhere."""
    leaves, structure = flatten(tree)
    zeros = [np.zeros(x.shape) if isinstance(x, np.ndarray) else 0.0 for x in leaves]
    for k, zero in enumerate(zeros):
        for i in range(np.size(zero)):
            one: Any = 1.0
            if isinstance(zero, np.ndarray):
                one = zero.copy()
                one.flat[i] = 1.0
            yield unflatten(structure, [*zeros[:k], one, *zeros[k + 1 :]])


def _differences(case: Case) -> list[list[float]]:
    """The columns of the Jacobian: by forward differences."""
    base = _outputs(case.plain(*case.args))
    columns = []
    for args, h in _moved(case.args, lambda x: STEP * max(1.0, abs(x))):
        outputs = _outputs(case.plain(*args))
        columns.append([(y - b) / h for y, b in zip(outputs, base, strict=True)])
    return _rows(columns)


def _complex_step(case: Case) -> list[list[float]]:
    columns = []
    for args, h in _moved(case.args, lambda x: COMPLEX_STEP * 1j):
        columns.append([y.imag / h.imag for y in _outputs(case.complex(*args))])
    return _rows(columns)


def _rows(columns: list[list[float]]) -> list[list[float]]:
    return [list(row) for row in zip(*columns, strict=True)]


def _outputs(y: Any) -> list:
    return [
        x
        for leaf in flatten(y)[0]
        for x in (leaf.flat if isinstance(leaf, np.ndarray) else (leaf,))
    ]


def _moved(args: tuple, step: Callable[[float], Any]) -> Iterator[tuple[tuple, Any]]:
    """The arguments with each component in turn moved by a step, and the step."""
    leaves, tree = flatten(list(args))
    for k, leaf in enumerate(leaves):
        if not isinstance(leaf, np.ndarray):
            h = step(leaf)
            yield tuple(unflatten(tree, [*leaves[:k], leaf + h, *leaves[k + 1 :]])), h
            continue
        for i in range(leaf.size):
            h = step(leaf.flat[i])
            moved = leaf.astype(complex if isinstance(h, complex) else float)
            moved.flat[i] += h
            yield tuple(unflatten(tree, [*leaves[:k], moved, *leaves[k + 1 :]])), h
