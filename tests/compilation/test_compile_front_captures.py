"""What a compiled function refers to: arrays whose entries change, and names bound anew."""

import functools
import sys
import types
from types import SimpleNamespace

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import compile
from admodes.compilation.captures import Captures
from admodes.compilation.places import content_of, same_bytes

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

BACKENDS = ("interpreter", "numpy")
X = np.array([0.3, 0.5, 0.8])

MATRIX = np.arange(9.0).reshape(3, 3)
RATE = 0.5
TABLE = {"w": np.ones(3), "deep": [np.arange(3.0)]}


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def helper(x):
    return MATRIX @ x * RATE + TABLE["w"] + TABLE["deep"][0]


def check(compiled, f, *args):
    np.testing.assert_allclose(compiled(*args), f(*args), rtol=1e-13, atol=1e-13)


WRAPPERS = {
    "f": lambda f: f,
    "grad": lambda f: ad.grad(lambda x: f(x).sum()),
    "value_and_grad": lambda f: lambda x: ad.value_and_grad(lambda x: f(x).sum())(x)[1],
    "jacobian": ad.jacobian,
    "reverse": lambda f: ad.jacobian(f, mode="reverse"),
    "hessian": lambda f: ad.hessian(lambda x: (f(x) ** 2).sum()),
    "hvp": lambda f: lambda x: ad.hvp(lambda x: (f(x) ** 2).sum(), x, np.ones(3)),
    "vmap": lambda f: ad.vmap(lambda s: f(s * X)),
    "partial": lambda f: functools.partial(lambda g, x: g(x), f),
    "cached": functools.lru_cache(lambda f: functools.wraps(f)(lambda x: f(x))),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=list(WRAPPERS))
def test_entries_that_change_and_names_that_are_bound_anew(backend, wrap, monkeypatch):
    monkeypatch.setitem(globals(), "MATRIX", MATRIX.copy())
    f = wrap(helper)
    c = compile(f, backend)
    check(c, f, X)
    MATRIX[:] *= np.linspace(0.5, 2.0, 9).reshape(3, 3)
    check(c, f, X)
    monkeypatch.setitem(globals(), "MATRIX", np.eye(3))
    check(c, f, X)
    monkeypatch.setitem(globals(), "RATE", 0.25)
    check(c, f, X)
    monkeypatch.setitem(TABLE, "w", np.zeros(3))
    check(c, f, X)
    monkeypatch.setitem(TABLE, "deep", [np.arange(3.0)])
    check(c, f, X)
    TABLE["deep"][0] = np.full(3, 7.0)
    check(c, f, X)
    TABLE["deep"][0][1] = -1.0
    check(c, f, X)
    monkeypatch.setitem(globals(), "helper", lambda x: x * RATE)
    check(c, f, X)


def test_arrays_that_are_used_directly_are_read_anew_without_another_recording(backend):
    w = np.ones((3, 3))
    f = ad.grad(lambda x: (np.tanh(w @ x * w[0]) ** 2).sum())
    c = compile(f, backend)
    for _ in range(5):
        w *= 0.9
        check(c, f, X)
    assert len(c.specialisations) == 1


def test_cells(backend):
    def make():
        w = np.arange(3.0)

        def f(x):
            return w * x

        def bind(value):
            nonlocal w
            w = value

        return f, bind

    f, bind = make()
    c = compile(f, backend)
    check(c, f, X)
    bind(np.full(3, 5.0))
    check(c, f, X)
    bind(2.0)
    check(c, f, X)
    assert len(c.specialisations) == 3


class Layer:
    scale = 1.0

    def __init__(self, w):
        self.w = w
        self.options = SimpleNamespace(shift=0.0)

    @property
    def doubled(self):
        return 2 * self.w

    @staticmethod
    def squash(x):
        return np.tanh(x) * RATE

    def __call__(self, x):
        return self.squash(self.w @ x + self.options.shift) * self.scale


class Net:
    __slots__ = ("layers", "unused")

    def __init__(self, *layers):
        self.layers = list(layers)
        self.unused = 0

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    @compile
    def decorated(self, x):
        return self.forward(x).sum()


