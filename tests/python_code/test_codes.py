"""Printed programs run on NumPy alone, and give what ad.jvp and ad.vjp give.

All texts are run by one other interpreter, in which admodes and scipy cannot be imported.
"""

from __future__ import annotations

import functools
import importlib
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from random_arrays import MOVES, ArrayProgram

import admodes as ad
from admodes.core.carrier import quiet
from admodes.core.op import REGISTRY
from admodes.core.pytree import flatten, unflatten
from admodes.problems import PROBLEMS
from admodes.python_code import Code, code
from admodes.python_code.kernels import PLAINER

EXAMPLES = Path(__file__).parents[2] / "examples" / "codes"
NAMES = ("bundle_adjustment", "gaussian_process", "kalman", "logistic_regression", "two_body")
RANDOM = np.random.default_rng(12)

DRIVER = """
import pickle, sys
for name in ("admodes", "scipy", "sympy"):
    sys.modules[name] = None
import numpy as np
found = []
np.seterr(all="ignore")
for text, name, arguments in pickle.load(sys.stdin.buffer):
    space = {}
    try:
        exec(text, space)
        results = []
        for suffix, given in zip(("", "_tangent", "_adjoint"), arguments):
            results.append(space[name + suffix](*given))
    except Exception as error:
        results = repr(error)
    found.append(results)
pickle.dump(found, sys.stdout.buffer)
"""


def normal(*shape):
    return RANDOM.normal(size=shape)


X4 = normal(4)


def network(params, x):
    (W, b), (V, c) = params["layers"]
    h = np.maximum(x @ W + b, 0)
    return {"y": h @ V + c, "penalty": params["weight"] * np.sum(W**2)}


def _with_defaults(x, scale, power=2, *, shift=1.0):
    return scale * x**power + shift


M = normal(3, 4)
ARRAYS = {
    "broadcasting": (lambda x, y, s: (x + y) * s / (1 + x**2), (normal(3, 1), normal(4), 2.5)),
    "into a row": (lambda x, y: x * y - x / 3, (normal(1, 4), normal(3, 4))),
    "extra axes": (lambda x, y: np.sum(x * y, axis=(0, 2)), (normal(2, 3, 4), normal(3, 1))),
    "products": (lambda A, x: (A @ x, (A.T @ A) @ x, x @ x), (normal(3, 4), normal(4))),
    "stacked products": (lambda A, B: A @ B, (normal(5, 3, 4), normal(4, 2))),
    "vector by stack": (lambda x, B: x @ B, (normal(4), normal(5, 4, 2))),
    "einsum": (lambda A, B: np.einsum("ij,kj->ik", A, B), (normal(3, 4), normal(2, 4))),
    "reductions": (
        lambda x: (x.sum(axis=0, keepdims=True), x.mean(axis=1), np.max(x, axis=0), np.prod(x)),
        (normal(3, 4),),
    ),
    "scans": (lambda x: (np.cumsum(x, axis=1), np.cumprod(x[0]), np.sort(x[1])), (normal(3, 4),)),
    "indexing": (
        lambda x: (x[1], x[:, ::-1], x[[0, 2, 2], 1:3], x[..., None], x[x > 0], x[-1, 2]),
        (normal(3, 4),),
    ),
    "moves": (
        lambda x: (np.roll(x, 1, 0), np.tile(x, 2), np.pad(x, 1), np.diag(x[:, :3]), np.triu(x)),
        (normal(3, 4),),
    ),
    "joined": (
        lambda x, y: (np.concatenate([x, y, x], axis=1), np.stack([x[0], x[1]], axis=-1)),
        (normal(3, 4), normal(3, 2)),
    ),
    "choices": (
        lambda x, y: (
            np.where(x > y, x, 2 * y),
            np.clip(x, -0.5, 0.5),
            np.abs(x),
            np.minimum(x, y),
        ),
        (normal(3, 4), normal(4)),
    ),
    "activations": (
        lambda x: (ad.sigmoid(x), ad.softplus(x), ad.relu(x), ad.elu(x), ad.leaky_relu(x, 0.1)),
        (normal(3, 4),),
    ),
    "elementary": (
        lambda x: (np.log1p(x * x), np.arctan2(x, 2), np.hypot(x, 1), np.cbrt(x), np.sinc(x)),
        (normal(3, 4),),
    ),
    "linear algebra": (
        lambda A: (np.linalg.solve(A @ A.T + np.eye(3), A), np.linalg.slogdet(A @ A.T)[1]),
        (M,),
    ),
    "decompositions": (
        lambda A: (np.linalg.cholesky(A @ A.T), np.linalg.inv(A @ A.T), np.linalg.eigh(A @ A.T)[0]),
        (M,),
    ),
    "pytrees": (
        network,
        ({"layers": [(normal(4, 5), normal(5)), (normal(5, 2), normal(2))], "weight": 0.1}, M),
    ),
    "size 0": (lambda x, y: (np.sum(x * x), x @ y), (np.zeros((0, 3)), normal(3))),
    "size 1": (lambda x, y: x * y + x[0], (normal(1, 1), normal(3, 1))),
    "constants": (lambda x: M @ x + np.arange(3.0) - np.full(3, np.inf), (normal(4),)),
    "an input returned": (lambda x, y: (x, x, 2.0, y * 0), (normal(2), 3.0)),
    "error function": (lambda x: ad.gelu(x) + ad.erf(x), (normal(4),)),
}
SCALARS = {
    "loop": (lambda x, y: functools.reduce(lambda a, b: a * b - y, [x] * 30), (1.1, 2.0)),
    "powers": (lambda x, y: (x**y, x**3, 2**x, x**-0.5), (1.3, 2.2)),
    "branches": (lambda x: ad.sin(x) if x > 0 and x < 2 else -x, (1.0,)),
    "kinks": (lambda x, y: (ad.maximum(x, y), abs(x - y), ad.relu(x)), (1.0, 1.0)),
    "special": (lambda x: ad.erf(x) * ad.erfc(x), (1.4,)),
    "domain": (lambda x, y: (ad.ln(x) * y, 1 / y, x / 3), (-1.0, 0.0)),
    "no use": (lambda x, y: x * 2, (1.0, 2.0)),
    "names that meet": (lambda x, x1: (x[0] * x1, [x[1], {"a b": x}]), (np.ones(2), 2.0)),
    "a tuple of one": (lambda x: (x[0] / x[1],), (np.array([1.0, 2.0]),)),
    "a list of one": (lambda x: [x * x], (1.5,)),
    "a list of arguments": (lambda p, q: p[0] * p[1] * q["s"][0], ([1.5, 2.0], {"s": (0.5,)})),
    "a vector of one": (lambda x: x * x[0], (np.array([3.0]),)),
    "a matrix taken apart": (lambda m: m[0] * np.sum(m[1]), (np.arange(4.0).reshape(2, 2),)),
    "flipped": (lambda x: np.flip(x), (np.arange(3.0),)),
    "starred": (lambda *xs: xs[0] * xs[1], (1.5, 2.0)),
    "defaults": (_with_defaults, (np.array([1.0, 2.0]), 3.0)),
    "a vector taken apart": (lambda x: x[0] * x[1] / x[2], (np.array([1.0, 2.0, 3.0]),)),
}


