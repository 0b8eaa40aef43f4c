"""Imports run one way, and importing stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "admodes"

LAYERS = [
    {"core", "views", "files"},
    {"ops", "notation"},
    {
        *{"derivatives", "sweeps", "tensors", "rules", "program", "symbolic"},
        *{"stationary", "catalogue", "coverage", "crossings"},
        *{"optimisation", "compilation", "native"},
    },
    {"backpropagation"},
    {"trace", "rows", "vectors", "variable"},
    {"verification", "lab", "codes", "programs", "sparse", "checkpointing"},
    {"expression"},
    {"problems"},
    {"inputs"},
    {"results"},
    {"cli", "__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


def modules():
    return sorted(ROOT.rglob("*.py"))


def imports(path):
    """The admodes modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "admodes":
                yield from (f"admodes.{alias.name}" for alias in node.names)
            elif node.module.startswith("admodes."):
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("admodes"))


def part(dotted):
    """The second component of a dotted name, where it is a part of the package."""
    pieces = dotted.split(".")
    return pieces[1] if len(pieces) > 1 and pieces[1] in RANK else None


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_its_layer_or_below(path):
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    assert own in RANK, f"{own} has no layer: add it to LAYERS"
    for dotted in imports(path):
        other = part(dotted)
        if other is not None:
            assert RANK[other] <= RANK[own], f"{own} imports {other}"


def test_core_and_views_do_not_know_each_other():
    for path in modules():
        own = path.relative_to(ROOT).parts[0]
        found = set(map(part, imports(path)))
        if own == "core":
            assert found <= {"core", None}
        if own == "views":
            assert found <= {"views", None}


def test_the_engines_do_not_know_each_other():
    forward = set(imports(ROOT / "core/forward.py"))
    reverse = set(imports(ROOT / "core/reverse.py"))
    assert "admodes.core.reverse" not in forward
    assert "admodes.core.forward" not in reverse


def test_core_names_no_operation_module():
    for name in ("carrier", "op", "builders", "forward", "reverse", "record"):
        assert not any("admodes.ops" in dotted for dotted in imports(ROOT / f"core/{name}.py"))


def test_importing_admodes_imports_neither_sympy_nor_scipy_nor_matplotlib():
    code = (
        "import sys, admodes, admodes.cli;"
        "print({'sympy', 'scipy', 'matplotlib', 'mpmath'} & set(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "set()"


def test_nothing_that_a_user_typed_is_evaluated_as_code():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                assert name not in {"eval", "exec", "sympify", "parse_expr"}, f"{path}: {name}"
