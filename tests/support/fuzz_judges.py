"""What a random program must give in every interpreter, and who says so.

The value is NumPy's own, of the program on plain arguments. The derivative is the complex step's
(Squire and Trapp, SIAM Review 40, 1998) where every statement takes complex numbers, otherwise
differences of order six in float64 with two steps, which abstain where they disagree. At other
points, and with other captured values, compiled and recorded functions are compared with eager
evaluation and with NumPy.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from fuzz_programs import Program, Unfit, change, of_pythons_numbers, plain
from harness import difference

import admodes as ad
from admodes.core.pytree import flatten
from admodes.errors import LostDerivative

TOLERANCE = {8: 1e-9, 4: 2e-3, 2: 0.2}
"""By the item size of the smallest floats about, as part of the largest entry."""
STEP = 1e-30
MODES = ("forward", "reverse")
BACKENDS = ["interpreter", "numpy", *(["llvm"] if find_spec("llvmlite") else [])]


class Wrong(AssertionError):
    """An interpreter that differs, or raises where NumPy has a value."""


class Case(NamedTuple):
    """A program with what is right: the value, and the Jacobian by argument (None: unknown)."""

    program: Program
    args: tuple
    value: Any
    slopes: list[np.ndarray] | None
    tolerance: float
    k: int

    @property
    def every(self) -> tuple[int, ...]:
        return tuple(range(len(self.args)))


def case(p: Program, k: int) -> Case | None:
    """None where NumPy itself refuses the program, or gives nothing finite."""
    try:
        value = plain(p.function(), p.args)
        wide = plain(p.function(), tuple(map(_wide, p.args)))
    except Unfit:
        return None
    size = min([8, *(kind.itemsize for kind in p.small)])
    tolerance = TOLERANCE[size]
    if np.asarray(value).dtype.kind != "f" or not np.all(np.isfinite(value)):
        return None
    if not _near(value, wide, tolerance):
        return None
    slopes = None if p.real else _complex_step(p)
    if slopes is None:
        slopes, tolerance = _differences(p), max(tolerance, 1e-6)
    return Case(p, p.args, value, slopes, tolerance, k)


def _wide(a: Any) -> Any:
    return a if isinstance(a, float) and type(a) is float else np.asarray(a, float)[()]


def _entries(args: tuple) -> Iterator[tuple[int, Any]]:
    for i, a in enumerate(args):
        for at in np.ndindex(np.shape(a)):
            yield i, at


def _moved_one(args: tuple, i: int, at: Any, by: Any) -> tuple:
    """args with one entry moved; complex where `by` is."""
    lifted = [_lifted(a) if isinstance(by, complex) else a for a in args]
    if np.ndim(args[i]):
        lifted[i] = lifted[i].copy()
        lifted[i][at] += by
    else:
        lifted[i] = lifted[i] + by
    return tuple(lifted)


def _lifted(a: Any) -> Any:
    return complex(a) if type(a) is float else np.asarray(a, complex)[()]


def _complex_step(p: Program) -> list[np.ndarray] | None:
    f = p.function()
    columns: list[list] = [[] for _ in p.args]
    for i, at in _entries(p.args):
        try:
            y = plain(f, _moved_one(p.args, i, at, STEP * 1j))
        except Unfit:
            return None
        columns[i].append(np.ravel(np.imag(y)) / STEP)
    return [np.stack(c, axis=1) for c in columns]


def _differences(p: Program) -> list[np.ndarray] | None:
    f = p.function()
    args = tuple(map(_wide, p.args))
    columns: list[list] = [[] for _ in args]
    for i, at in _entries(args):

        def along(t: float) -> Any:
            return np.ravel(plain(f, _moved_one(args, i, at, float(t))))

        try:
            a, b = (difference(along, (0.0,), (1.0,), h=h) for h in (1e-3, 3e-4))
        except (Unfit, ValueError):
            return None
        if not _near(a, b, 1e-7):
            return None
        columns[i].append(a)
    return [np.stack(c, axis=1) for c in columns]


def _near(found: Any, wanted: Any, tolerance: float) -> bool:
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape:
        return False
    scale = 1.0 + float(np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted)))
    return np.allclose(found, wanted, rtol=tolerance, atol=tolerance * scale, equal_nan=True)


def _demand(found: Any, wanted: Any, tolerance: float, what: str) -> None:
    if not _near(found, wanted, tolerance):
        raise Wrong(f"{what}: {np.asarray(found).tolist()}, right is {np.asarray(wanted).tolist()}")


def _demand_value(c: Case, found: Any, what: str) -> None:
    _demand(found, c.value, min(c.tolerance, 1e-2), f"{what}, value")
    kind, wanted = np.asarray(found).dtype, np.asarray(c.value).dtype
    # A number of float64 is Python's own to ad, also where NumPy holds an np.float64: beside arrays
    # of smaller floats it is weak, beside smaller numbers it keeps its precision.
    if kind != wanted and not c.program.small:
        raise Wrong(f"{what}: dtype {kind}, NumPy's {wanted}")


def _matrices(jacobian: Any, args: tuple) -> list[np.ndarray]:
    return [
        np.reshape(j, (-1, max(np.size(a), 1)))
        for j, a in zip(flatten(jacobian)[0], args, strict=True)
    ]


def _demand_slopes(c: Case, jacobian: Any, what: str) -> None:
    for i, (j, a) in enumerate(zip(_matrices(jacobian, c.args), c.args, strict=True)):
        if c.slopes is not None:
            _demand(j, c.slopes[i], c.tolerance, f"{what}, derivative by argument {i}")
        kinds = {np.asarray(a).dtype, np.asarray(c.value).dtype}
        if j.dtype not in kinds and not c.program.small:
            raise Wrong(f"{what}: a derivative of dtype {j.dtype}")


# Interpreters: each raises Wrong, or what f raises.


def eager_forward(c: Case) -> None:
    f = c.program.function()
    ones = tuple(np.ones_like(a)[()] for a in c.args)
    _demand_value(c, ad.jvp(f, c.args, ones)[0], "eager forward")
    _demand_slopes(c, ad.jacobian(f, c.every, mode="forward")(*c.args), "eager forward")


def eager_reverse(c: Case) -> None:
    f = c.program.function()
    _demand_value(c, ad.vjp(f, *c.args)[0], "eager reverse")
    _demand_slopes(c, ad.jacobian(f, c.every, mode="reverse")(*c.args), "eager reverse")


def moved(args: tuple, by: float) -> tuple:
    return tuple(
        a + by if type(a) is float else (a + np.asarray(a).dtype.type(by))[()] for a in args
    )


def batches(c: Case) -> None:
    f = c.program.function()
    points = [c.args, moved(c.args, 0.37), moved(c.args, -0.61)]
    many = tuple(np.stack(x) for x in zip(*points, strict=True))
    rows = [tuple(x[k] for x in many) for k in range(3)]
    wanted = [plain(f, row) for row in rows]
    if len({np.shape(y) for y in wanted}) > 1:
        return
    found = ad.vmap(f)(*many)
    _demand(found, np.stack(wanted), c.tolerance, "vmap, value")
    slopes = ad.vmap(ad.jacobian(f, c.every, mode=MODES[c.k % 2]))(*many)
    for k in range(3):
        wanted = ad.jacobian(f, c.every, mode="reverse")(*rows[k])
        for i, (a, b) in enumerate(zip(slopes, wanted, strict=True)):
            _demand(a[k], b, c.tolerance, f"vmap, sample {k}, derivative by argument {i}")


def variables(c: Case) -> None:
    f = c.program.function()
    if not _near(of_pythons_numbers(f, c.args), c.value, 0.02):
        # The number in a Variable is Python's.
        return
    given = [ad.Variable(a) for a in c.args]
    y = f(*given)
    total = np.sum(y)
    if not isinstance(total, ad.Variable):
        return
    _demand_value(c, y.value, "Variable")
    total.backward()
    for i, x in enumerate(given):
        if c.slopes is not None and x.grad is not None:
            wanted = np.sum(c.slopes[i], axis=0)
            _demand(np.ravel(x.grad), wanted, c.tolerance, f"Variable, gradient {i}")


def programs(c: Case) -> None:
    f = c.program.function()
    p = ad.record(f, *c.args)
    _demand_value(c, p(*c.args), "record")
    _demand_slopes(c, ad.jacobian(p, c.every, mode=MODES[c.k % 2])(*c.args), "record")
    for by in (0.37, -0.61):
        there = moved(c.args, by)
        _demand(p(*there), plain(f, there), c.tolerance, f"record at {there}")


def compiled(backend: str) -> Callable[[Case], None]:
    def run(c: Case) -> None:
        f = c.program.function()
        slopes = ad.jacobian(f, c.every, mode=MODES[c.k % 2])
        both = ad.compile(lambda *xs: (f(*xs), slopes(*xs)), backend=backend, exact=c.k % 3 == 0)
        for again in ("at first", "again"):
            y, j = both(*c.args)
            _demand_value(c, y, f"{backend} {again}")
            _demand_slopes(c, j, f"{backend} {again}")
        elsewhere = moved(c.args, 0.37)
        for at in ("at another point", "with other captured values"):
            wanted = plain(f, elsewhere)
            y, j = both(*elsewhere)
            _demand(y, wanted, c.tolerance, f"{backend} {at}, value")
            for i, (a, b) in enumerate(zip(j, slopes(*elsewhere), strict=True)):
                _demand(a, b, c.tolerance, f"{backend} {at}, derivative by argument {i}")
            change(f.__globals__)

    run.__name__ = f"compiled, {backend}"
    return run


def sparse(mode: str) -> Callable[[Case], None]:
    def run(c: Case) -> None:
        arrays = [i for i, a in enumerate(c.args) if np.ndim(a) and a.dtype == float]
        if not arrays:
            return
        f, i = c.program.function(), arrays[c.k % len(arrays)]
        dense, found = ad.jacobian(f, i, mode="reverse"), ad.sparse_jacobian(f, i, mode=mode)
        shape = (np.size(c.value), np.size(c.args[i]))
        for at in ("at first", "again"):
            j = found(*c.args).toarray()
            if c.slopes is not None:
                _demand(j, c.slopes[i], c.tolerance, f"sparse {mode} {at}")
        elsewhere = moved(c.args, 0.37)
        for at in ("at another point", "with other captured values"):
            if np.shape(plain(f, elsewhere)) != np.shape(c.value):
                return
            j = found(*elsewhere).toarray()
            _demand(j, np.reshape(dense(*elsewhere), shape), c.tolerance, f"sparse {mode} {at}")
            change(f.__globals__)

    run.__name__ = f"sparse, {mode}"
    return run


def hessians(c: Case) -> None:
    """All four nestings against differences of the gradient."""
    chosen = [i for i, a in enumerate(c.args) if np.asarray(a).dtype == float]
    if not chosen or c.tolerance > 1e-5:
        return
    f, i = c.program.function(), chosen[c.k % len(chosen)]

    def loss(x: Any) -> Any:
        y = f(*c.args[:i], x, *c.args[i + 1 :])
        return np.sum(y * np.cos(np.arange(1.0, np.size(c.value) + 1)).reshape(np.shape(c.value)))

    x, gradient = c.args[i], ad.grad(loss)

    def column(at: Any, h: float) -> np.ndarray:
        along = lambda t: gradient(_moved_one((x,), 0, at, float(t))[0])  # noqa: E731
        return np.ravel(difference(along, (0.0,), (1.0,), h=h))

    tables = [
        np.stack([column(at, h) for at in np.ndindex(np.shape(x))], axis=-1) for h in (1e-3, 3e-4)
    ]
    known = _near(tables[0], tables[1], 1e-7)
    for a, b in itertools.product(MODES, repeat=2):
        found = ad.jacobian(ad.jacobian(loss, mode=b), mode=a)(x)
        if known:
            _demand(np.reshape(found, tables[0].shape), tables[0], 1e-6, f"Hessian, {a} over {b}")


ALWAYS = (eager_forward, eager_reverse)
IN_TURN = (
    batches,
    variables,
    programs,
    *map(compiled, BACKENDS),
    sparse("auto"),
    sparse("forward"),
    hessians,
)

REFUSED = (
    "changes an argument of the function, which is the caller's array",
    "differs between the samples of a batch",
    "recorded on another branch",
    "of a traced array changes entries that another traced array shares",
    "of a traced array would change a value that others were made from",
    "cannot write a traced value into a plain array",
    "takes a value of an inner derivative",
)
"""Parts of clear errors: there is no value, and the user is told what to write."""


class Refused(Exception):
    """An interpreter has said clearly that it has no value."""


def failure(c: Case, judge: Callable[[Case], None]) -> str | None:
    """What is wrong, None where nothing is. Raises Refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            judge(c)
        except Unfit:
            return None
        except Wrong as error:
            return str(error)
        except Exception as error:
            text = f"{judge.__name__}: {type(error).__name__}: {error}"
            if isinstance(error, LostDerivative) or any(part in text for part in REFUSED):
                raise Refused(text) from error
            return text
    return None