def cases():
    for name, problem in PROBLEMS.items():
        yield (
            name,
            problem.function,
            tuple(np.array(v) if np.ndim(v) else v for v in problem.at.values()),
        )
    sys.path.insert(0, str(EXAMPLES))
    for name in NAMES:
        yield name, *importlib.import_module(name).example()
    for name, (f, args) in {**ARRAYS, **SCALARS}.items():
        yield name, f, args
    for seed, name in enumerate(sorted(MOVES)[::3]):
        p = ArrayProgram.grown(seed, name)
        if not NO_NUMPY & {step.name for step in p.steps}:
            yield f"random {name}", (lambda *xs, p=p: p(*xs)), p.inputs


NO_NUMPY = {"digamma", "trigamma", "gammaln"}
CASES = {name: (f, args) for name, f, args in cases()}


def expected(f, args):
    """What admodes gives, and the arguments of the three printed functions."""
    xs, tree = flatten(tuple(args))
    xs = [np.asarray(x, float) if np.ndim(x) else float(x) for x in xs]
    dots = [normal(*np.shape(x)) if np.ndim(x) else float(normal()) for x in xs]
    xs, dots = unflatten(tree, xs), unflatten(tree, dots)
    out, moved = ad.jvp(f, xs, dots)
    ys, out_tree = flatten(out)
    ws = [normal(*np.shape(y)) if np.ndim(y) else float(normal()) for y in ys]
    ws = unflatten(out_tree, ws)
    bars = ad.vjp(f, *xs)[1](ws)
    seeds = ws if isinstance(ws, tuple) else (ws,)
    return (xs, (*xs, *dots), (*xs, *seeds)), (out, (out, moved), bars)


@pytest.fixture(scope="module")
def runs():
    """The results of every printed text, and those of admodes, by case."""
    jobs, wanted = [], {}
    for name, (f, args) in CASES.items():
        printed = code(f, *args)
        given, wanted[name] = expected(f, args)
        jobs.append((printed.source(), printed.name, given))
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER], input=pickle.dumps(jobs), capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return {n: (r, wanted[n]) for n, r in zip(CASES, pickle.loads(ran.stdout), strict=True)}


