"""What a function does beside its result, and how it goes on after an error: a compiled function
gives what the function itself gives, at every call, for one call of the function at most."""

import collections
import contextvars
import itertools
import os
import types
import weakref

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import CompileWarning, ImpureError, compile

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

BACKENDS = ("interpreter", "numpy", "llvm")
X = np.array([1.0, 2.0, 3.0])


class Model:
    def __init__(self):
        self.n = 0
        self.h = np.zeros(3)
        self.seen = []
        self.kept = {}
        self.queue = collections.deque([0.0])
        self.pair = (0.0, 0.0)
        self.inner = types.SimpleNamespace(last=None)

    def counts(self, x):
        self.n += 1
        return x.sum() * self.n

    def recurs(self, x):
        self.h = np.tanh(self.h + x)
        return self.h.sum()

    def logs(self, x):
        self.seen.append(x.sum())
        return self.seen[-1] * len(self.seen)

    def caches(self, x):
        if "w" not in self.kept:
            self.kept["w"] = x * 2
        return (self.kept["w"] * x).sum()

    def queues(self, x):
        self.queue.append(x[0] + self.queue[0])
        return self.queue.popleft() * x.sum()

    def pairs(self, x):
        self.pair = (self.pair[1], x.sum())
        return self.pair[0] + x.sum()

    def nests(self, x):
        self.inner.last = [x * 2]
        return x.sum()

    def counts_in_the_class(self, x):
        type(self).total = getattr(type(self), "total", 0) + 1
        return x.sum() * type(self).total

    def fills(self, x):
        if not self.h.any():
            self.h = np.full(3, 2.0)
        return (self.h * x).sum()


METHODS = [n for n in vars(Model) if not n.startswith("_")]


def state(model):
    return repr(vars(model))


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize("name", METHODS)
def test_state_is_as_without_compilation(name, bound):
    Models = [type("Model", (Model,), {}) for _ in range(2)]
    one, two = (m() for m in Models)
    f = getattr(two, name)
    if bound:
        compiled = compile(getattr(one, name), "numpy")
    else:
        free = compile(lambda model, x: getattr(model, name)(x), "numpy")
        compiled = lambda x: free(one, x)  # noqa: E731
    for k in range(7):
        x = X + k % 3
        np.testing.assert_allclose(compiled(x), f(x), rtol=1e-13)
    for key, value in vars(two).items():
        found = vars(one)[key]
        if isinstance(value, (float, np.ndarray, int, np.floating)):
            np.testing.assert_allclose(found, value, rtol=1e-13)
    assert "Recorded" not in state(one)


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: ad.grad(f), lambda f: ad.hessian(f)])
def test_the_function_runs_once_at_a_call_at_most(wrap):
    ran = []

    def f(x):
        ran.append(1)
        return (w * x * x).sum()

    w = np.ones(3)
    ran_alone = len((wrap(f)(X), ran)[1])
    ran.clear()
    compiled = compile(wrap(f), "numpy")
    for k in range(1, 4):
        compiled(X)
        assert len(ran) == k * ran_alone


def test_a_value_kept_where_it_cannot_be_found_is_refused():
    class Box:
        def __init__(self):
            self.items = np.empty(1, dtype=object)

    box = Box()

    def f(x):
        box.items[0] = x * 2
        return x

    with pytest.raises((ImpureError, TypeError)):
        compile(f, "numpy")(2.0)


SHARED = {
    "spawn": (np.random.SeedSequence(1), lambda s: np.random.default_rng(s.spawn(1)[0]).normal()),
    "bits": (np.random.PCG64(1), lambda b: np.random.Generator(b).normal()),
    "spawned": (np.random.default_rng(1), lambda g: g.spawn(1)[0].normal()),
}


@pytest.mark.parametrize("key", SHARED)
def test_generators_of_every_kind(key):
    source, draw = SHARED[key]
    with pytest.raises(ImpureError, match="draws random numbers"):
        compile(lambda x: x * draw(source), "numpy")(1.0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: np.random.default_rng().normal(),
        lambda: np.random.RandomState().normal(),
        lambda: np.random.Generator(np.random.PCG64()).normal(),
        lambda: os.urandom(1)[0],
    ],
)
def test_what_is_not_seeded_is_refused(draw):
    with pytest.raises(ImpureError, match="draws random numbers"):
        compile(lambda x: x * draw(), "numpy")(1.0)


def test_draws_out_of_sight_are_not_repeated():
    stats = pytest.importorskip("scipy.stats")
    f = compile(lambda x: x * stats.norm.rvs(), "numpy")
    assert len({float(f(1.0)) for _ in range(6)}) == 6


# ---------------------------------------------------------------- the walk


class Closing:
    closed = False

    def __init__(self):
        self.w = np.ones(3)

    def __del__(self):
        type(self).closed = True