def test_methods_and_attributes(backend, monkeypatch):
    layers = [Layer(np.eye(3) * 2), Layer(np.ones((3, 3)))]
    net = Net(*layers)
    c = compile(net.forward, backend)

    def changes():
        layers[0].w[0, 1] = 3.0
        yield
        layers[1].w = np.eye(3)
        yield
        layers[0].options.shift = 0.5
        yield
        layers[0].scale = 2.0
        yield
        monkeypatch.setattr(Layer, "scale", 3.0)
        yield
        net.layers.append(Layer(np.full((3, 3), 0.1)))
        yield
        net.layers = [layers[1]]
        yield

    check(c, net.forward, X)
    for _ in changes():
        check(c, net.forward, X)
    before = len(c.specialisations)
    net.unused = 1
    check(c, net.forward, X)
    assert len(c.specialisations) == before == 7


def test_compile_decorates_methods():
    one, two = Net(Layer(np.eye(3))), Net(Layer(2 * np.eye(3)))
    for net in (one, two, one):
        check(net.decorated, lambda x, net=net: net.forward(x).sum(), X)
    assert len(Net.decorated.specialisations) == 2
    one.layers[0].w *= 3
    check(one.decorated, lambda x: one.forward(x).sum(), X)


def test_objects_that_are_called(backend):
    layer = Layer(np.eye(3))
    c = compile(layer, backend)
    check(c, layer, X)
    layer.w = 2 * layer.w
    check(c, layer, X)
    f = compile(lambda x: layer.doubled @ x, backend)
    check(f, lambda x: layer.doubled @ x, X)
    layer.w[0, 0] = 9.0
    check(f, lambda x: layer.doubled @ x, X)


def test_modules_of_the_user(backend, monkeypatch):
    settings = types.ModuleType("settings_of_the_user")
    settings.alpha = 2.0
    monkeypatch.setitem(sys.modules, settings.__name__, settings)

    def f(x):
        return x * settings.alpha

    c = compile(f, backend)
    check(c, f, X)
    settings.alpha = 3.0
    check(c, f, X)


def test_defaults_and_partials_hold_arrays(backend):
    w, v = np.ones(3), np.ones(3)
    f = functools.partial(lambda w, x, v=v, *, k=v: w * x + v * k, w)
    c = compile(f, backend)
    check(c, f, X)
    w *= 2
    v[0] = 5.0
    check(c, f, X)


LEAKS = {
    "outside the trace": lambda a: lambda x: (a * 2) @ x,
    "a number of it": lambda a: lambda x: float(a[1]) * x,
    "its mask": lambda a: lambda x: np.where(a > 0.4, x, 2 * x),
    "its order": lambda a: lambda x: x[np.argsort(a)],
    "rule of powers": lambda a: ad.grad(lambda x: (x**a).sum()),
    "tangents": lambda a: ad.jacobian(lambda x: np.outer(a, a) @ x, mode="forward"),
    "weights": lambda a: lambda x: np.average(x, weights=a),
    "options": lambda a: lambda x: np.quantile(x, a),
    "result": lambda a: lambda x: (x, a + 1),
    "branch": lambda a: lambda x: x * 2 if a[0] > 0.3 else x,
    "decision": lambda a: lambda x: x * np.searchsorted(a, x),
}


@pytest.mark.parametrize("make", LEAKS.values(), ids=list(LEAKS))
def test_what_is_computed_outside_the_recording_follows_the_entries(backend, make):
    a = np.array([0.1, 0.45, 0.7])
    f = make(a)
    c = compile(f, backend)
    for change in ([0.5, 0.3, 0.8], [0.9, 0.1, 1.0], [0.9, 0.1, 1.0], [0.6, 0.1, 1.0]):
        for y, expected in zip(np.atleast_1d(c(X)), np.atleast_1d(f(X)), strict=True):
            np.testing.assert_allclose(y, expected, rtol=1e-13)
        a *= change


def test_integer_arrays_are_compared_by_content(backend):
    order, mask = np.array([2, 0]), np.array([True, False, True])
    f = ad.grad(lambda x: (x[order] ** 2).sum() + (x[mask] * np.array([1.0, 2.0])).sum())
    c = compile(f, backend)
    check(c, f, X)
    order[0] = 1
    check(c, f, X)
    mask[:] = ~mask[::-1] | np.array([True, True, False])
    check(c, f, X)
    assert len(c.specialisations) == 3


