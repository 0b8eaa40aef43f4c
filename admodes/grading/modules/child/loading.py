"""The student's module: what its text defines, and the module itself, loaded from its file."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import sys
import types
from pathlib import Path

LIBRARIES = ("admodes", "autograd", "casadi", "jax", "micrograd", "tensorflow", "tinygrad", "torch")
"""What differentiates by itself."""


class Refused(Exception):
    """The module is not run, for the reason that the message gives."""


def sight(path: Path, classes: tuple[str, ...]) -> list[str]:
    """What is to be noted of a module, by its text alone. classes: of which it has to define at
    least one, if any are named. Raises Refused."""
    try:
        tree = ast.parse(path.read_bytes(), filename=path.name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        raise Refused(
            f"is no Python module: {getattr(error, 'msg', None) or error}"
            + (f" (line {line})" if line else "")
        ) from None
    if classes and not _names(tree).intersection(classes):
        raise Refused(f"defines no class {' and no class '.join(classes)}")
    used = sorted(_imports(tree).intersection(LIBRARIES))
    return [f"the module imports {', '.join(used)}, which differentiates by itself"] if used else []


def _names(tree: ast.Module) -> set[str]:
    """The names that statements of the module may bind, outside its functions and classes."""
    names: set[str] = set()
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.alias):
            names |= {"Variable", "Value"} if node.name == "*" else {node.asname or node.name}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        todo += ast.iter_child_nodes(node)
    return names


def _imports(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def loaded(path: Path, name: str) -> types.ModuleType:
    """The module of a file, which from now on is imported by that name."""
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
