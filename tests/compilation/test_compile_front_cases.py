"""Which calls of a compiled function are one case, and what goes in and comes out."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import compile

Pair = namedtuple("Pair", "left right")
BACKENDS = ("interpreter", "numpy")


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def alike(a, b):
    """Equal in structure, type of containers, shapes, dtypes and values."""
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in b)
    if isinstance(b, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(alike, a, b))
    x, y = np.asarray(a), np.asarray(b)
    return x.shape == y.shape and x.dtype == y.dtype and np.allclose(x, y, rtol=1e-14, atol=0)


def poly(x):
    return x * x + 3 * x


@pytest.mark.parametrize(
    "x",
    [
        2.5,
        np.float64(2.5),
        np.array(2.5),
        np.float32(2.5),
        1 + 2j,
        np.complex128(1 + 2j),
        np.array(1 - 1j),
        np.arange(3.0),
        np.arange(3.0, dtype=np.float32),
        np.arange(3.0) * (1 + 1j),
        np.zeros((0, 2)),
        np.ones((1,)),
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0)[::-2],
        np.arange(3.0, dtype=">f8"),
    ],
    ids=lambda x: f"{type(x).__name__}-{np.asarray(x).dtype}-{np.shape(x)}",
)
def test_numbers_and_arrays_are_recorded(backend, x):
    f = compile(poly, backend)
    first, second = f(x), f(x)
    assert len(f.specialisations) == 1
    assert f.specialisations[0].runs == 2
    expected = poly(np.asarray(x).astype(np.asarray(x).dtype.newbyteorder("=")))
    assert np.shape(first) == np.shape(x)
    assert alike(first, expected)
    assert alike(second, expected)


def test_floats_in_other_clothes_are_one_case(backend):
    f = compile(poly, backend)
    results = [f(x) for x in (2.0, np.float64(2.0), np.array(2.0))]
    assert results == [10.0] * 3
    assert all(type(y) is float for y in results)
    assert len(f.specialisations) == 1


@pytest.mark.parametrize(
    "others",
    [
        [np.arange(4.0)],
        [np.arange(3.0, dtype=np.float32)],
        [np.arange(3.0) + 0j],
        [np.ones((3, 1))],
        [1.0, np.float32(1.0), 1j],
        [1, True, np.int64(1), np.bool_(True)],
    ],
    ids=str,
)
def test_shapes_dtypes_and_static_values_are_cases_of_their_own(others):
    f = compile(poly, "interpreter")
    for x in (np.arange(3.0), *others):
        assert alike(f(x), poly(x))
    assert len(f.specialisations) == 1 + len(others)


def test_integers_steer(backend):
    def power(x, n, flag=False):
        y = 1.0
        for _ in range(n):
            y = y * x
        return -y if flag else y

    f = compile(power, backend)
    assert [f(2.0, 3), f(3.0, 3), f(2.0, 4), f(2.0, 3, True), f(2.0, 3, flag=True)] == [
        *(8.0, 27.0, 16.0, -8.0, -8.0)
    ]
    assert len(f.specialisations) == 4
    assert alike(compile(lambda x, n: x**n, backend)(1.5, 3), 1.5**3)


def test_strings_none_and_types_steer(backend):
    def f(x, how, dtype=None, part=slice(None)):
        y = np.sin(x) if how == "sin" else np.cos(x)
        return (y if dtype is None else y.astype(dtype))[part]

    x = np.arange(4.0)
    c = compile(f, backend)
    for given in (("sin",), ("cos",), ("sin", np.dtype(np.float32)), ("sin", None, slice(0, 2))):
        assert alike(c(x, *given), f(x, *given))
    assert len(c.specialisations) == 4


def test_index_arrays_steer_by_content(backend):
    def pick(x, index):
        return x[index] * 2

    f, x, index = compile(pick, backend), np.arange(5.0), np.array([3, 1])
    assert f(x, index).tolist() == [6.0, 2.0]
    index[0] = 0
    assert f(x, index).tolist() == [0.0, 2.0]
    assert f(x, np.array([3, 1])).tolist() == [6.0, 2.0]
    assert len(f.specialisations) == 2
    mask = np.array([True, False, False, False, True])
    assert f(x, mask).tolist() == [0.0, 8.0]
    assert f(x, ~mask).tolist() == [2.0, 4.0, 6.0]


def test_a_result_that_is_a_static_array_is_that_of_the_case(backend):
    f, labels = compile(lambda x, labels: (x, labels), backend), np.array([1, 2])
    f(1.0, labels)[1][:] = 9
    labels[:] = 5
    assert f(1.0, np.array([1, 2]))[1].tolist() == [1, 2]


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b: ((a, b),),
        lambda a, b: ([a, [b]],),
        lambda a, b: ({"w": a, "b": (b, a)},),
        lambda a, b: (Pair(a, Pair(b, a)),),
        lambda a, b: ((), [], {}, a, (b,)),
        lambda a, b: ([a] * 3, [1.0] * 9, tuple([b] * 6)),
        lambda a, b: ([2.0, 3.0, 4.0, 5.0, 6.0, 7.0],),
        lambda a, b: (OrderedDict(x=a, y=b),),
        lambda a, b: ({1: a, (2, 3): b},),
    ],
)
def test_trees_in_and_out(backend, make):
    from admodes.core.pytree import flatten, unflatten

    def doubled(*args):
        leaves, tree = flatten(args)
        return unflatten(tree, [x * 2 for x in leaves])

    f = compile(doubled, backend)
    for scale in (1.0, 2.0):
        args = make(np.arange(3.0) * scale, np.float64(scale))
        assert alike(f(*args), doubled(*args))
    assert len(f.specialisations) == 1
    if make(1.0, 2.0)[0] and isinstance(make(1.0, 2.0)[0], list):
        f([0.0])
        assert len(f.specialisations) == 2


def test_deep_trees(backend):
    x = 1.0
    for _ in range(60):
        x = (x,)
    f = compile(lambda x: (x, [x]), backend)
    assert f(x) == f(x) == (x, [x])


def test_named_tuples_and_plain_ones_are_two_cases():
    f = compile(lambda p: p[0] * p[1], "interpreter")
    assert f((2.0, 3.0)) == f(Pair(2.0, 3.0)) == f([2.0, 3.0]) == 6.0
    assert len(f.specialisations) == 3


def test_keyword_arguments(backend):
    def f(x, *, scale=2.0, **rest):
        return x * scale + sum(rest.values())

    c = compile(f, backend)
    calls = [{}, {"scale": 3.0}, {"scale": 3.0, "a": 1.0}, {"a": 1.0, "scale": 4.0}, {"b": 5.0}]
    for kwargs in calls * 2:
        assert c(1.5, **kwargs) == f(1.5, **kwargs)
    assert len(c.specialisations) == len(calls)


def test_functions_are_arguments(backend):
    a = np.arange(3.0)
    f = compile(lambda g, x: ad.hvp(g, x, x).sum(), backend)

    def g(x):
        return (a * x**3).sum()

    def h(x):
        return (x**4).sum()

    x = np.array([1.0, 2.0, 3.0])
    for _ in range(2):
        assert f(g, x) == pytest.approx((6 * a * x * x).sum(), rel=1e-14)
        assert f(h, x) == pytest.approx((12 * x**3).sum(), rel=1e-14)
        a *= 2
    assert len(f.specialisations) >= 2


def test_results_are_the_callers_own(backend):
    held = np.ones(3)
    f = compile(lambda x: (x, x, held, x + 1, x[::2], np.zeros(2), held[1:]), backend)
    x = np.arange(3.0)
    first = f(x)
    for y in first:
        y += 100
    assert x.tolist() == [0.0, 1.0, 2.0]
    assert held.tolist() == [1.0] * 3
    second = f(x)
    expected = ([0, 1, 2], [0, 1, 2], [1] * 3, [1, 2, 3], [0, 2], [0, 0], [1, 1])
    assert [y.tolist() for y in second] == [list(map(float, e)) for e in expected]
    held += 1
    assert f(x)[2].tolist() == [2.0] * 3


def test_what_it_keeps_of_the_function(backend):
    def f(x):
        """Doubled."""
        return x * 2

    c = compile(f, backend)
    assert (c.__name__, c.__doc__, c.__wrapped__) == ("f", "Doubled.", f)
    assert repr(c) == "<compiled f, 0 specialisations>"
    with pytest.raises(ValueError, match="f has not been called yet"):
        c.source()
    c(1.0)
    assert repr(c) == "<compiled f, 1 specialisation>"
    assert "float" in repr(c.specialisations[0])
    assert len(c.programs) == 1
    assert "def call(args, kwargs)" in c.source()
    c.clear()
    assert not c.specialisations
    assert c(2.0) == 4.0


def test_no_text_of_the_user_is_in_the_code():
    f = compile(lambda d, evil="": d["__import__('os')"] * 2, "interpreter")
    assert f({"__import__('os')": 2.0}, evil="exit()") == 4.0
    assert "import" not in f.source()
    assert "exit" not in f.source()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([object()], r"<lambda>, compiled, takes numbers.*got a object as argument 0\[0\]"),
        (np.array(["a"]), "dtype <U1 as argument 0"),
        (np.ones((1, 1)).view(np.matrix), "matrix.*np.asarray"),
        (np.ma.array([1.0]), "MaskedArray.*np.asarray"),
    ],
)
def test_arguments_that_are_no_numbers(x, message):
    with pytest.raises(TypeError, match=message):
        compile(lambda x: 1.0)(x)


@pytest.mark.parametrize("result", [None, "text", {1.0, 2.0}, (1.0, None)])
def test_results_that_are_no_numbers(result):
    def f(x):
        return result

    with pytest.raises(TypeError, match="the result of f"):
        compile(f)(1.0)


def test_options_are_checked():
    with pytest.raises(ValueError, match="'cuda': choose from auto, numpy"):
        compile(poly, "cuda")
    with pytest.raises(TypeError, match="compile takes a function, got 3"):
        compile(3)
    with pytest.raises(ValueError, match="limit=0"):
        compile(poly, limit=0)