def test_arrays_of_other_memory_are_compared_by_content(backend):
    class Foreign:
        """Memory without buffer protocol, as that of other packages."""

        def __init__(self, a):
            self.a, self.__array_interface__ = a, a.__array_interface__

    own = np.arange(3.0)
    w = np.asarray(Foreign(own))
    c = compile(lambda x: w * x, backend)
    assert w.flags.writeable
    check(c, lambda x: w * x, X)
    own += 1
    check(c, lambda x: w * x, X)
    assert w.flags.writeable


def test_views_and_their_arrays_are_writeable_again(backend):
    a = np.arange(6.0)
    part, again = a[2:5], a[::2]
    c = compile(lambda x: part * x + again + a[:3], backend)
    c(X)
    assert all(v.flags.writeable for v in (a, part, again))
    a += 1
    check(c, lambda x: part * x + again + a[:3], X)
    assert len(c.specialisations) == 1


def test_a_cache_that_is_filled_by_the_first_call(backend):
    class Model:
        factor = None

        def __call__(self, x):
            if self.factor is None:
                self.factor = np.full(3, 2.0)
            return self.factor * x

    model = Model()
    c = compile(model, backend)
    for _ in range(4):
        check(c, lambda x: 2 * x, X)
    assert len(c.specialisations) == 1


def test_derivatives_taken_outside_see_through_a_compiled_function(backend):
    w = np.arange(1.0, 4.0)
    c = compile(lambda x: (w * x**3).sum(), backend)
    c(X)
    np.testing.assert_allclose(ad.grad(c)(X), 3 * w * X**2)
    np.testing.assert_allclose(ad.hessian(c)(X), np.diag(6 * w * X))
    np.testing.assert_allclose(ad.jvp(c, (X,), (np.ones(3),))[1], (3 * w * X**2).sum())
    np.testing.assert_allclose(ad.vmap(c)(np.stack([X, 2 * X])), [c(X), 8 * c(X)])
    np.testing.assert_allclose(compile(ad.grad(c), backend)(X), 3 * w * X**2)

    def slope(a):
        return compile(lambda x: a * x * x, backend)(3.0)

    assert ad.grad(slope)(2.0) == 9.0
    assert compile(ad.grad(slope), backend)(2.0) == 9.0


def test_few_places_are_guarded():
    a = np.ones(3)
    f = ad.grad(lambda x: (np.tanh(a * x) + ad.sin(x) * RATE).sum())
    assert [p.what for p in Captures(f).places] == [
        "__code__ of <lambda>",
        "the variable a",
        "the shape or dtype of the variable a",
        "the global RATE",
    ]
    assert [p.what for p in Captures(np.sin).places] == []
    assert sorted(Captures(helper).names.values()) == [
        "an item of an item of the global TABLE",
        "an item of the global TABLE",
        "the global MATRIX",
    ]


def test_an_array_of_positions_is_compared_once():
    places, x = np.arange(30) % 7, np.linspace(0.0, 1.0, 7)

    def f(x, places):
        return np.sum(np.sin(x[places]) * np.bincount(places, x[places], 7)[places])

    compiled = ad.compile(ad.grad(f), "numpy")
    compiled(x, places)
    compiled(x, places)
    assert compiled.source().count("same_bytes(") == 1
    others = places[::-1].copy()
    np.testing.assert_allclose(compiled(x, others), ad.grad(f)(x, others))
    places[3] = 0
    np.testing.assert_allclose(compiled(x, places), ad.grad(f)(x, places))


@pytest.mark.parametrize(
    "a",
    [
        np.arange(6).reshape(2, 3),
        np.arange(6).reshape(2, 3).T,
        np.arange(12)[::2],
        np.zeros((0, 3)),
        np.array(3),
        np.array([1.0, np.nan, -0.0]),
        np.array([True, False]),
        np.arange(3, dtype=">i4"),
        np.array(["2020-01-01"], "M8[D]"),
    ],
)
def test_content_is_compared_to_the_last_bit(a):
    kept = content_of(a)
    assert same_bytes(a, kept)
    assert same_bytes(a.copy(), kept)
    assert not same_bytes(a[None], kept)
    if a.size:
        other = a.copy()
        other[(-1,) * a.ndim] = a.ravel()[0] if a.size > 1 else np.zeros((), a.dtype)
        assert not same_bytes(other, kept)