def shown(tree):
    """The structure, where a named tuple is a tuple: the printed code does not import its class."""
    kind = tuple if tree.kind is not None and hasattr(tree.kind, "_fields") else tree.kind
    return kind, tree.keys, tuple(map(shown, tree.branches))


@pytest.mark.parametrize("name", CASES)
def test_it_gives_what_the_engines_give(runs, name):
    found, wanted = runs[name]
    assert not isinstance(found, str), found
    assert shown(flatten(found[0])[1]) == shown(flatten(wanted[0])[1])
    for part, results in zip(found, wanted, strict=True):
        for x, y in zip(flatten(part)[0], flatten(results)[0], strict=True):
            assert np.shape(x) == np.shape(y)
            finite = np.abs(y)[np.isfinite(y)] if np.ndim(y) else np.abs([y])
            scale = np.max(finite, initial=1.0, where=np.isfinite(finite))
            np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12 * scale)


# In products of several matrices the order of summation is BLAS's own.
SAME_BITS = [n for n in PROBLEMS if "einsum" not in n and n != "bu-tensor-map"]


@pytest.mark.parametrize("name", SAME_BITS)
def test_the_same_operations_give_the_same_bits(runs, name):
    found, wanted = runs[name]
    for part, results in zip(found, wanted, strict=True):
        for x, y in zip(flatten(part)[0], flatten(results)[0], strict=True):
            np.testing.assert_array_equal(x, y)


class TestText:
    section_a = code(PROBLEMS["cpsc532s"].function, 2.0, 1.0)

    def test_it_imports_numpy_and_nothing_else(self):
        imports = [s for s in str(self.section_a).splitlines() if "import" in s]
        assert imports == ["import numpy as np"]

    def test_the_names_are_those_of_the_table(self):
        assert "    v7 = v0 * v6\n" in self.section_a.f
        assert "    v7_dot = v6 * v0_dot + v0 * v6_dot\n" in self.section_a.tangent
        assert "    v6_bar = v0 * v7_bar\n" in self.section_a.adjoint
        order = [
            s.split(" =")[0].strip() for s in self.section_a.adjoint.splitlines() if "_bar =" in s
        ]
        assert order == [f"v{i}_bar" for i in range(11, -1, -1)]

    def test_local_variables_keep_their_names(self):
        def model(W, x):
            hidden = np.tanh(W @ x)
            return hidden @ hidden

        found = code(model, M, np.ones(4))
        assert "hidden = np.tanh(v2)" in found.f
        assert "hidden_dot = " in found.tangent
        assert "hidden_bar = " in found.adjoint
        assert found.adjoint.startswith("def model_adjoint(W, x, y_bar):")

    def test_what_a_sweep_does_not_need_is_left_out(self):
        assert "v8 = " not in self.section_a.adjoint
        assert "v7 = " not in self.section_a.adjoint

    def test_parts(self):
        assert isinstance(self.section_a, Code)
        text = self.section_a.source("f")
        assert "def sigmoid(x)" in text
        assert "_dot" not in text
        assert "0 × inf" not in text
        assert "0 × inf" in self.section_a.source("adjoint")
        with pytest.raises(ValueError, match="choose from f, tangent"):
            self.section_a.source("g")
        assert self.section_a.to_dict()["schema"] == "admodes.code/1"
        assert "<pre>" in self.section_a._repr_html_()

    def test_lines_fit_a_page(self):
        for name in ("bundle_adjustment", "logistic_regression", "speelpenning", "pytrees"):
            f, args = CASES[name]
            assert max(map(len, str(code(f, *args)).splitlines())) <= 80

    def test_another_branch_is_refused(self):
        space: dict = {}
        exec(code(lambda x: x * x if x > 0 else -x, 2.0).source(), space)
        assert space["f_tangent"](3.0, 1.0) == (9.0, 6.0)
        with pytest.raises(AssertionError, match="another branch"):
            space["f"](-3.0)

    def test_names_that_python_does_not_take(self):
        def f(p, y_bar):
            np_ = p["a b"] * p["1"]
            return np_ * y_bar + p["lambda"]

        args = {"a b": X4, "1": 2.0 * X4, "lambda": 3.0}, X4
        found = code(f, *args)
        space: dict = {}
        exec(found.source(), space)
        np.testing.assert_array_equal(space["f"](*args), f(*args))
        bars = flatten(space["f_adjoint"](*args, X4))[0]
        expected = flatten(ad.vjp(f, *args)[1](X4))[0]
        for x, y in zip(bars, expected, strict=True):
            np.testing.assert_allclose(x, y)

    def test_numbers_keep_their_precision(self):
        assert "np.float32(s)" in code(lambda s, x: s * x, np.float32(2), np.ones(3)).f

    def test_scalar_rows_of_an_array(self):
        text = code(lambda x: np.sum(x * x), np.ones(3), rows="scalar").adjoint
        assert text.startswith("def f_adjoint(x, y_bar):")
        assert "x1, x2, x3 = x\n" in text

    def test_what_numpy_has_not_is_taken_from_scipy(self):
        text = code(lambda x: ad.gammaln(x), 1.4)
        assert "scipy" not in text.f
        assert "from scipy import special" in text.source("adjoint")


