"""Every NumPy function on traced values: its value, both modes to second order, precision, batches.

The cases are in numpy_cases.py; a function without one fails test_every_function_has_a_case.
"""

from __future__ import annotations

import numpy as np
import pytest
from case_builder import name_of
from harness import check_transpose, difference, directions
from numpy_cases import ON_TRUTHS, PASSIVE, all_cases
from seeds import generator

import admodes as ad
from admodes.core.carrier import Carrier
from admodes.core.pytree import flatten
from admodes.core.tables import FUNCTIONS, SCIPY, UFUNCS
from admodes.numpy_functions import methods

CASES = all_cases()
each_case = pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
X = np.array([[0.4, 0.9, 0.1], [0.7, 0.2, 0.8]])


def leaves_of(y):
    return flatten(y)[0]


def vector(f):
    """f with all of its results in one vector."""

    def joined(*xs):
        parts = [
            np.ravel(y) if np.shape(y) != () else np.reshape(y, (1,)) for y in leaves_of(f(*xs))
        ]
        return np.concatenate(parts)

    return joined


def surrounded(case):
    """The function with smooth functions before and after, so that second derivatives are there."""
    f = vector(case.f)

    def composed(*xs):
        y = f(*(x + 0.05 * x * x for x in xs))
        return y + 0.25 * y * y

    return composed


def seeds(case, seed=1):
    return directions(case.args, generator(seed))


def alike(got, expected, rtol=1e-12, atol=1e-13):
    """Equal structure, shapes, kinds of numbers and values."""
    left, right = leaves_of(got), leaves_of(expected)
    assert len(left) == len(right)
    for y, e in zip(left, right, strict=True):
        assert np.shape(y) == np.shape(e)
        assert np.asarray(y).dtype.kind in ("f", "c") or np.asarray(e).dtype.kind not in ("f", "c")
        if np.asarray(e).dtype.kind in "fc":
            assert np.asarray(y).dtype == np.asarray(e).dtype
        np.testing.assert_allclose(y, e, rtol=rtol, atol=atol)


@each_case
def test_value_is_numpys(case):
    with np.errstate(all="ignore"):
        expected = case.f(*case.args)
    out, tangent = ad.jvp(case.f, case.args, seeds(case))
    alike(out, expected)
    assert [np.shape(t) for t in leaves_of(tangent)] == [np.shape(y) for y in leaves_of(out)]
    alike(ad.vjp(case.f, *case.args)[0], expected)


@each_case
def test_first_derivatives(case):
    f, vs = vector(case.f), seeds(case)
    expected = difference(f, case.args, vs)
    np.testing.assert_allclose(ad.jvp(f, case.args, vs)[1], expected, rtol=1e-7, atol=1e-8)
    check_transpose(f, case.args)


@each_case
def test_second_derivatives_between_other_functions(case):
    f, vs = surrounded(case), seeds(case, 2)
    (w,) = directions((f(*case.args),), generator(3))

    def forward(*xs):
        return ad.jvp(f, xs, vs)[1]

    def reverse(*xs):
        return vector(lambda: ad.vjp(f, *xs)[1](w))()

    for inner in (forward, reverse):
        expected = difference(inner, case.args, vs)
        found = ad.jvp(inner, case.args, vs)[1]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
        check_transpose(inner, case.args)


def single(x):
    kind = np.complex64 if np.iscomplexobj(x) else np.float32
    return np.asarray(x).astype(kind)[()]


@each_case
def test_single_precision_stays(case):
    args = tuple(map(single, case.args))
    with np.errstate(all="ignore"):
        expected = leaves_of(case.f(*args))
    out, tangent = ad.jvp(case.f, args, seeds(case))
    for y, t, e in zip(leaves_of(out), leaves_of(tangent), expected, strict=True):
        if np.asarray(e).dtype in (np.float32, np.complex64):
            assert np.asarray(y).dtype == np.asarray(t).dtype == np.asarray(e).dtype
    out, pullback = ad.vjp(case.f, *args)
    for g, x in zip(pullback(out), args, strict=True):
        assert np.asarray(g).dtype == x.dtype


def samples(case, shift):
    """Three samples of each argument, along a leading axis."""
    return tuple(
        np.stack([x + shift * k * np.ones(np.shape(x)) for k in range(3)]) for x in case.args
    )


def stacked(trees):
    return [np.stack(parts) for parts in zip(*map(leaves_of, trees), strict=True)]


@pytest.mark.parametrize("case", [c for c in CASES if c.samples], ids=lambda c: c.name)
def test_vmap_is_the_stacked_singles(case):
    many = samples(case, 0.003)
    singles = [tuple(x[k] for x in many) for k in range(3)]
    with np.errstate(all="ignore"):
        expected = stacked([case.f(*xs) for xs in singles])
    alike(leaves_of(ad.vmap(case.f)(*many)), expected, rtol=1e-10, atol=1e-11)
    if len(case.args) > 1:
        axes = (0,) + (None,) * (len(case.args) - 1)
        with np.errstate(all="ignore"):
            expected = stacked([case.f(x, *case.args[1:]) for x in many[0]])
        found = ad.vmap(case.f, in_axes=axes)(many[0], *case.args[1:])
        alike(leaves_of(found), expected, rtol=1e-10, atol=1e-11)


