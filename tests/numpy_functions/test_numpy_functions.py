"""Every NumPy function on traced values: its value, both modes to second order, precision, batches.

The cases are in numpy_cases.py; a function without one fails test_every_function_has_a_case.
"""

from __future__ import annotations

import math

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
from admodes.numpy_functions import methods, plain

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
    known = {c.key for c in CASES} | {f for f, *_ in INTEGERS} | OTHERS | set(plain.IN_PLACE)
    missing = {name_of(k) for k in {*FUNCTIONS, *UFUNCS} - known - {*PASSIVE, *ON_TRUTHS}}
    # ufuncs of scipy that an earlier test has used are entered by name
    assert {m for m in missing if not m.startswith("_")} - set(SCIPY) == set()


def test_every_method_has_a_case():
    known = {c.key.split(".")[1] for c in CASES if isinstance(c.key, str)}
    as_functions = {"all", "any", "argmax", "argmin", "argpartition", "nonzero", "searchsorted"}
    as_functions |= {*methods.IN_PLACE, "sort"}
    ours = {n for n in dir(Carrier) if hasattr(np.ndarray, n) and not n.startswith("_")}
    assert ours - known - as_functions - {"shape", "ndim", "size", "dtype"} == set()


def both_modes(f, x):
    return ad.grad(f)(x), np.array([ad.jvp(f, (x,), (v,))[1] for v in np.eye(x.size)]).ravel()


def test_norm_and_std_where_they_have_no_derivative():
    for f in (np.linalg.norm, lambda x: np.linalg.norm(x) ** 2, np.std, lambda x: np.std(x + 3)):
        for found in both_modes(f, np.zeros(3)):
            np.testing.assert_array_equal(found, 0.0)


def test_sinc_at_zero():
    assert ad.grad(np.sinc)(0.0) == 0.0
    assert ad.grad(ad.grad(np.sinc))(0.0) == pytest.approx(-(math.pi**2) / 3, rel=1e-15)
    assert ad.grad(ad.grad(ad.grad(ad.grad(np.sinc))))(0.0) == pytest.approx(math.pi**4 / 5)


@pytest.mark.parametrize("f", [np.prod, np.cumprod, np.multiply.reduce, np.multiply.accumulate])
@pytest.mark.parametrize("x", [[2.0, 0.0, 3.0, -1.0], [0.0, 2.0, 0.0, 3.0], [0.0] * 3])
def test_products_with_zeros(f, x):
    x = np.array(x)
    n = range(len(x))

    def without(stop, *left_out):
        return math.prod(x[k] for k in range(stop) if k not in left_out)

    stops = [len(x)] if f in (np.prod, np.multiply.reduce) else [k + 1 for k in n]
    slopes = np.array([[without(s, i) if i < s else 0.0 for i in n] for s in stops])
    second = np.array(
        [
            [[without(s, i, j) if i != j and max(i, j) < s else 0.0 for j in n] for i in n]
            for s in stops
        ]
    )
    for mode in ("forward", "reverse"):
        found = ad.jacobian(f, mode=mode)(x)
        np.testing.assert_allclose(found, slopes.reshape(found.shape))
        for outer in ("forward", "reverse"):
            found = ad.jacobian(ad.jacobian(f, mode=mode), mode=outer)(x)
            np.testing.assert_allclose(found, second.reshape(found.shape))


@pytest.mark.parametrize("f", [np.max, np.min, np.maximum.reduce, np.nanmax])
def test_ties_share_equally(f):
    for found in both_modes(f, np.array([2.0, 2.0, 2.0, 2.0])):
        np.testing.assert_array_equal(found, 0.25)


def test_determinants_of_singular_matrices():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(ad.grad(np.linalg.det)(a), [[4.0, -2.0], [-2.0, 1.0]], atol=1e-14)
    found = ad.hessian(np.linalg.det)(a)
    expected = np.zeros((2, 2, 2, 2))
    expected[0, 0, 1, 1] = expected[1, 1, 0, 0] = 1.0
    expected[0, 1, 1, 0] = expected[1, 0, 0, 1] = -1.0
    np.testing.assert_allclose(found, expected, atol=1e-14)
    np.testing.assert_array_equal(ad.grad(np.linalg.det)(np.zeros((3, 3))), 0.0)


@pytest.mark.parametrize("f", [np.linalg.eigvalsh, lambda x: np.linalg.svd(x, compute_uv=False)])
def test_equal_eigenvalues_have_finite_derivatives(f):
    """The sum of the eigenvalues of the identity is the trace nearby."""
    for found in (ad.grad(lambda x: np.sum(f(x)))(np.eye(3)),):
        np.testing.assert_allclose(found, np.eye(3), atol=1e-15)
    t = np.diag([1.0, 2.0, 3.0])
    assert np.sum(ad.jvp(f, (np.eye(3),), (t,))[1]) == pytest.approx(6.0)


