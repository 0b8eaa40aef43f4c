"""Programs: a recorded list shown, run again, differentiated; guards refuse another branch."""

from __future__ import annotations

import itertools
import json
from typing import NamedTuple

import numpy as np
import pytest
from wcwidth import wcswidth

import admodes as ad
from admodes.core.pytree import flatten, unflatten
from admodes.tracing.program import Program, record

COMPOSITIONS = [f"{a}-over-{b}" for a in ("forward", "reverse") for b in ("forward", "reverse")]
RANDOM = np.random.default_rng(4)
A = RANDOM.normal(size=(3, 4))


def loss(W, x):
    z = np.tanh(W @ x)
    return np.sum(z * z[::-1]) + W[0, 1] * x[2] ** 3


def numbers(x, y):
    return x * ad.sin(y) + ad.exp(x / y) ** 2


class Pair(NamedTuple):
    left: object
    right: object


def tree(p, q):
    return {"s": p["a"] * q[0] + np.sum(p["b"]), "t": Pair(q[1] * p["b"], 2.0 * q[0])}


def same(found, expected):
    (a, first), (b, second) = flatten(found), flatten(expected)
    assert first == second
    for x, y in zip(a, b, strict=True):
        assert np.shape(x) == np.shape(y)
        np.testing.assert_array_equal(x, y)


def close(found, expected):
    """The same up to the order in which contributions are added up."""
    (a, first), (b, second) = flatten(found), flatten(expected)
    assert first == second
    for x, y in zip(a, b, strict=True):
        assert np.shape(x) == np.shape(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-14 * np.max(np.abs(y), initial=1))


X = RANDOM.normal(size=4)
V = RANDOM.normal(size=4)
NESTED = {
    "grad": (ad.grad(loss), (A, X)),
    "grad of two": (ad.grad(loss, (0, 1)), (A, X)),
    "value_and_grad": (ad.value_and_grad(numbers, (0, 1)), (2.0, 3.0)),
    "jacobian forward": (ad.jacobian(lambda x: np.tanh(A @ x), mode="forward"), (X,)),
    "jacobian reverse": (ad.jacobian(lambda x: np.tanh(A @ x), mode="reverse"), (X,)),
    "hessian": (ad.hessian(lambda x: loss(A, x)), (X,)),
    "hessian reverse-over-forward": (
        ad.hessian(lambda x: loss(A, x), mode="reverse-over-forward"),
        (X,),
    ),
    **{
        f"hvp {mode}": (lambda x, v, m=mode: ad.hvp(lambda z: loss(A, z), x, v, m), (X, V))
        for mode in COMPOSITIONS
    },
    "jvp": (lambda x, t: ad.jvp(lambda z: np.sin(A @ z), (x,), (t,)), (X, V)),
    "jvp of vjp": (
        lambda x, t: ad.jvp(lambda z: ad.vjp(np.sin, z)[1](z)[0], (x,), (t,))[1],
        (X, V),
    ),
    "vjp of jvp": (
        lambda x, w: ad.vjp(lambda z: ad.jvp(np.sin, (z,), (z,))[1], x)[1](w),
        (X, V),
    ),
    "vmap": (ad.vmap(lambda x: loss(A, x)), (RANDOM.normal(size=(5, 4)),)),
    "vmap of grad": (ad.vmap(ad.grad(lambda x: loss(A, x))), (RANDOM.normal(size=(5, 4)),)),
    "third": (ad.grad(ad.grad(ad.grad(lambda x: x**5 * ad.sin(x)))), (1.5,)),
    "pytrees": (tree, ({"a": 2.0, "b": X}, (3.0, 4.0))),
    "jacobian of pytrees": (ad.jacobian(tree, (0, 1)), ({"a": 2.0, "b": X}, (3.0, 4.0))),
    "size 0": (ad.grad(lambda x: np.sum(x * x)), (np.zeros((0, 3)),)),
    "float32": (ad.grad(lambda x: np.sum(x * x)), (np.ones(3, np.float32),)),
}


def moved(args):
    """Another point of the same structure, on the same branches."""
    leaves, structure = flatten(args)
    there = [np.multiply(x, 1.25).astype(np.asarray(x).dtype)[()] for x in leaves]
    return unflatten(structure, there)


@pytest.mark.parametrize("name", NESTED)
def test_a_program_of_any_nesting_gives_what_the_function_gives(name):
    f, args = NESTED[name]
    program = record(f, *args)
    assert program.length > 0
    for point in (args, moved(args)):
        close(program(*point), f(*point))