@each_case
def test_directions_in_a_block_are_the_stacked_singles(case):
    f = vector(case.f)
    vs = [directions(case.args, generator(k)) for k in range(3)]
    block = tuple(np.stack(parts) for parts in zip(*vs, strict=True))
    found = ad.jvp(f, case.args, block, batched=True)[1]
    expected = np.stack([ad.jvp(f, case.args, v)[1] for v in vs])
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    out, pullback = ad.vjp(f, *case.args)
    ws = [directions((out,), generator(k))[0] for k in range(3)]
    found = pullback(np.stack(ws), batched=True)
    for g, e in zip(found, stacked([pullback(w) for w in ws]), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-11, atol=1e-12)


INTEGERS = [
    *(
        (getattr(np, n), (X,), {})
        for n in ("argmax", "argmin", "nanargmax", "nanargmin", "nonzero")
    ),
    *((getattr(np, n), (X,), {}) for n in ("flatnonzero", "argwhere", "count_nonzero", "isreal")),
    *((getattr(np, n), (X,), {"axis": 1}) for n in ("argmax", "argsort", "any", "all")),
    *((getattr(np, n), (X,), {}) for n in ("argsort", "any", "all", "isposinf", "isneginf")),
    *((getattr(np, n), (X,), {}) for n in ("iscomplex", "isscalar", "iscomplexobj", "isrealobj")),
    *((getattr(np, n), (X,), {}) for n in ("shape", "ndim", "size", "array_repr", "array_str")),
    *((getattr(np, n), (X, X), {}) for n in ("allclose", "isclose", "array_equal", "array_equiv")),
    *((getattr(np, n), (X, X), {}) for n in ("isin", "result_type")),
    *((getattr(np, n), (X,), {}) for n in ("min_scalar_type", "common_type", "array2string")),
    *((getattr(np, n), (X[:, :2],), {}) for n in ("tril_indices_from", "diag_indices_from")),
    (np.triu_indices_from, (X,), {}),
    (np.argpartition, (X[0],), {"kth": 1}),
    (np.size, (X,), {"axis": 1}),
    (np.searchsorted, (np.sort(X[0]), X), {}),
    (np.digitize, (X,), {"bins": [0.2, 0.5]}),
    (np.lexsort, ((X[0], X[1]),), {}),
    (np.bincount, (np.array([0, 2]),), {}),
    (np.histogram, (X,), {"bins": [0.0, 0.5, 1.0]}),
    (np.histogram, (X,), {"bins": 4, "range": (0, 1)}),
    (np.linalg.matrix_rank, (X,), {}),
    (np.einsum_path, ("ij,ij", X, X), {}),
    (np.where, (X > 0.5,), {}),
]
OTHERS = {
    np.unravel_index,
    np.can_cast,
    np.shares_memory,
    np.may_share_memory,
    np.save,
    np.savetxt,
    np.savez,
}
OTHERS |= {np.savez_compressed}
"""Plain functions of positions, types and files, to which a traced value is seldom given."""


@pytest.mark.parametrize(
    ("f", "args", "options"), INTEGERS, ids=lambda x: getattr(x, "__name__", "")
)
def test_positions_and_truth_values_are_numpys(f, args, options):
    expected, seen = f(*args, **options), []

    def g(x):
        def traced(a):
            if isinstance(a, tuple):
                return tuple(map(traced, a))
            return a if isinstance(a, str) or a.dtype.kind != "f" else x.ravel()[:1] * 0.0 + a

        seen.append(f(*map(traced, args), **options))
        return np.sum(x)

    ad.jvp(g, (X,), (X,))
    ad.vjp(g, X)
    for found in seen:
        for y, e in zip(leaves_of(found), leaves_of(expected), strict=True):
            assert not isinstance(y, Carrier)
            np.testing.assert_array_equal(y, e)


@pytest.mark.parametrize("ufunc", PASSIVE, ids=name_of)
def test_truth_values_of_ufuncs(ufunc):
    seen = []

    def g(x):
        seen.append(ufunc(*([x, 0.5][: ufunc.nin])))
        return np.sum(np.where(seen[-1], x, 0.0))

    for grad in (ad.grad(g)(X), ad.jvp(g, (X,), (np.ones(X.shape),))[1]):
        expected = ufunc(*([X, 0.5][: ufunc.nin]))
        assert np.sum(grad) == np.sum(expected)
        np.testing.assert_array_equal(seen[-1], expected)


def test_every_function_has_a_case():
    known = {c.key for c in CASES} | {f for f, *_ in INTEGERS} | OTHERS
    missing = {name_of(k) for k in {*FUNCTIONS, *UFUNCS} - known - {*PASSIVE, *ON_TRUTHS}}
    # ufuncs of scipy that an earlier test has used are entered by name
    assert {m for m in missing if not m.startswith("_")} - set(SCIPY) == set()


def test_every_method_has_a_case():
    known = {c.key.split(".")[1] for c in CASES if isinstance(c.key, str)}
    as_functions = {"all", "any", "argmax", "argmin", "argpartition", "nonzero", "searchsorted"}
    as_functions |= {*methods.REFUSED}
    ours = {n for n in dir(np.ndarray) if hasattr(Carrier, n) and not n.startswith("_")}
    assert ours - known - as_functions - {"shape", "ndim", "size", "dtype"} == set()
