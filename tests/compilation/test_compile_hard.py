"""Hard cases for a compiled function: whatever it refers to, and however that changes, it gives
what the function itself gives, or an error."""

import collections
import dataclasses
import functools
import sys
import types

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import CompileWarning, ImpureError, compile

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

X = np.array([0.3, 0.5, 0.8])


def agree(compiled, f, *args):
    np.testing.assert_allclose(compiled(*args), f(*args), rtol=1e-12, atol=1e-13)


READS = {
    "branch": lambda c: lambda x: x * 2 if c[0] > 2 else x * 3,
    "branch on all": lambda c: lambda x: x * 2 if np.any(c > 4) else x * 3,
    "branch on nan": lambda c: lambda x: x * 2 if np.isnan(c).any() else x * 3,
    "closeness": lambda c: lambda x: x * 2 if np.allclose(c, [2, -3, 1], rtol=1e-2) else x,
    "bound": lambda c: lambda x: functools.reduce(lambda y, _: y * 1.5, range(int(abs(c[0]))), x),
    "position": lambda c: lambda x: x * x[np.argmax(c)],
    "order": lambda c: lambda x: x[np.argsort(c)] * np.sort(c),
    "count": lambda c: lambda x: x * (c > 0).sum(),
    "nonzero": lambda c: lambda x: x * np.count_nonzero(c),
    "rows of a mask": lambda c: lambda x: np.sum(x[c > 0]),
    "sign of entries": lambda c: lambda x: x * np.sign(c[None] * np.ones((2, 1))).sum(0),
    "integers": lambda c: lambda x: x[np.abs(c).astype(int) % 3],
    "bins": lambda c: lambda x: x * np.searchsorted(np.sort(c), 1.5),
    "interpolation": lambda c: lambda x: x * np.interp(1.5, np.sort(c), c),
    "rounded": lambda c: lambda x: x * round(float(c[0])),
    "a text": lambda c: lambda x: x * len(f"{c[0]:.0f}"),
    "a list": lambda c: lambda x: sum(a * x for a in c.tolist()),
    "entries": lambda c: lambda x: sum(a * x for a in c),
    "the greater": lambda c: lambda x: x * max(c[0], c[1]),
    "bounded": lambda c: lambda x: x * np.clip(c, 0, 4),
    "rectified": lambda c: lambda x: x * np.maximum(c, 0).sum(),
    "saturated": lambda c: lambda x: x * np.tanh(1e9 * c),
    "vanished": lambda c: lambda x: x * np.exp(1e6 * np.minimum(c, 0)),
    "infinite": lambda c: lambda x: x * (1 / np.where(c > 2, np.inf, c)),
    "a copy": lambda c: lambda x: x * c.copy() + np.array(c),
    "another shape": lambda c: lambda x: c.reshape(3, 1).T[0] * x + c[::-1].ravel(),
    "gradient": lambda c: ad.grad(lambda x: (np.maximum(c, 0) * x**2).sum()),
    "exponents": lambda c: ad.grad(lambda x: (x**c).sum()),
    "hessian": lambda c: lambda x: ad.hessian(lambda x: c @ (x**3))(x).diagonal(),
    "forward": lambda c: lambda x: ad.jacobian(lambda x: c * x + c[0], mode="forward")(x).sum(0),
    "reverse": lambda c: lambda x: ad.jacobian(lambda x: c * x + c[0], mode="reverse")(x).sum(0),
    "product": lambda c: lambda x: ad.hvp(lambda x: np.outer(c, c) @ x @ x, x, np.ones(3)),
    "samples": lambda c: lambda x: ad.vmap(lambda s: (c * s).sum() * x)(c),
    "derivative of it": lambda c: lambda x: x * ad.grad(lambda c: (c**2).sum())(c),
}
ENTRIES = np.array([[2, -3, 1], [5, -3, 1], [1, 1, 9], [-1, np.nan, 0], [0.4, 0.4, 0.4]])


@pytest.mark.parametrize("make", READS.values(), ids=list(READS))
def test_entries_that_are_read_outside_the_recording(make):
    c = np.zeros(3)
    f = make(c)
    c[:] = ENTRIES[0]
    compiled = compile(f, "numpy")
    with np.errstate(all="ignore"):
        for entries in (*ENTRIES, *ENTRIES):
            c[:] = entries
            try:
                expected = f(X)
            except ValueError:
                continue
            np.testing.assert_allclose(compiled(X), expected, rtol=1e-12, atol=1e-13)