class TestLimits:
    def test_a_list_that_is_too_long(self):
        def long(x):
            for _ in range(6000):
                x = ad.sin(x)
            return x

        with pytest.raises(ValueError, match="more than 5000 lines, since loops are unrolled"):
            code(long, 1.0)

    def test_much_data(self):
        big = np.arange(30_000.0) ** 2
        with pytest.raises(ValueError, match="give them as arguments"):
            code(lambda x: np.sum(big * x), np.ones(30_000))

    def test_complex_and_other_arguments(self):
        with pytest.raises(TypeError, match="numbers"):
            code(lambda z: z, 1j)

    def test_a_kernel_without_source(self):
        space: dict = {}
        exec("def kernel(x):\n    return x * x\n", space)
        op = ad.custom_rule("without_source", space["kernel"], lambda y, x: 2 * x)
        with pytest.raises(ValueError, match=r"kernel has no source.*define it in a file"):
            code(op, 2.0)

    def test_a_rule_of_the_users_own(self):
        op = ad.custom_rule("cubed_plus", own_kernel, lambda y, x: 3 * x * x)
        text = code(lambda x: op(x) * 2, 2.0)
        assert "def cubed_plus(x):" in str(text)
        assert "v1_bar" in text.adjoint


OFFSET = 1.5


def own_kernel(x):
    """x³ plus a constant of this module."""
    return x**3 + OFFSET


SAMPLES = {
    "matmul": ((normal(3, 4), normal(4)), {}),
    "broadcast_to": ((normal(3, 1),), {"shape": (3, 4)}),
    "reshape": ((normal(3, 4),), {"shape": (4, 3)}),
    "sum": ((normal(3, 4),), {"axis": 0}),
    "mean": ((normal(3, 4),), {"axis": 1, "keepdims": True}),
    **{n: ((normal(3, 4),), {"axis": 0, "keepdims": True}) for n in ("amax", "any_of", "all_of")},
    "amin": ((normal(3, 4),), {"axis": None, "keepdims": False}),
    "getitem": ((normal(3, 4),), {"index": (slice(None), 1)}),
    "place": ((normal(3),), {"index": [0, 2, 2], "shape": (4,)}),
    "add_along_axis": (
        (normal(2, 4), np.array([[0, 1, 1, 2], [2, 2, 1, 0]])),
        {"axis": 0, "shape": (3, 4)},
    ),
    "assign": ((normal(3, 4), normal(4)), {"index": 1}),
    "where": ((np.array([True, False]), normal(2), 1.0), {}),
    "stack": ((normal(3), normal(3)), {"axis": 1}),
    "concatenate": ((normal(3), normal(2)), {"axis": 0}),
    "sparse_matmul": (
        (normal(3), np.array([0, 2, 1]), np.array([0, 2, 3]), normal(3)),
        {"shape": (2, 3), "transposed": False},
    ),
    "recurrence": ((normal(3, 4), normal(3, 4)), {"axis": 1, "back": True}),
    "running_choice": ((normal(3), np.array([2.0, 1, 2]), np.full(3, 2.0)), {"axis": 0}),
    "accumulate": ((normal(3, 4),), {"of": "maximum", "axis": 1}),
    **dict.fromkeys((n for n in PLAINER if "addexp" in n), ((normal(3, 4),), {"axis": 1})),
    "running_mean": ((normal(3, 4), normal(3, 4)), {"of": "logaddexp", "axis": 0, "back": True}),
    "shares": ((normal(3, 4),), {"of": "logaddexp2", "axis": 0}),
    **dict.fromkeys(("strong_mul", "tangent_mul"), ((normal(3), normal(3)), {})),
    **dict.fromkeys(("erf", "erfc", "gammaln"), ((np.abs(normal(3)),), {})),
}


@pytest.mark.parametrize("name", PLAINER)
def test_a_plainer_kernel_is_the_kernel_of_the_declaration(name):
    args, params = SAMPLES[name]
    if name in ("erf", "erfc", "gammaln"):
        pytest.importorskip("scipy")
    with quiet():
        expected = REGISTRY[name].dispatch(args, params or None)
        found = PLAINER[name](*args, **params)
    np.testing.assert_allclose(found, expected, rtol=1e-14)
