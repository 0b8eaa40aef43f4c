"""An operation is declared once, and then every back end runs it; passes and back ends name only
operations that there are."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import admodes as ad
from admodes.core.elementwise import elementwise
from admodes.core.linear import linear
from admodes.core.op import REGISTRY, UNLISTED

ROOT = Path(ad.__file__).parent
PACKAGES = ("optimisation", "compilation", "compilation/llvm")
LLVM = pytest.mark.skipif(find_spec("llvmlite") is None, reason="needs llvmlite")
BACKENDS = ["interpreter", "numpy", pytest.param("llvm", marks=LLVM)]
A = np.linspace(-1.0, 1.0, 12).reshape(3, 4)


def swish():
    return ad.custom_rule(
        "swish_of_test",
        lambda x: x / (1.0 + np.exp(-x)),
        lambda y, x: y + ad.sigmoid(x) * (1.0 - y),
        check=True,
    )


def mirror():
    """x backwards less x, along its last axis; symmetric, so that it is its own transpose."""
    op = linear(
        "mirror_of_test",
        lambda x: x[..., ::-1] - x,
        lambda w, y, x: op(w),
        kind="additions",
    )
    return op


def functions(op):
    """A function to a number, one to an array."""
    return (
        lambda x: np.sum(np.tanh(op(A @ np.sin(x))) * op(np.cos(x[:3]))),
        lambda x: op(x * op(x)) + 2.0 * x,
    )


def derivatives(op):
    number, array = functions(op)
    yield number
    yield array
    yield ad.grad(number)
    yield ad.hessian(number)
    for mode in ("forward", "reverse"):
        yield ad.jacobian(array, mode=mode)
        yield lambda x, mode=mode: ad.hvp(number, x, np.ones(4), mode=f"{mode}-over-reverse")


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("make", [swish, mirror], ids=["elementwise", "linear"])
def test_an_operation_declared_by_a_user_runs_in_every_back_end(make, backend, exact):
    for f in derivatives(make()):
        compiled = ad.compile(f, backend, exact=exact)
        for x in (A[0], A[0], A[1] + 0.3):
            np.testing.assert_allclose(compiled(x), f(x), rtol=1e-13, atol=1e-14)
        assert len(compiled.specialisations) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_operation_declared_by_a_user_runs_on_numbers(backend):
    op = swish()
    slope = ad.compile(ad.grad(lambda x, y: op(x * y) * op(y), (0, 1)), backend)
    for x, y in ((0.3, -0.7), (0.3, -0.7), (2.0, 0.0)):
        eager = ad.grad(lambda x, y: op(x * y) * op(y), (0, 1))(x, y)
        assert slope(x, y) == pytest.approx(eager, rel=1e-14)


@LLVM
def test_one_line_makes_an_operation_native(monkeypatch):
    from admodes.compilation.llvm import build, lowerings, text
    from admodes.core.record import record

    op = elementwise("squared_of_test", lambda x: x * x, lambda a: 2.0 * a, text="{0}²")
    program = record(lambda x, z: (op(x) + 1.0, op(z) * 3.0), 0.5, np.ones(3))
    # On the array its kernel's rows stand in for it, on the number nothing does.
    assert text(program).count("fmul double") == 2
    line = lowerings._of(1, "fmul double {0}, {0}")
    monkeypatch.setitem(lowerings.ENTRIES, "squared_of_test", line)
    assert text(program).count("fmul double") == 3
    found = build(program)(1.5, np.array([2.0, -1.0, 0.0]))
    assert found[0] == 3.25
    assert found[1].tolist() == [12.0, 3.0, 0.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_kernel_that_refuses_some_numbers_is_called_as_it_is(backend):
    def kernel(x):
        if np.any(np.asarray(x) < 0):
            raise ValueError("a negative number")
        return x * x

    op = elementwise(f"refusing_of_test_{backend}", kernel, lambda a: 2.0 * a, text="{0}²")
    doubled = ad.compile(lambda x: op(x) * 2.0, backend)
    assert doubled(np.array([1.0, 3.0])).tolist() == [2.0, 18.0]
    assert doubled(np.array([0.5, 2.0])).tolist() == [0.5, 8.0]
    with pytest.raises(ValueError, match="a negative number"):
        doubled(np.array([1.0, -3.0]))


def strings(nodes: Iterable) -> list[str]:
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def named(tree: ast.AST) -> Iterator[list[str]]:
    """The strings that may be names of operations, together where they stand together: keys of
    tables and of the registry, members of sets, what is compared with a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield strings(k for k in node.keys if k is not None)
        elif isinstance(node, ast.Set):
            yield strings(spread(node.elts))
        elif isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "REGISTRY":
            yield [*strings([node.slice]), "add"]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("frozenset", "set"):
            yield strings(spread(node.args))
        elif isinstance(node, ast.Compare) and _is_name(node.left):
            yield [*strings(spread(node.comparators)), "add"]


def spread(nodes: list[ast.expr]) -> list[ast.expr]:
    """Expressions, those in tuples, lists and after a star for themselves."""
    found = []
    for node in nodes:
        inner = node.value if isinstance(node, ast.Starred) else node
        found += spread(inner.elts) if isinstance(inner, ast.Tuple | ast.List) else [inner]
    return found


def _is_name(node: ast.AST) -> bool:
    """op.name, step.op.name."""
    return isinstance(node, ast.Attribute) and ast.unparse(node).endswith("op.name")


KNOWN = REGISTRY | UNLISTED
NOT_OPERATIONS = {"copy"}
"""The llvm table has a line of its own for an entry that is only moved."""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_operation_that_is_named_exists(package):
    known, dead = set(), []
    for path in sorted((ROOT / package).rglob("*.py")):
        for group in named(ast.parse(path.read_text("utf-8"))):
            if not REGISTRY.keys() & set(group):
                continue
            known |= set(group)
            unknown = set(group) - KNOWN.keys() - NOT_OPERATIONS
            dead += [(path.name, name) for name in unknown]
    assert not dead
    assert len(known) > 5


def test_tables_of_back_ends_name_operations():
    from admodes.compilation.llvm.lowerings import ENTRIES, NUMBERS
    from admodes.compilation.numpy.lowerings import STATEMENTS

    for table in (STATEMENTS, ENTRIES, NUMBERS):
        assert set(table) - NOT_OPERATIONS <= KNOWN.keys()
        assert all(KNOWN[name].name == name for name in set(table) - NOT_OPERATIONS)


def test_no_module_of_one_back_end_knows_another():
    """What they share is the table of operations, the optimiser and the protocol."""
    for one, other in (("numpy", "llvm"), ("llvm", "numpy")):
        for path in (ROOT / "compilation" / one).glob("*.py"):
            found = imported(path)
            assert not any(f"compilation.{other}" in name for name in found), path.name
    for path in (ROOT / "optimisation").glob("*.py"):
        found = imported(path)
        assert not any("compilation" in name for name in found), path.name


def imported(path: Path) -> list[str]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
