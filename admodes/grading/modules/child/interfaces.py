"""How a student's module is used: making a variable, applying an operation, going backward, and
reading values and gradients, for each interface the same."""

from __future__ import annotations

import inspect
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

VALUES = ("value", "data", "val", "primal")
GRADIENTS = ("grad", "gradient", "adjoint", "deriv")
ZERO = ("zero_grad", "zeroGrad", "zerograd", "reset_grad")
CLASSES = {"DIY-autograd": "Variable", "micrograd": "Value"}

Code = types.CodeType


class Unusable(Exception):
    """The module lacks what its interface needs; the message says what."""


class Form:
    """One way to apply an operation: spelling shows it, run does it, and codes are those that it
    is written in."""

    def __init__(self, spelling: str, run: Callable, codes: set[Code]) -> None:
        self.spelling, self.run, self.codes = spelling, run, codes


class Module:
    """A module by the class that it defines: Variable, as in DIY autograd, or Value, as in
    micrograd. table: for each operation its number of arguments, the names that it may have, and
    the name of its operator in Python, where it has one."""

    def __init__(self, module: Any, name: str, table: dict[str, dict]) -> None:
        self.module = module
        self.kind: Any = getattr(module, name, None)
        if not isinstance(self.kind, type):
            raise Unusable(f"has no class {name} after it was loaded")
        self.takes_name = "name" in _parameters(self.kind)
        one = self.variable(1.5)
        self.value_name = _first(one, VALUES, f"{name}(1.5) has none of the attributes")
        self.gradient_name = _first(one, GRADIENTS, f"{name}(1.5) has none of the attributes")
        self.initial = getattr(one, self.gradient_name)
        every: list[Any] = [getattr(holder, "backward", None) for holder in (self.kind, module)]
        ways = [way for way in every if callable(way)]
        if not ways:
            raise Unusable("has no backward(), as a method or as a function")
        self.backward = next((way for way in ways if _required(way) == 1), ways[0])
        self.zeroing = next((n for n in ZERO if _plain(getattr(self.kind, n, None))), None)
        self.listed = any(
            _takes_list(held, entry["arity"])
            for entry in table.values()
            for name, held in vars(module).items()
            if _is_called(name, entry["names"]) and _has_forward(held)
        )
        self.forms = {op: list(self._forms(**entry)) for op, entry in table.items()}

    def variable(self, number: float) -> Any:
        return self.kind(number, name="x") if self.takes_name else self.kind(number)

    def value(self, node: Any) -> Any:
        return getattr(node, self.value_name)

    def gradient(self, node: Any) -> Any:
        return getattr(node, self.gradient_name)

    def assign(self, node: Any, number: float) -> None:
        setattr(node, self.value_name, number)

    def reset(self, node: Any) -> None:
        setattr(node, self.gradient_name, self.initial)

    def zero(self, node: Any) -> None:
        getattr(node, self.zeroing or "")()

    def _forms(self, arity: int, names: list[str], operator: str | None) -> Iterator[Form]:
        if operator and hasattr(self.kind, f"__{operator}__"):
            yield self._operator(operator)
        for name, held in list(vars(self.module).items()):
            if not _is_called(name, names):
                continue
            if _has_forward(held):
                yield _of_class(name, held, self.listed)
            elif _plain(held):
                yield Form(f"{name}(%s)", held, _codes(held))
        for name in dir(self.kind):
            method: Any = getattr(self.kind, name, None)
            if _is_called(name, names) and _plain(method):
                spelling = f".{name}(%s)" if arity == 2 else f".{name}()"
                yield Form(spelling, method, _codes(method))

    def _operator(self, name: str) -> Form:
        both = [getattr(self.kind, f"__{r}{name}__", None) for r in ("", "r")]
        codes = set().union(*map(_codes, both))
        return Form("operator", getattr(operator, name, None) or abs, codes)


class Adapted:
    """A module as a file of the teacher's uses it: variable(number), value(node), gradient(node),
    backward(node), and operations, functions by the names of the operations."""

    zeroing = None

    def __init__(self, adapter: Any, table: dict[str, dict]) -> None:
        needed = ("variable", "value", "gradient", "backward", "operations")
        missing = [name for name in needed if not hasattr(adapter, name)]
        if missing:
            raise Unusable(f"defines no {', '.join(missing)}")
        self.variable, self.value = adapter.variable, adapter.value
        self.gradient, self.backward = adapter.gradient, adapter.backward
        self.can_assign = all(hasattr(adapter, name) for name in ("assign", "reset"))
        if self.can_assign:
            self.assign, self.reset = adapter.assign, adapter.reset
        self.forms: dict[str, list[Form]] = {op: [] for op in table}
        for name, function in adapter.operations.items():
            known = [op for op, entry in table.items() if _is_called(name, entry["names"])]
            if not known:
                raise Unusable(f"names an operation {name!r}, which admodes does not know")
            self.forms[known[0]].append(Form(f"{name}(%s)", function, _codes(function)))


def interface_of(module: Any, asked: str | None) -> str:
    """The interface of a module: the one asked for, otherwise by its classes."""
    if asked:
        return asked
    has = {name for name, held in CLASSES.items() if isinstance(getattr(module, held, None), type)}
    course = any(hasattr(module, name) for name in ("Prod", "topoSort"))
    return "micrograd" if "micrograd" in has and not (course and len(has) > 1) else "DIY-autograd"


def _of_class(name: str, held: Any, listed: bool) -> Form:
    """The form of a class with forward; listed: which takes its arguments as one list."""
    codes = set().union(*(_codes(f) for f in vars(held).values()))
    method = _is_method(held)

    def run(*args: Any) -> Any:
        forward = held().forward if method else held.forward
        return forward(list(args)) if listed else forward(*args)

    shown = "([%s])" if listed else "(%s)"
    return Form(f"{name}{'()' if method else ''}.forward{shown}", run, codes)


def _is_method(held: type) -> bool:
    """Whether forward of a class is called on an instance."""
    forward = inspect.getattr_static(held, "forward")
    return _plain(forward) and "self" in forward.__code__.co_varnames[:1]


def _takes_list(held: Any, arity: int) -> bool:
    """Whether forward of a class takes its two arguments as one list."""
    return arity == 2 and _required(held.forward) - _is_method(held) == 1


def _is_called(name: str, names: list[str]) -> bool:
    word = name.casefold().replace("_", "")
    return word in names or (word.endswith("op") and word[:-2] in names)


def _has_forward(x: Any) -> bool:
    return isinstance(x, type) and callable(getattr(x, "forward", None))


def _plain(x: Any) -> bool:
    return isinstance(x, types.FunctionType)


def _parameters(kind: type) -> set[str]:
    try:
        return set(inspect.signature(kind).parameters)
    except (TypeError, ValueError):
        return set()


def _required(function: Callable) -> int:
    """How many arguments a function has to be called with."""
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    if any(p.kind is p.VAR_POSITIONAL for p in every):
        return 0
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in every)


def _first(node: Any, names: tuple[str, ...], otherwise: str) -> str:
    for name in names:
        if hasattr(node, name):
            return name
    raise Unusable(f"{otherwise} {', '.join(names)}")


def _codes(function: Any) -> set[Code]:
    """The code of a function and of all that is defined in it."""
    function = getattr(function, "__func__", function)
    todo = [function.__code__] if _plain(function) else []
    codes: set[Code] = set()
    while todo:
        code = todo.pop()
        codes.add(code)
        todo += [c for c in code.co_consts if isinstance(c, Code)]
    return codes