def test_it_is_a_program_of_core_and_says_what_it_is():
    program = record(numbers, 2.0, 3.0)
    assert isinstance(program, Program)
    assert repr(program) == "<program numbers(x, y): 6 operations>"
    assert str(program) == (
        "numbers(x, y): 6 operations\n"
        "  v0 = x\n"
        "  v1 = y\n"
        "  v2 = sin(v1)\n"
        "  v3 = v0 * v2\n"
        "  v4 = v0 / v1\n"
        "  v5 = exp(v4)\n"
        "  v6 = square(v5)\n"
        "  v7 = v3 + v6\n"
        "  f = v7\n"
    )


def steered(x, w):
    z = x @ w
    if z.sum() > 0:
        z = 2 * z
    best = np.argmax(z)
    return np.sum(z[z > 0]) * z[best]


POINT = np.ones((3, 2)), np.array([1.0, 2.0])


class TestGuards:
    def test_they_are_lines_with_what_was_decided(self):
        text = str(record(steered, *POINT))
        assert "  guard v3 > 0 is True\n" in text
        assert "  guard argmax(z) is 0\n" in text
        assert "guard v6 is [True, True, True]" in text
        assert "v4 = v3 > 0" not in text

    def test_another_branch_is_refused(self):
        program = record(steered, *POINT)
        for x in (-np.ones((3, 2)), np.array([[1.0, 1.0], [2.0, 2.0], [1.0, 1.0]])):
            with pytest.raises(ValueError, match=r"steered: recorded on another branch.*again"):
                program(x, POINT[1])
        same(program(POINT[0] * 3, POINT[1]), steered(POINT[0] * 3, POINT[1]))

    def test_they_are_checked_under_derivatives_and_noted_by_a_recording(self):
        program = record(lambda x: x * x if x > 1 else -x, 2.0)
        assert ad.grad(program)(3.0) == 6.0
        with pytest.raises(ValueError, match="where v0 > 1 is True"):
            ad.grad(program)(0.5)
        again = record(program, 2.0)
        assert "guard v0 > 1 is True" in str(again)
        with pytest.raises(ValueError, match="another branch"):
            again(0.5)

    def test_a_loop_bound(self):
        def halved(x):
            n = 0
            while x > 1:
                x = x / 2
                n += 1
            return x * n

        program = record(halved, 6.0)
        assert program(7.0) == halved(7.0)
        for x in (3.0, 9.0):
            with pytest.raises(ValueError, match="another branch"):
                program(x)

    def test_many_samples(self):
        program = record(lambda x: np.sum(x * x), np.ones(2))
        xs = RANDOM.normal(size=(5, 2))
        same(ad.vmap(program)(xs), np.array([np.sum(x * x) for x in xs]))
        with pytest.raises(TypeError, match=r"ad\.where"):
            ad.vmap(record(lambda x: x if x > 0 else -x, 1.0))(np.ones(3))


class TestAsAFunction:
    """What takes a function takes a program."""

    program = record(numbers, 2.0, 3.0)
    arrays = record(loss, A, X)

    def test_derivatives(self):
        for f, g, args in ((numbers, self.program, (2.5, 1.5)), (loss, self.arrays, (A + 1, X))):
            same(ad.grad(g, (0, 1))(*args), ad.grad(f, (0, 1))(*args))
            same(ad.jacobian(g, 1)(*args), ad.jacobian(f, 1)(*args))
            same(ad.hessian(g, 1)(*args), ad.hessian(f, 1)(*args))
        found = ad.hvp(lambda x: self.arrays(A, x), X, V)
        same(found, ad.hvp(lambda x: loss(A, x), X, V))
        ad.check_grads(self.program, (2.0, 3.0))

    def test_trace(self):
        t = ad.trace(self.program, 2.0, 3.0)
        assert [i["name"] for i in t.inputs] == ["x", "y"]
        assert [row.symbolic for row in t.rows] == [
            row.symbolic for row in ad.trace(numbers, 2.0, 3.0).rows
        ]
        found, expected = (ad.trace(g, A, X, rows="array") for g in (self.arrays, loss))
        assert [(r.name, r.symbolic) for r in found.rows] == [
            (r.name, r.symbolic) for r in expected.rows
        ]

    def test_count(self):
        for f, g, args in ((numbers, self.program, (2.0, 3.0)), (loss, self.arrays, (A, X))):
            expected = ad.count(f, *args)
            assert ad.count(g, *args).f == expected.f
            assert g.count().f == expected.f
            assert list(g.count().forward) == list(expected.forward)

    def test_verify_and_equations(self):
        assert ad.verify(self.program, 2.0, 3.0).passed
        found = ad.equations(self.arrays, A, X)
        assert found.passed
        assert str(found) == str(ad.equations(loss, A, X))

    def test_recorded_again_it_is_the_same_list(self):
        assert str(record(self.arrays, A, X)) == str(self.arrays)

    def test_names_that_are_given(self):
        program = record(lambda *xs: xs[0] * xs[1], 2.0, 3.0, names=["a", "b"], outputs=["c"])
        assert (program.input_names, program.output_names) == (["a", "b"], ["c"])
        assert str(program).endswith("c = v2\n")
        with pytest.raises(ValueError, match="2 different input names"):
            record(numbers, 2.0, 3.0, names=["a"])