def test_where_with_nan_in_the_branch_that_is_not_taken():
    x = np.array([-1.0, 4.0])
    for found in both_modes(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 2 * x)), x):
        np.testing.assert_array_equal(found, [2.0, 0.25])


def test_division_where_it_is_defined():
    b = np.array([2.0, 0.0, 4.0])

    def f(a):
        return np.sum(np.divide(a, b, out=np.zeros_like(a), where=b != 0))

    for found in both_modes(f, np.array([1.0, 2.0, 3.0])):
        np.testing.assert_array_equal(found, [0.5, 0.0, 0.25])
    with pytest.raises(TypeError, match=r"np\.where"):
        ad.grad(lambda x: np.sum(np.add(x, 1.0, where=b != 0)))(b)


def test_buffers_are_rebound():
    x = np.array([1.0, 2.0, 3.0])

    def f(x):
        buf = np.zeros(3)
        buf += x
        buf *= x
        buf -= 1.0
        buf /= np.array([1.0, 2.0, 4.0])
        return np.sum(buf)

    for found in both_modes(f, x):
        np.testing.assert_array_equal(found, 2 * x / [1.0, 2.0, 4.0])


OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "divmod": lambda a, b: divmod(a, b)[1] + divmod(a, b)[0],
    "@": lambda a, b: a @ b,
}
PLAINS = [
    np.array([[2.5, 1.5], [0.5, 3.0]]),
    np.array([[2, 1], [1, 3]]),
    np.array([[True, True], [True, True]]),
    np.float64(2.0),
    np.float32(2.0),
    np.int64(3),
    2.0,
    3,
    True,
]


@pytest.mark.parametrize("c", PLAINS, ids=lambda c: f"{type(c).__name__}-{np.asarray(c).dtype}")
@pytest.mark.parametrize("name", OPERATORS)
def test_plain_values_on_either_side_of_an_operator(name, c):
    x = np.array([[1.27, 0.35], [0.83, 1.45]])
    plain_c = np.asarray(c) + 0.0
    if name == "@" and plain_c.ndim == 0:
        return
    for f, g in (
        (lambda x: OPERATORS[name](x, c), lambda x: OPERATORS[name](x, plain_c)),
        (lambda x: OPERATORS[name](c, x), lambda x: OPERATORS[name](plain_c, x)),
    ):
        vs = directions((x,), generator(5))
        out, tangent = ad.jvp(f, (x,), vs)
        np.testing.assert_allclose(out, g(x))
        np.testing.assert_allclose(tangent, difference(g, (x,), vs, h=1e-4), rtol=1e-7, atol=1e-8)
        check_transpose(f, (x,))


def test_what_would_lose_the_derivative_is_refused():
    refused = [
        (lambda x: np.array([x[0], 1.0]), r"ad\.array|np\.stack"),
        (lambda x: np.asarray(x), r"ad\.array|np\.stack"),
        (lambda x: np.dot(x, x, out=np.zeros(())), "out="),
        (lambda x: np.fft.fft(x, out=np.zeros(3, complex)), "out="),
        (lambda x: np.cumsum(x, out=np.zeros(3)), "out="),
        (lambda x: np.copyto(np.zeros(3), x), r"np\.where"),
        (lambda x: np.put(x, 0, 1.0), r"np\.where"),
        (lambda x: np.fill_diagonal(x, 1.0), r"np\.where"),
        (lambda x: np.add.at(np.zeros(3), [0, 1, 2], x), r"np\.where"),
        (lambda x: x.sort(), r"np\.sort"),
        (lambda x: x.astype(int), "derivative"),
        (lambda x: np.sum(x, dtype=int), "derivative"),
        (lambda x: np.histogram(x), "bins"),
        (lambda x: np.sort_complex(x), "no derivative in admodes"),
        (lambda x: np.linalg.svd(np.ones((2, 3)) * x, full_matrices=True), "full_matrices=False"),
        (lambda x: np.floor(x + 1j), "complex"),
    ]
    for f, said in refused:
        for run in (lambda: ad.jvp(f, (np.ones(3),), (np.ones(3),)), lambda: ad.vjp(f, np.ones(3))):
            with pytest.raises(TypeError, match=said):
                run()


def test_rounding_of_numbers_by_python():
    for f, expected in ((lambda x: round(x, 1), 1.3), (math.floor, 1.0), (math.ceil, 2.0)):
        assert ad.value_and_grad(lambda x: f(x) * x)(1.27) == pytest.approx(
            (expected * 1.27, expected)
        )


def test_complex_gradients_point_uphill():
    """∂u/∂x + i ∂u/∂y of |z|² is 2 z, and of Re z² it is 2 conj(z)."""
    z = np.array([1.0 + 2.0j, -0.5 + 0.25j])
    np.testing.assert_allclose(ad.vjp(lambda z: np.sum(np.abs(z) ** 2), z)[1](1.0)[0], 2 * z)
    np.testing.assert_allclose(ad.vjp(lambda z: np.sum((z * z).real), z)[1](1.0)[0], 2 * z.conj())
