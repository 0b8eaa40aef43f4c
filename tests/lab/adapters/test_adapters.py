"""The libraries themselves, each loaded once for all functions: plain NumPy code goes to them
unchanged, and they all give the derivative."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from numpy import exp as e_
from numpy import sin

import admodes as ad
from admodes.lab.adapters import adapters
from admodes.lab.adapters.adapter import REBINDING, UNROLLED
from admodes.lab.comparison import comparisons
from admodes.problems import Scenario

A = np.arange(12.0).reshape(4, 3) / 10
X, Y = np.array([0.1, -0.2, 0.3]), np.array([2.0, 3.0])

LIBRARIES = ("sympy", "finite differences adaptive", "autograd", "jax", "torch", "casadi")


def helper(x):
    return e_(sin(x))


class Model:
    def __init__(self, matrix):
        self.matrix = matrix

    def loss(self, x):
        import numpy.linalg as la

        return np.log1p(np.sum(helper(self.matrix @ x))) + la.norm(x)


def tree(x, y):
    """Several arguments, several outputs: more of them than inputs."""
    return {"b": np.outer(x, y["v"]), "a": (x[0] * y["n"], y["v"] @ y["v"])}


def by_branch(x):
    """Decides by the values, which a jitted function cannot: its program is the next route."""
    while np.sum(x * x) < 2.0:
        x = 2.0 * x
    return np.sum(x**3)


def small(x):
    return x[0] ** 2 * x[1] + sin(x[1])


def scenario(f, args, operator):
    return Scenario(f.__name__, f, args, tuple(range(len(args))), operator)


SCENARIOS = [
    scenario(Model(A).loss, (X,), "gradient"),
    scenario(tree, (X, {"v": Y, "n": 4.0}), "jacobian"),
    scenario(by_branch, (X,), "gradient"),
    scenario(small, (Y,), "hessian"),
    scenario(small, (Y,), "hvp"),
]
CASES = [f"{s.name} {s.operator}" for s in SCENARIOS]
NAMES = [a.backend for a in adapters() if a.backend.startswith(LIBRARIES)]


@pytest.fixture(scope="module")
def rows():
    found = comparisons(SCENARIOS, backends=LIBRARIES, rounds=1, limit=300.0)
    return {case: {row.backend: row for row in c.rows} for case, c in zip(CASES, found)}


def row_of(rows, case, backend):
    package = next(a.package for a in adapters() if a.backend == backend)
    if importlib.util.find_spec(package) is None:
        assert rows[case][backend].status == "missing"
        pytest.skip(f"{package} is not installed")
    return rows[case][backend]


@pytest.mark.parametrize("backend", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_every_library_gives_the_derivative(rows, case, backend):
    row = row_of(rows, case, backend)
    assert row.status == "ok", row.reason
    assert row.operator == case.split()[1]
    assert row.version
    assert row.first_s > 0
    assert row.time_s > 0
    if "differences" not in backend:
        # Their own kernels of exp, sin and log may be off by some units.
        assert row.error_ulp <= 16
        assert row.operations is None


@pytest.mark.parametrize(
    ("backend", "routes"),
    [
        ("autograd", (REBINDING, REBINDING, REBINDING)),
        ("jax jacrev", (REBINDING, REBINDING, REBINDING)),
        ("jax jit", (REBINDING, REBINDING, UNROLLED)),
        ("torch", (REBINDING, REBINDING, REBINDING)),
        ("sympy", (UNROLLED, UNROLLED, UNROLLED)),
    ],
)
def test_a_row_names_its_route_and_why_not_an_earlier_one(rows, backend, routes):
    for case, route in zip(CASES, routes):
        row = row_of(rows, case, backend)
        assert row.route == route
        tried = backend != "sympy" and route == UNROLLED
        assert row.reason.startswith(f"{REBINDING}: ") if tried else row.reason is None


def test_what_is_compiled_calls_the_function_no_more(rows):
    for backend in ("sympy", "jax jit", "casadi"):
        assert row_of(rows, CASES[0], backend).calls_of_f == 0
    for backend in ("autograd", "jax jacfwd", "torch"):
        assert row_of(rows, CASES[0], backend).calls_of_f == 1


def test_where_jax_has_been_used_its_rows_fail_at_once():
    pytest.importorskip("jax")
    code = (
        "import jax, numpy as np, admodes as ad\n"
        "def rows():\n"
        "    return ad.compare(np.sum, np.ones(2), backends=['jax'], limit=60.0, rounds=1).rows\n"
        "unused = {row.status for row in rows()}\n"
        "jax.numpy.ones(2)\n"
        "used = {row.reason for row in rows()}\n"
        "print(unused, used)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("{'ok'} {'jax has been used in this process, and hangs in forks")


def test_casadi_takes_the_largest_entries_without_deciding():
    pytest.importorskip("casadi")
    f = lambda x: (A * x).max(axis=1, keepdims=True).sum()  # noqa: E731
    row, *_ = ad.compare(f, X, backends=["casadi"], rounds=1).rows
    assert (row.status, row.route) == ("ok", UNROLLED), row.reason


def test_sympy_names_the_operation_that_it_has_no_formula_for():
    row, _ = ad.compare(
        lambda x: np.linalg.det(np.linalg.inv(x)), np.eye(3), backends=["sympy"]
    ).rows
    assert row.status == "failed"
    assert "has no symbolic form" in row.reason


def test_a_gradient_needs_one_number():
    with pytest.raises(ad.Error, match="tree returned 8: ask for the jacobian"):
        ad.compare(tree, X, {"v": Y, "n": 4.0}, of="gradient", backends=["admodes"])