def test_direct_uses_need_no_other_recording(backend):
    w, b = np.random.default_rng(0).normal(size=(2, 3, 3))
    f = ad.grad(lambda x: ((w @ np.tanh(w @ x + b[0]) - b[2, ::-1]) ** 2).sum())
    compiled = compile(f, backend)
    for _ in range(3):
        agree(compiled, f, X)
        w *= 1.1
        b[0] += 0.5
    assert len(compiled.specialisations) == 1


@dataclasses.dataclass
class Config:
    rate: float
    shift: np.ndarray


class Held:
    """State behind what Python calls without its being named."""

    def __init__(self):
        self.d = {"w": 2.0, "v": np.ones(3)}
        self.k = 2.0

    def __getattr__(self, name):
        try:
            return self.__dict__["d"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name):
        return self.d[name]

    def __len__(self):
        return len(self.d)

    def __iter__(self):
        return iter((self.k, 1.0))

    def __contains__(self, x):
        return x == self.k

    def __enter__(self):
        return self.k

    def __exit__(self, *error):
        pass

    def __bool__(self):
        return self.k > 2

    def __eq__(self, other):
        return self.k == other

    __hash__ = None

    def inner(self, x):
        return x + self.k

    def outer(self, x):
        return self.inner(x) * 2


class Above(Held):
    def outer(self, x):
        return super().outer(x) + 1


class Stored:
    """A descriptor with state of its own."""

    def __init__(self):
        self.content = 2.0

    def __get__(self, instance, owner):
        return self.content


def within(h):
    def f(x):
        with h as k:
            return x * k

    return f


STATES = {
    "getattr": (Held, lambda h: lambda x: x * h.w + h.v, lambda h: h.d.update(w=5.0)),
    "array behind getattr": (Held, lambda h: lambda x: x + h.v, lambda h: h.d["v"].fill(4.0)),
    "getitem": (Held, lambda h: lambda x: x * h["w"] * len(h), lambda h: h.d.update(w=5.0, u=1)),
    "iter": (Held, lambda h: lambda x: sum(k * x for k in h), lambda h: vars(h).update(k=5.0)),
    "contains": (Held, lambda h: lambda x: x if 2.0 in h else -x, lambda h: vars(h).update(k=5.0)),
    "with": (Held, within, lambda h: vars(h).update(k=5.0)),
    "bool": (Held, lambda h: lambda x: x if h else -x, lambda h: vars(h).update(k=5.0)),
    "equality": (Held, lambda h: lambda x: x if h == 2.0 else -x, lambda h: vars(h).update(k=5.0)),
    "vars": (Held, lambda h: lambda x: x * vars(h)["k"], lambda h: vars(h).update(k=5.0)),
    "by name": (Held, lambda h: lambda x: x * getattr(h, "k", 1.0), lambda h: setattr(h, "k", 9)),
    "not yet": (Held, lambda h: lambda x: x * getattr(h, "z", 1.0), lambda h: setattr(h, "z", 9.0)),
    "super": (Above, lambda h: h.outer, lambda h: setattr(h, "k", 5.0)),
    "method of it": (Held, lambda h: h.outer, lambda h: vars(h).update(inner=lambda x: -x)),
    "class of it": (Held, lambda h: h.outer, lambda h: setattr(h, "__class__", Above)),
    "descriptor": (
        lambda: type("D", (), {"s": Stored()})(),
        lambda h: lambda x: x * h.s,
        lambda h: setattr(type(h).__dict__["s"], "content", 5.0),
    ),
    "dataclass": (
        lambda: Config(2.0, np.ones(3)),
        lambda h: lambda x: x * h.rate + h.shift,
        lambda h: (setattr(h, "rate", 3.0), h.shift.fill(2.0)),
    ),
    "list with attributes": (
        lambda: type("L", (list,), {"k": 2.0})([1.0]),
        lambda h: lambda x: x * h.k * h[0],
        lambda h: setattr(h, "k", 5.0),
    ),
    "ordered": (
        lambda: collections.OrderedDict(a=1.0, b=2.0),
        lambda h: lambda x: x ** next(iter(h.values())),
        lambda h: h.move_to_end("a"),
    ),
    "objects in an array": (
        lambda: np.array([2.0, np.ones(3)], dtype=object),
        lambda h: lambda x: x * h[0] + h[1],
        lambda h: h[1].fill(3.0),
    ),
    "records": (
        lambda: np.array([(1.0, 2)], dtype=[("a", float), ("b", int)]),
        lambda h: lambda x: x * h["a"][0],
        lambda h: h["a"].fill(3.0),
    ),
    "bytes": (
        lambda: bytearray(b"\2"),
        lambda h: lambda x: x * h[0],
        lambda h: h.insert(0, 5),
    ),
    "shape": (
        lambda: np.arange(6.0).reshape(2, 3),
        lambda h: lambda x: np.sum(h * x[0], axis=0),
        lambda h: setattr(h, "shape", (3, 2)),
    ),
    "ufunc": (
        lambda: types.SimpleNamespace(act=np.tanh),
        lambda h: lambda x: h.act(x),
        lambda h: setattr(h, "act", np.sin),
    ),
    "keywords": (
        lambda: functools.partial(lambda x, a: a * x, a=2.0),
        lambda h: h,
        lambda h: h.keywords.update(a=5.0),
    ),
}


