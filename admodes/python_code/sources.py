"""The source text of an operation's kernel, taken from this package and rewritten so that it needs
NumPy alone.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.core.rebinding import numpy_path
from admodes.errors import BadValue
from admodes.python_code.literals import literal, numpy_name

MODULES = ("numpy", "math")


@functools.lru_cache(maxsize=64)
def _tree(path: str) -> ast.Module:
    return ast.parse(Path(path).read_text(encoding="utf-8"))


def definition(function: Callable) -> ast.FunctionDef | ast.Lambda:
    """The part of its file that defines a function. Raises ValueError where there is none."""
    code = getattr(function, "__code__", None)
    try:
        path = inspect.getsourcefile(function)
        tree = _tree(path) if code is not None and path else None
    except (TypeError, OSError, SyntaxError):
        tree = None
    if code is not None and tree is not None:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                if first == code.co_firstlineno and node.name == code.co_name:
                    return node
            elif isinstance(node, ast.Lambda) and _is_lambda(node, code):
                return node
    name = getattr(function, "__name__", "the kernel")
    raise BadValue(f"code: {name} has no source that can be printed: define it in a file")


def _is_lambda(node: ast.Lambda, code: types.CodeType) -> bool:
    """Whether code is that of a lambda: several may begin in one line."""
    if node.lineno != code.co_firstlineno or code.co_name != "<lambda>":
        return False
    found = compile(ast.Expression(node), "lambda", "eval").co_consts
    (made,) = (c for c in found if isinstance(c, types.CodeType))
    names = {*code.co_names, *code.co_freevars, *code.co_cellvars}
    same = {*made.co_names, *made.co_freevars, *made.co_cellvars} == names
    return same and made.co_varnames == code.co_varnames and _numbers(made) == _numbers(code)


def _numbers(code: types.CodeType) -> list:
    """The constants of a function, without its docstring and inner functions."""
    return [c for c in code.co_consts if c is not None and not isinstance(c, types.CodeType)]


def parameters(node: ast.FunctionDef | ast.Lambda) -> list[str]:
    """The names of the parameters."""
    a = node.args
    starred = [x for x in (a.vararg, a.kwarg) if x is not None]
    return [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs, *starred)]


def free_names(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The names that a definition takes from outside, without those of Python itself."""
    bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_store(n)}
    bound |= {
        name
        for n in ast.walk(node)
        if isinstance(n, (ast.FunctionDef, ast.Lambda))
        for name in parameters(n)
    }
    for n in ast.walk(node):
        if isinstance(n, (ast.Import, ast.ImportFrom)):
            bound |= {alias.asname or alias.name for alias in n.names}
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    read = {n.id for part in body for n in ast.walk(part) if isinstance(n, ast.Name)}
    defaults = [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]
    read |= {n.id for d in defaults for n in ast.walk(d) if isinstance(n, ast.Name)}
    return {name for name in read - bound if name not in vars(builtins)} | _shadowed(read, bound)


def _shadowed(read: set[str], bound: set[str]) -> set[str]:
    """Names of Python that admodes' modules give another meaning, such as abs and max."""
    return {n for n in read - bound if n in ("abs", "max", "min", "sum", "round", "pow")}


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def lookup(function: Callable, name: str) -> Any:
    """What a name means inside a function."""
    code: types.CodeType = function.__code__  # type: ignore[attr-defined]
    if name in code.co_freevars:
        cells = dict(zip(code.co_freevars, function.__closure__ or ()))  # type: ignore[attr-defined]
        return cells[name].cell_contents
    space = function.__globals__  # type: ignore[attr-defined]
    return space[name] if name in space else getattr(builtins, name)


def meaning(found: Any) -> ast.expr | None:
    """What a name of a kernel stands for, where that is a module, a function of NumPy or Python or
    a constant; None for operations and functions of admodes."""
    if isinstance(found, types.ModuleType) and found.__name__ in MODULES:
        return ast.Name("np" if found is np else "math")
    path = numpy_path(found)
    if path is not None:
        return numpy_name(*path)
    if isinstance(found, (types.FunctionType, Op)) or inspect.ismodule(found):
        return None
    name = getattr(found, "__name__", "")
    if name and getattr(builtins, name, None) is found:
        return ast.Name(name)
    return literal(found)


class Substituted(ast.NodeTransformer):
    """Names replaced by expressions, annotations dropped."""

    def __init__(self, by: dict[str, ast.expr]) -> None:
        self.by = by

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.by.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        # A kernel that calls that of another operation, as erfc.array(x).
        if node.attr == "array" and isinstance(node.value, ast.Name) and node.value.id in self.by:
            return self.by[node.value.id]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        assert node.value is not None
        return ast.copy_location(ast.Assign([node.target], self.visit(node.value)), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns, node.decorator_list = None, []
        return self.generic_visit(node)
