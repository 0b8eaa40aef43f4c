"""Rules bound to one kind of kernel: the same text as the general rule, without its dispatch."""

from __future__ import annotations

import types
from typing import Any

from admodes.core.op import Op


def specialised(function: Any, kernel: str) -> Any:
    """A rule of admodes, with the operations it names bound to their kernels ("scalar" or
    "array"), in its helpers too: the same text as the general rule, without its dispatch. Rules
    written elsewhere stay as they are, since the names in a user's module may change."""
    key = function, kernel
    if key in _specialised:
        return _specialised[key]
    if not isinstance(function, types.FunctionType):
        return function
    module = function.__globals__
    if not module.get("__name__", "").startswith("admodes.ops"):
        return function
    bound = dict(module)
    made = _specialised[key] = types.FunctionType(
        function.__code__, bound, function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__ = function.__kwdefaults__
    for name in _names(function.__code__):
        found = module.get(name)
        if isinstance(found, Op):
            bound[name] = getattr(found, kernel)
        elif isinstance(found, types.FunctionType):
            bound[name] = specialised(found, kernel)
    return made


_specialised: dict[tuple, types.FunctionType] = {}


def _names(code: types.CodeType) -> set[str]:
    """The global names that a function uses, in the functions inside it too."""
    inner = (_names(c) for c in code.co_consts if isinstance(c, types.CodeType))
    return set(code.co_names).union(*inner)