@pytest.mark.parametrize(("make", "of", "change"), STATES.values(), ids=list(STATES))
def test_state_in_hidden_places(make, of, change):
    held = make()
    f = of(held)
    compiled = compile(f, "numpy")
    agree(compiled, f, X)
    agree(compiled, f, X)
    change(held)
    agree(compiled, f, X)
    agree(compiled, f, X)


def test_functions_that_are_changed_in_place():
    def helper(x, k=2.0):
        return x * k

    def other(x, k=3.0):
        return -x * k

    def f(x):
        return helper(x) * f.factor

    f.factor = 1.0
    compiled = compile(f, "numpy")
    agree(compiled, f, X)
    helper.__defaults__ = (5.0,)
    agree(compiled, f, X)
    helper.__code__ = other.__code__
    agree(compiled, f, X)
    f.factor = 7.0
    agree(compiled, f, X)


def test_names_that_are_not_bound_yet():
    space = {}
    exec("def f(x):\n try:\n  return x * k\n except NameError:\n  return x", space)
    compiled = compile(space["f"], "numpy")
    assert compiled(2.0) == 2.0
    space["k"] = 5.0
    assert compiled(2.0) == 10.0


def test_modules_that_are_imported_inside(monkeypatch):
    module = types.ModuleType("module_of_the_user")
    module.k = 2.0
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def f(x):
        import module_of_the_user
        from module_of_the_user import k

        return x * module_of_the_user.k + k

    compiled = compile(f, "numpy")
    agree(compiled, f, X)
    module.k = 5.0
    agree(compiled, f, X)


def test_the_rules_of_custom_operations_refer_to_things_too(backend):
    factor, a = [2.0], np.arange(3.0)
    op = ad.custom_rule(
        "hard_op", lambda x: x * factor[0] + a.sum(), [lambda x: factor[0] * a.sum() + 0 * x]
    )
    for f in (op, ad.grad(lambda x: op(x).sum()), ad.jacobian(op)):
        compiled = compile(f, backend)
        agree(compiled, f, X)
        factor[0] += 1
        agree(compiled, f, X)
        a += 1
        agree(compiled, f, X)


def test_an_array_that_a_method_of_a_class_reads_by_itself():
    class Model:
        def __init__(self, w):
            self.w = w

        def doubled(self):
            return WEIGHTS * 2

        def __call__(self, x):
            return self.w * x + self.doubled()

    model = Model(WEIGHTS)
    compiled = compile(model, "numpy")
    before = WEIGHTS.copy()
    agree(compiled, model, X)
    WEIGHTS[:] = 3.0
    agree(compiled, model, X)
    WEIGHTS[:] = before


WEIGHTS = np.ones(3)


def test_arguments_that_are_changed_by_in_place_operators():
    def f(x):
        x -= x.mean()
        return (x**2).sum()

    with pytest.raises(ImpureError, match="f changes argument 0 in place"):
        compile(f)(X)
    agree(compile(lambda x: f(x * 1.0)), lambda x: f(x * 1.0), X)
    agree(compile(ad.grad(f)), ad.grad(f), X)
    assert compile(lambda x, s: [s := s + v for v in x])([1.0], 2.0) == [3.0]


def test_iterators_are_refused():
    it, gen = iter([1.0, 2.0]), (k for k in range(9))
    for f in (lambda x: x * next(it), lambda x: x * next(gen)):
        with pytest.raises(ImpureError, match=r"refers to an iterator \(the variable"):
            compile(f)(1.0)


def test_counters_are_run_as_they_are():
    space = {}
    text = "def f(x):\n global n\n n = globals().get('n', 0) + 1\n return x * n"
    exec(text, space)
    compiled = compile(space["f"], "numpy")
    found = [compiled(1.0) for _ in range(3)]
    with pytest.warns(CompileWarning, match="changes the global n at each run"):
        found.append(compiled(1.0))
    assert found == sorted(set(found))
