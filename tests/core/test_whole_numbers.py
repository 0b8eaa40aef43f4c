"""Masks, counts and positions in compiled programs: what NumPy makes of them on plain arrays, in
value, dtype and derivative, by every interpreter. The reference is the same function on plain
arrays, and central differences of it away from its steps."""

from importlib.util import find_spec

import numpy as np
import pytest
from harness import OPS, sample_points

import admodes as ad
from admodes.errors import LostDerivative

X = np.array([0.7, -0.4, 2.1, 0.3])
TABLE = np.arange(20.0).reshape(4, 5)
COMPILED = ["interpreter", "numpy", *(["llvm"] if find_spec("llvmlite") else [])]


def ints(x):
    return (x > 0).astype(int)


FUNCTIONS = {
    "a mask as integers": lambda x: x * ints(x),
    "a mask as small integers": lambda x: x * (x > 0).astype(np.int8),
    "small integers that would wrap": lambda x: x * ((x > 0).astype(np.uint8) * 100.0 * 3),
    "a mask as float32": lambda x: x * (x > 0).astype(np.float32),
    "a count": lambda x: x * np.sum(x > 0),
    "a count along an axis": lambda x: x * np.sum(x[:, None] > x, axis=1),
    "a count in float": lambda x: x * np.sum(x > 0, dtype=float),
    "a count in int": lambda x: x * np.sum(x > 0, dtype=int),
    "count_nonzero": lambda x: x / np.count_nonzero(x > 0),
    "a running count": lambda x: x * np.cumsum(x > 0),
    "a running count as index": lambda x: x * TABLE[0][np.cumsum(x > 0) % 5],
    "a mean of truths": lambda x: x * np.mean(x > 0),
    "a deviation of truths": lambda x: x * np.std(x > 0),
    "a product of truths": lambda x: x * np.prod(x > -1),
    "the largest truth": lambda x: x * np.max(x > 0),
    "sorted truths": lambda x: x * np.sort(x > 0),
    "any": lambda x: x * np.any(x > 2),
    "any along an axis": lambda x: x * np.any(x[:, None] > x, axis=1),
    "all along an axis": lambda x: x * np.all(x[:, None] >= x, axis=0),
    "any that is kept": lambda x: np.sum(x * np.any(x[:, None] > x, axis=1, keepdims=True), axis=0),
    "any where": lambda x: x * np.any(x > 0, where=x > 1),
    "exclusive or": lambda x: x * ((x > 0) ^ (x > 1)),
    "exclusive or with True": lambda x: x * (True ^ (x > 1)),
    "exclusive or of bits": lambda x: x * (ints(x) ^ 3),
    "bits": lambda x: x * (ints(x) & 3 | 4),
    "not": lambda x: x * ~(x > 0),
    "not of bits": lambda x: x * ~ints(x),
    "or of masks": lambda x: x * ((x > 0) + (x > 1)),
    "and of masks": lambda x: x * ((x > 0) * (x < 1)),
    "a mask times one": lambda x: x * ((x > 0) * 1),
    "a mask plus one": lambda x: x * ((x > 0) + 1),
    "two minus a mask": lambda x: x * (2 - (x > 0)),
    "half a mask": lambda x: x * ((x > 0) / 2),
    "a mask squared": lambda x: x * (x > 0) ** 2,
    "the root of a mask": lambda x: x * np.sqrt(x > 0),
    "the root of a count": lambda x: x * np.sqrt(np.sum(x > 0)),
    "a mask times a vector": lambda x: x * ((x > 0) @ x),
    "a mask times a mask": lambda x: x * ((x > 0) @ (x > 1)),
    "an outer product of masks": lambda x: np.outer(x > 0, x > 1) @ x,
    "an einsum of masks": lambda x: x * np.einsum("i,i", x > 0, x > -1),
    "a stack of masks": lambda x: x * np.sum(np.stack([x > 0, x > 1]), axis=0),
    "a mask beside numbers": lambda x: np.concatenate([x > 0, x]),
    "choices of integers": lambda x: x * np.where(x > 0, 1, 0),
    "positions": lambda x: x * TABLE[0][np.argsort(x) + 1],
    "arithmetic of positions": lambda x: x * ((np.argsort(x) * 2 - 1) // 2 % 3),
    "minus positions": lambda x: x * -np.argsort(x),
    "the mean of positions": lambda x: x * np.mean(np.argsort(x)),
    "differences of positions": lambda x: x[1:] * np.diff(np.argsort(x)),
    "cells": lambda x: x * TABLE[0][np.floor(x).astype(int)],
    "cells that wrap": lambda x: x * TABLE[0][(np.floor(x).astype(int) + 1) % 4],
    "nearest cells": lambda x: x * TABLE[0][np.round(x).astype(int)],
    "the weight in a cell": lambda x: (x - np.floor(x).astype(int)) ** 2,
    "how often": lambda x: sum([x * x for _ in range(np.sum(x > 0))]),
    "take": lambda x: x * np.take(TABLE[0], ints(x)),
    "choose": lambda x: np.choose(ints(x), [x, 2 * x]),
    "bincount": lambda x: x * np.bincount(ints(x), minlength=4),
    "truth of numbers": lambda x: x * x.astype(bool),
}


def slopes(f, x, h=1e-6):
    columns = [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))]
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled_as_on_plain_arrays(name):
    f = FUNCTIONS[name]
    points = (X, -X[::-1], X)
    for backend in COMPILED:
        run = ad.compile(f, backend=backend)
        for x in points:
            wanted, found = f(x), run(x)
            assert found.dtype == wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=1e-14)
    for mode in ("forward", "reverse"):
        jacobian = ad.jacobian(f, mode=mode)
        for backend in COMPILED[1:]:
            run = ad.compile(jacobian, backend=backend)
            for x in points:
                np.testing.assert_allclose(run(x), slopes(f, x), rtol=1e-7, atol=1e-7)
                np.testing.assert_allclose(jacobian(x), slopes(f, x), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", [k for k in FUNCTIONS if "kept" not in k])
def test_sparse_as_on_plain_arrays(name):
    pytest.importorskip("scipy")
    f = FUNCTIONS[name]
    for mode in ("auto", "forward"):
        jacobian = ad.sparse_jacobian(f, mode=mode)
        for x in (X, -X[::-1], X):
            np.testing.assert_allclose(jacobian(x).toarray(), slopes(f, x), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("op", [op for op in OPS if op.elementwise], ids=lambda op: op.name)
def test_operations_of_masks_and_counts(op):
    """As factors, beside numbers and alone: the value on the same numbers as floats."""
    points = sample_points(op)[:4]
    columns = [np.array(column) for column in zip(*points, strict=True)]
    for k in range(op.arity):
        low, high = op.domain.intervals[min(k, len(op.domain.intervals) - 1)]
        if not low <= 1.0 <= high:
            continue
        for whole in (lambda x: x > -5, lambda x: (x > -5).astype(int)):

            def f(x, k=k, whole=whole):
                return x * op(*(whole(x) if i == k else c for i, c in enumerate(columns)))

            one = [np.ones(4) if i == k else c for i, c in enumerate(columns)]
            wanted = op(*one)
            for backend in COMPILED[1:]:
                if op.arity > 1:
                    found = ad.compile(f, backend=backend)(X)
                    assert found.dtype == float
                    np.testing.assert_allclose(found, X * wanted, rtol=1e-13)
                    found = ad.compile(ad.jacobian(f), backend=backend)(X)
                    np.testing.assert_allclose(found, np.diag(wanted), rtol=1e-13)
                try:
                    alone = X * op(*(whole(X) for _ in columns))
                except TypeError:
                    continue
                found = ad.compile(
                    lambda x, whole=whole: x * op(*(whole(x) for _ in columns)), backend=backend
                )(X)
                assert found.dtype == float
                np.testing.assert_allclose(found, alone, rtol=1e-13)


def test_whole_numbers_of_what_is_differentiated_are_refused_and_recorded():
    f = FUNCTIONS["cells"]
    np.testing.assert_allclose(ad.compile(lambda x: TABLE[0][x.astype(int)])(X), [0, 0, 2, 0])
    assert ad.compile(lambda x: x * int(x))(2.5) == 5.0
    assert ad.vmap(lambda x: x * (x > 0).astype(int))(X).tolist() == [0.7, 0.0, 2.1, 0.3]
    for derivative in (
        ad.jacobian(lambda x: x * x.astype(int)),
        ad.grad(lambda x: x[0] * int(x[0])),
    ):
        for run in (derivative, ad.compile(derivative)):
            with pytest.raises(LostDerivative):
                run(X)
    program = ad.record(lambda x: x * x.astype(int), X)
    np.testing.assert_allclose(program(X), X * X.astype(int))
    for mode in ("forward", "reverse"):
        with pytest.raises(LostDerivative, match="astype"):
            ad.jacobian(program, mode=mode)(X)
    assert f(X).dtype == float


def test_a_number_of_less_precision_beside_a_traced_one():
    """A traced number is a float64, as np.sum gives it, so that 1e39 is in range."""
    half, tenth = np.float32(0.5), np.float32(0.1)
    for f in (
        lambda x: np.sum(x) * half,
        lambda x: half * np.sum(x),
        lambda x: np.sum(x) / (1 / half),
    ):
        assert ad.jvp(f, (X * 1e39,), (X,))[0] == f(X * 1e39)
        for backend in COMPILED:
            assert ad.compile(f, backend=backend)(X * 1e39) == f(X * 1e39)
    for slope in (ad.grad(lambda x: np.sum(x) * tenth), ad.jacobian(lambda x: np.sum(x) * tenth)):
        assert slope(X).tolist() == [float(tenth)] * 4
        assert ad.compile(slope)(X).tolist() == [float(tenth)] * 4
    assert ad.grad(lambda x: x * tenth)(np.float32(2.0)).dtype == np.float32


@pytest.mark.parametrize("backend", COMPILED)
def test_numbers_that_become_arrays(backend):
    for f, wanted in (
        (lambda a, x: np.concatenate([np.atleast_1d(a), x]), [2.0, *X]),
        (lambda a, x: np.hstack([a, x]), [2.0, *X]),
        (lambda a, x: a[..., None] * x, 2.0 * X),
        (lambda a, x: np.reshape(a, (1, 1)) * x, [2.0 * X]),
        (lambda a, x: np.flip(np.array([1.0, 2.0]) * a), [4.0, 2.0]),
    ):
        compiled = ad.compile(f, backend=backend)
        for _ in range(2):
            np.testing.assert_array_equal(compiled(2.0, X), wanted)