class TestCalls:
    def test_results_are_the_callers_own(self):
        program = record(lambda x: (x, x.reshape(4), x * 1.0), np.ones((2, 2)))
        x = np.ones((2, 2))
        first, second = program(x), program(x)
        for y in first:
            y[...] = 7.0
        assert np.all(x == 1.0)
        assert all(np.all(y == 1.0) for y in second)
        assert not np.shares_memory(first[0], first[1])

    def test_arguments_that_do_not_fit_are_named(self):
        program = record(loss, A, X)
        with pytest.raises(ValueError, match=r"x has shape \(3,\).*recorded for \(4,\)"):
            program(A, X[:3])
        with pytest.raises(ValueError, match="the tuple of arguments"):
            program(A)
        with pytest.raises(ValueError, match="the tuple of arguments"):
            program(A, [1.0, 2.0, 3.0, 4.0])
        with pytest.raises(TypeError, match="numbers"):
            program(A, "x")

    def test_complex_arguments_are_refused_by_name(self):
        with pytest.raises(TypeError, match="complex"):
            record(lambda z: z * z, 1 + 2j)

    def test_the_caller_may_change_what_was_given(self):
        x = np.ones(3)
        program = record(lambda x: x * 2, x)
        x[:] = 5.0
        same(program.point[0], np.ones(3))

    def test_an_exception_leaves_nothing_behind(self):
        with pytest.raises(ZeroDivisionError):
            record(lambda x: 1 / 0, 1.0)
        assert record(lambda x: x * x, 3.0)(2.0) == 4.0

    def test_domain_errors_are_values(self, recwarn):
        program = record(lambda x: ad.ln(x) / x, 1.0)
        assert np.isnan(program(-1.0))
        assert program(0.0) == -np.inf
        assert not recwarn


class TestViews:
    program = record(steered, *POINT)

    def test_dict_is_the_contract(self):
        data = json.loads(json.dumps(self.program.to_dict(), allow_nan=False))
        assert data["schema"] == "admodes.program/1"
        assert [(i["name"], i["shape"]) for i in data["inputs"]] == [("x", [3, 2]), ("w", [2])]
        assert [row["row"] for row in data["rows"]] == list(range(len(data["rows"])))
        row = data["rows"][2]
        assert (row["op"], row["args"], row["shape"]) == ("matmul", [{"row": 0}, {"row": 1}], [3])
        assert [g["text"] for g in data["guards"]][:2] == [
            "guard v3 > 0 is True",
            "guard argmax(z) is 0",
        ]
        assert data["outputs"] == [{"name": "y", "row": len(data["rows"]) - 1}]

    def test_numbers_that_are_not_finite_are_texts(self):
        data = record(lambda x: ad.ln(x) * np.inf, -1.0).to_dict()
        json.dumps(data, allow_nan=False)
        assert data["rows"][1]["value"] == "nan"

    @pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv", "json"])
    def test_formats(self, format):
        text = self.program.to_table(format)
        assert "matmul" in text
        assert text.endswith("\n")

    def test_text_fits_a_terminal(self):
        wide = record(lambda x: np.where(x > 0, x * np.linspace(0.1, 0.7, 6), 1 / 3), np.ones(6))
        for program in (self.program, wide, record(ad.hessian(lambda x: loss(A, x)), X)):
            assert max(map(wcswidth, str(program).splitlines())) <= 80
        assert "<table" in self.program._repr_html_()

    def test_a_plain_value_is_noted(self):
        text = str(record(lambda x: x * ad.value(x), 3.0))
        assert "note: ad.value" in text
        assert "constant of the recording" in " ".join(text.split())

    def test_constant_results(self):
        assert str(record(lambda x: (x, 7.0), 1.0)).endswith("  y1 = v0\n  y2 = 7\n")


class TestOptimised:
    f = staticmethod(ad.grad(loss, (0, 1)))

    def test_it_is_a_program_with_the_same_results(self):
        program = record(self.f, A, X)
        fast = program.optimised()
        assert isinstance(fast, Program)
        assert fast.length < program.length
        assert (fast.input_names, fast.title) == (program.input_names, program.title)
        for a, b in zip(fast(A * 2, X), self.f(A * 2, X), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)

    def test_effects_are_chained(self):
        program = record(self.f, A, X)
        passes = program.effects()
        assert passes[0].rows_before == program.length
        for a, b in itertools.pairwise(passes):
            assert (a.rows_after, a.after) == (b.rows_before, b.before)

    def test_the_source_that_is_compiled(self):
        assert "def " in record(self.f, A, X).source()
        with pytest.raises(ValueError, match="choose numpy or llvm"):
            record(self.f, A, X).source("fortran")
