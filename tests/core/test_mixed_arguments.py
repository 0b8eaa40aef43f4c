"""Arrays beside Python's numbers, NumPy's and columns, at edges too: what arrays give."""

from __future__ import annotations

import itertools
from importlib.util import find_spec

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

OPERATIONS = [
    op
    for op in {id(op): op for op in REGISTRY.values()}.values()
    if op.elementwise and op.arity > 1
]
KINDS = {
    "number": lambda v: v,
    "array": lambda v: np.array([v, 1.0]),
    "number of NumPy": np.float64,
    "column": lambda v: np.array([[v], [2.0]]),
}
VALUES = (0.0, -0.0, -1.0, np.inf, np.nan)


def alike(found, wanted):
    np.testing.assert_allclose(np.ravel(found), np.ravel(wanted), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_mixed_arguments_have_the_derivatives_of_arrays(op):
    def f(*args):
        return np.sum(op(*args))

    every = tuple(range(op.arity))
    few = VALUES if op.arity == 2 else VALUES[:2]
    for values in itertools.product(few, repeat=op.arity):
        for kinds in itertools.product(KINDS, repeat=op.arity):
            if not {"array", "column"} & set(kinds) or len(set(kinds)) == 1:
                continue
            args = tuple(KINDS[k](v) for k, v in zip(kinds, values, strict=True))
            arrays = tuple(map(np.atleast_1d, args))
            wanted = ad.grad(f, argnums=every)(*arrays)
            found = ad.grad(f, argnums=every)(*args)
            for k in every:
                alike(found[k], wanted[k])
                alone = ad.grad(lambda x, k=k: f(*args[:k], x, *args[k + 1 :]))
                alike(alone(args[k]), wanted[k])
            ones = tuple(np.ones_like(a, float)[()] for a in args)
            lined = tuple(map(np.atleast_1d, ones))
            for x, y in zip(ad.jvp(op, args, ones), ad.jvp(op, arrays, lined), strict=True):
                alike(x, y)


def test_an_array_by_a_number_that_is_zero():
    found = ad.grad(lambda a, y: np.sum(a / y), argnums=(0, 1))(np.array([1.0, 2.0]), 0.0)
    np.testing.assert_array_equal(found[0], np.inf)
    assert found[1] == -np.inf
    slope = ad.grad(lambda v: np.sum(v / np.sum(v)))(np.zeros(2))
    assert np.isnan(slope).all()


WHOLE = (-2, 0, 1, 3)
BACKENDS = ["interpreter", "numpy", *(["llvm"] if find_spec("llvmlite") else [])]


def interpreted(f, x):
    """The value of f at a number, as each interpreter gives it."""
    yield "forward", ad.jvp(f, (x,), (1.0,))[0]
    yield "reverse", ad.vjp(f, x)[0]
    yield "nested", ad.jvp(lambda t: ad.vjp(f, t)[0], (x,), (1.0,))[0]
    yield "Variable", ad.value(f(ad.Variable(x)))
    yield "record", ad.record(f, x)(x)
    for backend in BACKENDS:
        yield backend, ad.compile(f, backend=backend)(x)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_a_whole_number_beside_a_traced_number_gives_a_float(op):
    for k in range(op.arity):
        if not op.active(k):
            continue
        for others in itertools.product(WHOLE, repeat=op.arity - 1):
            for x in (0.5, -1.5):
                f = lambda t, k=k, others=others: op(*others[:k], t, *others[k:])  # noqa: E731
                wanted = op(*map(float, others[:k]), x, *map(float, others[k:]))
                for how, found in interpreted(f, x):
                    assert found.__class__ is float, (how, others, x, found)
                    np.testing.assert_equal(found, wanted, err_msg=f"{how} of {others}, {x}")


def test_the_larger_of_zero_and_a_traced_product_is_a_value_as_others_are():
    def f(x):
        v = np.maximum(0, np.array([1.0, 2.0]) @ x)
        return np.argmax(v) * v + np.sum(v)

    for x in (np.array([1.0, -2.0]), np.array([1.0, 2.0])):
        wanted = np.array([1.0, 2.0]) * (x[1] > 0)
        for mode in ("auto", "forward"):
            found = ad.sparse_jacobian(f, mode=mode)(x).toarray()
            np.testing.assert_array_equal(np.ravel(found), wanted)
