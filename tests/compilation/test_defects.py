"""Errors of generated code itself are named by a warning, and results are right without that code;
errors of operations are none of these."""

import re
import types

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import backends
from admodes.compilation.beside import measured
from admodes.compilation.entry import EntryText
from admodes.compilation.llvm import running
from admodes.compilation.numpy import backend as numpy_backend
from admodes.core.generated import of_numbers
from admodes.loops import running as loops_running

X = np.array([0.2, 0.5])
DEFECTS = {
    "a name": ("nothing(1)", "NameError: name 'nothing'"),
    "a type": ("None + v0", "TypeError"),
    "an attribute": ("v0.shap", "AttributeError"),
    "an index": ("v0[7]", "IndexError"),
    "shapes": ("v0 + ndarray((3,))", "ValueError: operands could not be broadcast"),
    "a shape to write into": ("v0.dot(v0, ndarray((3,)))", "ValueError"),
}


def f(x):
    return (np.sin(x) * x).sum()


def named(error, of="grad(f)"):
    text = f"the code that admodes has generated for {of} is defective ({error}"
    return pytest.warns(ad.DefectWarning, match=re.escape(text))


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_of_numpy_code_is_named(name, monkeypatch):
    line, error = DEFECTS[name]
    before = numpy_backend._results

    def broken(writer):
        writer.body.append(line)
        before(writer)

    monkeypatch.setattr(numpy_backend, "_results", broken)
    slope = ad.grad(f)
    compiled = ad.compile(slope, backend="numpy")
    with named(error):
        found = compiled(X)
    np.testing.assert_array_equal(found, slope(X))
    # No more than once, and nothing is recorded again.
    np.testing.assert_array_equal(compiled(2 * X), slope(2 * X))
    assert not compiled.specialisations


def test_a_defect_around_a_program_is_named(monkeypatch):
    before = EntryText.function

    def broken(self, head):
        if head.startswith("def call"):
            self.lines.insert(0, "    nothing(1)")
        return before(self, head)

    compiled = ad.compile(ad.grad(f), backend="numpy")
    monkeypatch.setattr(EntryText, "function", broken)
    with named("NameError: name 'nothing'"):
        np.testing.assert_array_equal(compiled(X), ad.grad(f)(X))


def test_a_defect_of_a_pass_is_named(monkeypatch):
    def broken(program, exact=False):
        raise IndexError("no such row")

    monkeypatch.setattr(backends, "optimise", broken)
    with named("IndexError: no such row"):
        np.testing.assert_array_equal(ad.compile(ad.grad(f))(X), ad.grad(f)(X))


def test_a_defect_of_a_native_run_is_named(monkeypatch):
    pytest.importorskip("llvmlite")

    def broken(self, leaves):
        raise TypeError("no place")

    monkeypatch.setattr(running.Arena, "run", broken)
    # Calls that go to native code directly do not come here.
    monkeypatch.setattr(running, "interface", lambda: None)
    with named("TypeError: no place"):
        np.testing.assert_array_equal(ad.compile(ad.grad(f), "llvm")(X), ad.grad(f)(X))


def test_a_defect_of_native_code_beside_the_calls_is_named():
    def failing(*leaves):
        raise TypeError("no place")

    def first(*leaves):
        return [1.0]

    first.source = ""
    for build in (failing, lambda: failing):
        run = measured(first, build, 0.0, [])
        assert run(2.0) == [1.0]
        run.wait()
        with named("TypeError: no place", "native code"):
            assert run(2.0) == [1.0]
        assert run(2.0) == [1.0]


def test_a_defect_of_the_turns_of_a_loop_is_named(monkeypatch):
    before = loops_running._Writer.rows
    monkeypatch.setattr(
        loops_running._Writer, "rows", lambda self: [*before(self), "canonical(v0 + empty(7))"]
    )

    def grown(x):
        return ad.loop(lambda y, i: y + 0.1 * np.sin(y), x, 3).sum()

    with named("ValueError: operands could not be broadcast", "a loop"):
        found = ad.grad(grown)(X)
    monkeypatch.undo()
    np.testing.assert_array_equal(found, ad.grad(grown)(X))


def raised(text, **names):
    """The error of generated code that is this text."""
    code = compile(f"def run():\n    return {text}", "<admodes program>", "exec")
    function = types.FunctionType(next(c for c in code.co_consts if hasattr(c, "co_code")), names)
    with pytest.raises((ValueError, ZeroDivisionError)) as found:
        function()
    return found.value


def test_errors_of_pythons_numbers_are_told_from_those_of_arrays():
    import math

    a, b, x = np.ones(2), np.ones(3), -1.0
    assert of_numbers(raised("log(x) * 2.0", log=math.log, x=x))
    assert of_numbers(raised("2.0 * sqrt(log(x))", log=math.log, sqrt=math.sqrt, x=x))
    assert of_numbers(raised("1.0 / (x + 1.0)", x=x))
    assert of_numbers(raised("inv(a)", inv=np.linalg.inv, a=np.zeros((2, 2))))
    assert not of_numbers(raised("exp(x) * (a + b)", exp=math.exp, a=a, b=b, x=x))
    assert not of_numbers(raised("log(a.dot(b))", log=math.log, a=a, b=b))
    assert not of_numbers(raised("add(a, b)", add=np.add, a=a, b=b))


def test_a_call_that_python_has_made_fast_is_found_too():
    code = ad.compile(lambda x, y: np.sin(x) - y, backend="numpy")
    for _ in range(100):
        code(1.0, 2.0)
    assert np.isnan(code(np.inf, 2.0))


def domain_errors(x, c):
    return np.sum(x * np.log(c) + np.sqrt(c) / c)


@pytest.mark.parametrize("backend", ["numpy", "llvm", "auto"])
def test_domain_errors_are_no_defects(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    slope = ad.grad(domain_errors, argnums=(0, 1))
    compiled = ad.compile(slope, backend=backend)
    for c in (0.5, -1.0, 0.0, 2.0):
        for found, want in zip(compiled(X, c), slope(X, c), strict=True):
            np.testing.assert_allclose(found, want, rtol=1e-13, equal_nan=True)
    assert len(compiled.specialisations) == 1


def test_a_property_that_raises_is_no_defect():
    class Given:
        left = 2

        @property
        def rate(self):
            self.left -= 1
            if self.left < 0:
                raise RuntimeError("no rate any more")
            return 0.5

    given = Given()
    compiled = ad.compile(lambda x: given.rate * x, backend="numpy")
    error = None
    for _ in range(9):
        try:
            assert compiled(2.0) == 1.0
        except RuntimeError as raised:
            error = raised
    assert "no rate" in str(error)


def test_a_rule_of_the_user_that_raises_is_no_defect():
    def kernel(x):
        if x > 1.0:
            raise KeyError("too large")
        return x * x

    square = ad.custom_rule("½ square", kernel, lambda x: 2.0 * x)
    for backend in ("numpy", "llvm"):
        if backend == "llvm":
            pytest.importorskip("llvmlite")
        compiled = ad.compile(lambda x: square(x) + x, backend=backend)
        assert compiled(0.5) == 0.75
        with pytest.raises(KeyError, match="too large"):
            compiled(2.0)
        assert compiled(0.5) == 0.75
        assert len(compiled.specialisations) == 1