def test_no_copy_of_an_object_comes_to_its_end():
    h = Closing()
    c = compile(lambda x: (h.w * x).sum(), "numpy")
    for _ in range(3):
        assert c(X) == 6.0
    assert not Closing.closed


class Proxy:
    """As those of web frameworks: everything is asked of an object that is not there."""

    __slots__ = ()

    @property
    def __class__(self):
        raise RuntimeError("out of context")

    @property
    def __dict__(self):
        raise RuntimeError("out of context")

    def __getattr__(self, name):
        raise RuntimeError("out of context")


def graph(n):
    nodes = [types.SimpleNamespace(near=[], number=float(k)) for k in range(n)]
    for a, b in itertools.pairwise(nodes):
        a.near.append(b)
        b.near.append(a)
    return nodes


def test_what_raises_when_it_is_asked_is_left_alone():
    proxy = Proxy()
    c = compile(lambda x: x * (1.0 if proxy is not None else 2.0), "numpy")
    assert [c(2.0), c(3.0)] == [2.0, 3.0]


def test_a_large_graph_runs_as_it_is_with_one_warning():
    nodes = graph(30_000)
    c = compile(lambda x: x * nodes[0].near[0].number, "numpy")
    with pytest.warns(CompileWarning, match="refers to more than can be looked through") as seen:
        found = [c(2.0), c(3.0)]
    nodes[1].number = 5.0
    assert [*found, c(2.0)] == [2.0, 3.0, 10.0]
    assert len(seen) == 1


def test_objects_of_other_packages_end_in_time():
    sympy = pytest.importorskip("sympy")
    half = sympy.Rational(1, 2)
    c = compile(lambda x: x * float(half), "numpy")
    assert [c(2.0), c(3.0)] == [1.0, 1.5]


def test_compiled_methods_let_their_instances_go():
    class Layer:
        def __init__(self):
            self.w = np.ones(3)

        @compile(backend="numpy")
        def apply(self, x):
            return (self.w * x).sum()

    ends = []
    for _ in range(3):
        layer = Layer()
        for _ in range(3):
            assert layer.apply(X) == 6.0
        ends.append(weakref.ref(layer))
        del layer
    assert [e() for e in ends] == [None] * 3
    assert not Layer.apply.specialisations


VARIABLE = contextvars.ContextVar("variable", default=1.0)
scaled = ad.custom_rule("scaled", lambda x: x * VARIABLE.get(), [lambda x: 0 * x + 3])


@pytest.mark.parametrize("backend", BACKENDS)
def test_rules_see_the_context_of_their_caller(backend):
    token = VARIABLE.set(3.0)
    try:
        c = compile(lambda x: scaled(x) * X, backend)
        for _ in range(2):
            np.testing.assert_allclose(c(X), 3 * X * X)
    finally:
        VARIABLE.reset(token)


@pytest.mark.parametrize("entry", [0, 57, 99])
def test_checkpoint_compares_all_of_a_captured_array(entry):
    w, x = np.ones(100), np.ones(100)
    _, pullback = ad.vjp(lambda x: ad.checkpoint(lambda x: (w * x).sum() * 1.0)(x), x)
    w[entry] = 5.0
    with pytest.raises(ValueError, match="something that it reads was changed"):
        pullback(1.0)


def test_ranges_of_the_same_numbers_are_told_apart():
    f = compile(lambda x, r: x * r.stop, "numpy")
    assert [f(2.0, range(0, 3, 2)), f(2.0, range(0, 4, 2))] == [6.0, 8.0]


@pytest.mark.parametrize("x", [np.array([np.inf, 1.0, 2.0]), np.array([-np.inf, 0.0, 2.0]), X])
def test_the_automatic_mode_is_that_of_the_function_itself(x):
    def f(x):
        unused = np.exp(x) * np.sin(x)
        del unused
        return np.stack([x[0] * x[1], x[1] / x[2], x[2] - x[0]])

    j = ad.jacobian(f)
    np.testing.assert_equal(compile(j, "interpreter")(x), j(x))


@pytest.mark.parametrize("backend", BACKENDS)
def test_positions_that_have_no_derivative_steer_a_compiled_gradient(backend):
    def f(x):
        k = (np.floor(x) * 1.0).astype(int) % 3
        return (x * X[k]).sum()

    def lost(x):
        return (x * X[(x * 2.0).astype(int) % 3]).sum()

    g = compile(ad.grad(f), backend)
    for x in (X * 0.7, X * 1.3):
        np.testing.assert_allclose(g(x), ad.grad(f)(x))
    for h in (ad.grad(lost), compile(ad.grad(lost), backend)):
        with pytest.raises(TypeError, match="lose the derivative"):
            h(X)
