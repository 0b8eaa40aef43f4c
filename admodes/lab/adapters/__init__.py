"""The libraries that stand beside admodes in comparisons, one module each; others join by the entry
point group "admodes.adapters"."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points

from admodes.errors import BadType, BadValue, choices
from admodes.lab.adapters.adapter import Adapter, NotOffered

__all__ = ["Adapter", "NotOffered", "adapters", "chosen"]

GROUP = "admodes.adapters"

MODULES = (
    *("own", "symbolic", "differences", "numdifftools", "complex_step", "autograd", "jax"),
    *("torch", "casadi"),
)
"""In the order of the table."""


def adapters() -> list[Adapter]:
    """All adapters: those of this package, then those of others. Raises TypeError for an entry
    point that is no adapter.

    >>> [a.backend for a in adapters()][:3]
    ['admodes forward', 'admodes reverse', 'admodes compiled']
    """
    found = [a for name in MODULES for a in import_module(f"{__name__}.{name}").ADAPTERS]
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        made = point.load()
        made = made() if isinstance(made, type) else made
        if not isinstance(made, Adapter):
            raise BadType(f"the entry point {point.name} ({point.value}) is no Adapter")
        found.append(made)
    return found


def chosen(backends: Sequence[str | Adapter] | None) -> list[Adapter]:
    """The adapters that words name, in the order of the table: a word is a backend, or what several
    begin with, such as jax. Objects stand for themselves. Raises ValueError for an unknown word.

    >>> [a.backend for a in chosen(["jax", "admodes reverse"])]
    ['admodes reverse', 'jax jacfwd', 'jax jacrev', 'jax jit']
    """
    known = adapters()
    if backends is None:
        return known
    words = [b for b in backends if isinstance(b, str)]
    for word in words:
        if not any(_names(word, a.backend) for a in known):
            every = (a.backend for a in known)
            raise BadValue(f"backends: {word!r} is unknown; {choices(word, every)}")
    named = [a for a in known if any(_names(word, a.backend) for word in words)]
    return [*named, *(b for b in backends if not isinstance(b, str))]


def _names(word: str, backend: str) -> bool:
    return backend == word or backend.startswith(f"{word} ")
