"""A NumPy function on another library: every way in which its code can name NumPy. The library is
a stand-in that notes which functions are called."""

import functools
import math
import types

import numpy as np
import numpy.linalg as la
import pytest
from numpy import exp as e_
from numpy import sin

import admodes as ad
from admodes.core.rebinding import Library, rebound
from admodes.lab.unrolling import unrolled
from admodes.problems import PROBLEMS, Scenario
from admodes.python_code.kernels import plain_kernel

CALLED = []


def noted(path, f):
    @functools.wraps(f)
    def call(*args, **kwargs):
        CALLED.append(path)
        return f(*args, **kwargs)

    return call


INNER = types.SimpleNamespace(norm=noted("linalg.norm", np.linalg.norm))
NAMES = ["sin", "cos", "exp", "tanh", "sum", "dot", "where", "multiply", "add", "matmul", "square"]
OTHER = types.SimpleNamespace(**{n: noted(n, getattr(np, n)) for n in NAMES}, linalg=INNER)
LIBRARY = Library({"numpy": OTHER}, kernel=plain_kernel)
X = np.array([1.0, 2.0])
A = np.array([[1.0, 2.0], [3.0, 4.0]])


def called(f, *args, library=LIBRARY):
    """What was called in the library; the value must be that of f."""
    expected = f(*args)
    CALLED.clear()
    np.testing.assert_array_equal(rebound(f, library)(*args), expected)
    return CALLED


def by_module(x):
    return np.sum(np.sin(x))


def by_name(x):
    return e_(sin(x))


def helper(x, scale=np.cos):
    return scale(x)


def by_helper(x):
    return helper(by_name(x))


def by_submodule(x):
    return la.norm(x) + np.linalg.norm(x)


def by_import(x):
    import numpy as q
    from numpy import tanh
    from numpy.linalg import norm

    return q.cos(x) * norm(x) + tanh(x)


def recursive(x, n=2):
    return recursive(np.sin(x), n - 1) if n else x


class Base:
    factor = 2.0

    def __init__(self):
        self.outer = sin

    def inner(self, x):
        return np.cos(x)


class Model(Base):
    __slots__ = ("a",)

    def __init__(self):
        super().__init__()
        self.a = A

    def inner(self, x):
        return super().inner(x) * self.factor + self.helped(x)

    @staticmethod
    def helped(x):
        return np.tanh(x)

    @property
    def matrix(self):
        return np.exp(self.a)

    def loss(self, x):
        return np.sum(self.outer(self.matrix @ self.inner(x)))

    def __call__(self, x):
        return self.loss(x)


def inside(f):
    return lambda x: f(np.cos(x))


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (by_module, ["sin", "sum"]),
        (by_name, ["sin", "exp"]),
        (by_helper, ["sin", "exp", "cos"]),
        (by_submodule, ["linalg.norm", "linalg.norm"]),
        (by_import, ["cos", "linalg.norm", "tanh"]),
        (recursive, ["sin", "sin"]),
        (inside(sin), ["cos", "sin"]),
        (functools.partial(helper, scale=np.tanh), ["tanh"]),
        (Model().loss, ["exp", "cos", "tanh", "sin", "sum"]),
        (Model(), ["exp", "cos", "tanh", "sin", "sum"]),
        (lambda x: [g(x) for g in (np.sin, e_)][1], ["sin", "exp"]),
        (lambda x: {"f": np.sin}["f"](x), ["sin"]),
        (lambda x: ad.sin(x), ["sin"]),
        (ad.parse("sin(x)"), ["sin"]),
        (np.sin, ["sin"]),
    ],
)
def test_whatever_names_numpy_names_the_library(f, names):
    assert called(f, X) == names


def test_what_the_library_lacks_stays_numpys_and_python_stays_python():
    def f(x):
        with np.errstate(all="ignore"):
            return np.cumsum(x) * math.pi + len(x) + np.float64(2)

    assert called(f, X) == []


def test_arrays_that_a_function_holds_become_the_librarys():
    converted = []

    def array(x):
        converted.append(x)
        return x.copy()

    number = np.float64(2.0)

    def f(x):
        return A @ x * number

    called(f, X, library=Library({"numpy": OTHER}, array))
    assert len(converted) == 1
    assert converted[0] is A


def test_nothing_of_the_user_changes():
    model = Model()
    before = dict(globals()), dict(vars(model)), dict(Model.__dict__)
    rebound(model.loss, LIBRARY)(X)
    rebound(by_helper, LIBRARY)(X)
    assert (dict(globals()), dict(vars(model)), dict(Model.__dict__)) == before
    assert by_helper.__globals__["np"] is np
    assert helper.__defaults__ == (np.cos,)


def test_a_global_that_a_function_counts_in_is_its_copys_own():
    space = {"np": np, "n": 0, "__name__": "a_users_module"}
    source = "def f(x):\n    global n\n    n += 1\n    return np.sin(x) * n\n"
    exec(source, space)
    copy = rebound(space["f"], LIBRARY)
    copy(1.0)
    copy(1.0)
    assert space["n"] == 0


@pytest.mark.parametrize("name", ["bu-einsum-trace", "cpsc532s", "rosenbrock", "bu-perceptron"])
def test_an_unrolled_program_is_the_function(name):
    p = PROBLEMS[name]
    s = Scenario(name, p.function, p.args, tuple(range(len(p.args))), "jacobian")
    got = unrolled(s, Library({"numpy": np}, np.copy))(*s.args)
    np.testing.assert_allclose(np.ravel(got), np.ravel(p.function(*s.args)), rtol=1e-15)


def test_an_unrolled_program_runs_on_the_library():
    def f(x, n):
        for _ in range(n):
            x = np.sin(A @ x)
        return {"y": x}

    s = Scenario("loop", f, (X, 2), (0,), "jacobian")
    CALLED.clear()
    got = unrolled(s, LIBRARY)(X, 2)
    np.testing.assert_array_equal(got["y"], f(X, 2)["y"])
    assert CALLED == ["matmul", "sin", "matmul", "sin"]
