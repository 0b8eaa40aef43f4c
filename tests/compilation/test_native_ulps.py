"""What ad.compile(f, backend="llvm", exact=True) gives beside NumPy, operation by operation: within
the units in the last place that exact=True leaves between kernels, on numbers and on arrays, in
double and in single precision, with the derivatives."""

import itertools

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="the llvm back end needs llvmlite")

from kernel_bounds import apart, ulps
from magnitudes import FEW, MAGNITUDES, THREE, signed
from seeds import generator

import admodes as ad
from admodes.compilation.llvm.lowerings import ENTRIES, NUMBERS
from admodes.core.op import REGISTRY, UNLISTED

KNOWN = REGISTRY | UNLISTED
LOGIC = ("both", "either", "differ", "opposite")
NAMES = sorted(
    {op.name for op in KNOWN.values() if op.elementwise and not op.custom}
    | {*ENTRIES, *NUMBERS} - {"copy"}
)
EDGES = [-0.0, np.inf, -np.inf, np.nan]
KINDS = {
    "numbers": (float, False),
    "arrays": (np.float64, True),
    "single numbers": (np.float32, False),
    "single arrays": (np.float32, True),
}


def points(arity, dtype):
    """Edges and magnitudes, then points of all signs and sizes, as that dtype has them."""
    rng = generator(arity)
    edges = [*signed((MAGNITUDES, FEW, THREE)[arity - 1]), *EDGES]
    ends = list(itertools.product(edges, repeat=arity))
    chosen = [ends[k] for k in rng.permutation(len(ends))[:150]]
    near = [*rng.uniform(-1, 1, (60, arity)), *rng.normal(0.0, 4.0, (60, arity))]
    far = [*rng.uniform(-750, 750, (30, arity)), *10.0 ** rng.uniform(-12, 6, (60, arity))]
    with np.errstate(over="ignore"):
        return np.array([*chosen, *near, *far]).astype(dtype)


def functions(op):
    """The operation and its partials, by the orders that the bounds know. Of what occurs in
    derivatives alone the value is a partial already."""

    def f(*xs):
        if op.name in LOGIC:
            xs = [x > 0.5 for x in xs]
        if op.name == "where":
            xs = [xs[0] > 0.5, *xs[1:]]
        y = op(*xs)
        return ad.where(y, 2.0, 3.0) if op.is_test else y

    yield (), f
    active = [i for i in range(op.arity) if op.active(i)] if op.name in REGISTRY else []
    for i in active:
        yield (i,), ad.grad(lambda *xs: np.sum(f(*xs)), i)


def plainly(op, columns):
    """NumPy's or SciPy's own results."""
    with np.errstate(all="ignore"):
        if op.name in LOGIC:
            columns = [x > 0.5 for x in columns]
        if op.name == "where":
            columns = [columns[0] > 0.5, *columns[1:]]
        y = op.array(*columns)
        return np.where(y, 2.0, 3.0) if op.is_test else y


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_exact_native_results_are_within_the_stated_units_of_numpy(name, kind):
    op = KNOWN[name]
    dtype, as_arrays = KINDS[kind]
    at = points(op.arity, dtype)
    columns = tuple(np.ascontiguousarray(x) for x in at.T)
    every = list(functions(op))
    run = ad.compile(lambda *xs: [f(*xs) for _, f in every], backend="llvm", exact=True)
    found = run(*columns) if as_arrays else zip(*(run(*map(dtype, p)) for p in at), strict=True)
    for (orders, f), ys in zip(every, found, strict=True):
        wanted = f(*columns) if orders else plainly(op, columns)
        assert np.asarray(ys).dtype == wanted.dtype
        allowed = [apart(name, orders, p) for p in at.astype(float).tolist()]
        over = ulps(name, ys, wanted) - allowed
        k = int(np.argmax(over))
        assert over[k] <= 0, (orders, at[k], ys[k], wanted[k], over[k] + allowed[k])
