"""Generated Python code that surrounds a program at each call: it takes the arguments apart, checks
that they, and all that the function refers to, are as they were when the case was recorded, runs
the program, and builds the result.

The text is generated, since a walk over the structure would cost more than many a program does.
Nothing that a user wrote goes into it: values, names and keys are bound constants.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from admodes.compilation import places as at
from admodes.compilation.places import Capture
from admodes.compilation.protocol import MISS, Miss, Run
from admodes.compilation.signature import FLOAT, Array, Number, Signature, Slot, sorted_out
from admodes.core.carrier import is_numpys
from admodes.core.generated import is_generated
from admodes.core.pytree import LEAF, Tree, unflatten

MANY = 4
"""Sequences of more numbers than that are checked by one call."""
DEEPEST = 40
"""Results that are nested deeper are put together by a walk over the structure."""


class EntryText:
    """A Python function in the making: its lines so far, and the objects that the names c0, c1, …
    in them stand for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def add(self, line: str, depth: int = 1) -> None:
        self.lines.append("    " * depth + line)

    def miss_where(self, condition: str) -> None:
        self.add(f"if {condition}:")
        self.add("return MISS", 2)

    def function(self, head: str) -> tuple[Callable[..., Any], str]:
        """The function of these lines, and its text."""
        text = "\n".join([head, *self.lines, ""])
        return types.FunctionType(_code(text), {**KNOWN, **self.constants}), text


@functools.lru_cache(64)
def _code(text: str) -> types.CodeType:
    """The code of the function that a text defines. Texts return, since what they name is bound:
    for the calls of a case while it is built and when it is settled, and for like functions."""
    module = compile(text, "<admodes: entry>", "exec")
    return next(c for c in module.co_consts if isinstance(c, types.CodeType))


def converted(x: Any, slot: Slot) -> Any:
    """An argument in the form in which the program takes it. slot says what was recorded at its
    place, and x is of another class, but may stand for the same: an np.float64 where a float was
    recorded gives that float. None where it does not, so that the call is another case."""
    try:
        found, x = sorted_out(x)
    except TypeError:
        return None
    return x if found == slot else None


def all_converted(xs: Sequence[Any]) -> list[Any] | None:
    """The same for a sequence at whose place floats were recorded."""
    found = [converted(x, FLOAT) for x in xs]
    return None if None in found else found


def some_numpys(xs: Sequence[Any]) -> bool:
    """Whether a number of NumPy is among them."""
    return any(map(is_numpys, xs))


KNOWN = {
    "__builtins__": {
        "getattr": getattr,
        "hasattr": hasattr,
        "range": range,
        "bytes": bytes,
        "len": len,
        "set": set,
        "map": map,
        "tuple": tuple,
    }
    | {"list": list, "float": float, "dict": dict, "type": type, "zip": zip}
    | {"AttributeError": AttributeError, "LookupError": LookupError, "ValueError": ValueError}
    | {"Exception": Exception},
    "MISS": MISS,
    "Miss": Miss,
    "FLOATS": {float},
    "ndarray": np.ndarray,
    "float64": np.float64,
    "converted": converted,
    "all_converted": all_converted,
    "some_numpys": some_numpys,
    "is_generated": is_generated,
    "same_items": at.same_items,
    "same_pairs": at.same_pairs,
    "same_bytes": at.same_bytes,
    "referents": at.referents,
}


def entry(
    signature: Signature, places: list[Capture], run: Run, out_tree: Tree, may_miss: bool = False
) -> tuple:
    """A function of (args, kwargs) that gives the result, or a Miss in another case, and its text.
    may_miss: whether run may give one."""
    text = EntryText()
    arguments = _Arguments(text, signature)
    inputs = arguments.taken_apart()
    _check_places(text, places, arguments.references)
    text.add(f"out = {text.bind(run)}({', '.join(inputs)})")
    if may_miss:
        text.add("if out.__class__ is Miss:")
        text.add("return out", 2)
    text.add(f"return {_result(text, out_tree)}")
    return text.function("def call(args, kwargs):")


def still(places: list[Capture]) -> Callable[[], Any]:
    """A function that gives True where what a function refers to still stands where it stood."""
    text = EntryText()
    _check_places(text, places, {})
    text.add("return True")
    return text.function("def still():")[0]


def is_unchanged(place: Capture) -> bool:
    """Whether what a function refers to still stands where it stood, asked once."""
    try:
        return _test(place.test)(place.owner, place.key, place.value)
    except (AttributeError, LookupError, ValueError):  # as in the text of _check_places
        return False
    except Exception as error:
        if is_generated(error):
            raise
        return False


@functools.cache
def _test(test: str) -> Callable[[Any, Any, Any], bool]:
    """One of the tests of places as a function."""
    text = EntryText()
    text.add(f"return {test.format(owner='owner', key='key', value='value')}")
    return text.function("def test(owner, key, value):")[0]


def _check_places(text: EntryText, places: list[Capture], references: dict[int, str]) -> None:
    """references: the names of arguments, by the ids of the weak references to them, which stand
    in places for the arguments themselves."""

    def bound(x: Any) -> str:
        return references.get(id(x)) or text.bind(x)

    if not places:
        return
    tests = [
        place.test.format(
            owner=bound(place.owner),
            key=text.bind(place.key) if place.key is not None else "",
            value=bound(place.value),
        )
        for place in places
    ]
    text.add("try:")
    for test in tests:
        text.add(f"if not ({test}):", 2)
        text.add("return MISS", 3)
    # What is gone has no value to compare, and a property of the user's may raise what it likes.
    text.add("except (AttributeError, LookupError, ValueError):")
    text.add("return MISS", 2)
    text.add("except Exception as error:")
    text.add("if is_generated(error):", 2)
    text.add("raise", 3)
    text.add("return MISS", 2)


class _Arguments:
    """Writes the part of the function that takes the arguments apart and checks them against the
    signature of the case. references: the names of arguments in the text, by the ids of the weak
    references that stand for these arguments in what is to be checked."""

    def __init__(self, text: EntryText, signature: Signature) -> None:
        self.text = text
        self.signature = signature
        self.slots: Iterator[Slot] = iter(signature.slots)
        self.inputs: list[str] = []
        self.references: dict[int, str] = {}
        self.count = 0

    def taken_apart(self) -> list[str]:
        """The arguments of the program, as expressions."""
        if self.signature.numpys:
            self.text.add("seen = False")
        for tree, name in zip(self.signature.tree.branches, ("args", "kwargs"), strict=True):
            self._branch(tree, name)
        if self.signature.numpys:
            self.text.miss_where("not seen")
        return self.inputs

    def _branch(self, tree: Tree, name: str) -> None:
        if tree.kind is None:
            self._leaf(next(self.slots), name)
            return
        text, size = self.text, len(tree.branches)
        if name not in ("args", "kwargs"):
            text.miss_where(f"{name}.__class__ is not {text.bind(tree.kind)}")
        if not size:
            text.miss_where(name)
            return
        items = name
        if tree.keys is not None:
            text.miss_where(f"tuple({name}) != {text.bind(tree.keys)}")
            items = f"{name}.values()"
        else:
            text.miss_where(f"len({name}) != {size}")
        if size > MANY and tree.keys is None and all(b is LEAF for b in tree.branches):
            slots = [next(self.slots) for _ in range(size)]
            if all(slot == FLOAT for slot in slots):
                self._floats(name)
                return
            self.slots = iter([*slots, *self.slots])
        parts = [f"x{self.count + i}" for i in range(size)]
        self.count += size
        text.add(f"{', '.join(parts)}, = {items}")
        for branch, part in zip(tree.branches, parts, strict=True):
            self._branch(branch, part)

    def _floats(self, name: str) -> None:
        text = self.text
        text.add(f"if set(map(type, {name})) != FLOATS:")
        self._numpys(name)
        text.add(f"{name} = all_converted({name})", 2)
        text.add(f"if {name} is None:", 2)
        text.add("return MISS", 3)
        self.inputs.append(f"*{name}")

    def _leaf(self, slot: Slot, x: str) -> None:
        text = self.text
        if isinstance(slot, Number):
            self._input(slot, x, f"{x}.__class__ is not {text.bind(slot.kind)}")
        elif isinstance(slot, Array):
            dtype, shape = text.bind(slot.dtype), text.bind(slot.shape)
            self._input(
                slot,
                x,
                f"{x}.__class__ is not ndarray or {x}.dtype is not {dtype} or {x}.shape != {shape}",
            )
        elif slot.how == "content":
            content = text.bind(slot.value)
            text.miss_where(f"not ({x}.__class__ is ndarray and same_bytes({x}, {content}))")
        elif slot.how == "range":
            text.miss_where(
                f"{x}.__class__ is not range or ({x}.start, {x}.stop, {x}.step) "
                f"!= {text.bind(slot.value)}"
            )
        elif slot.how == "reference":
            text.miss_where(f"{x} is not {text.bind(slot.value)}()")
            self.references[id(slot.value)] = x
        elif slot.how == "value" and slot.value is not None:
            kind, value = text.bind(slot.value.__class__), text.bind(slot.value)
            text.miss_where(f"{x}.__class__ is not {kind} or {x} != {value}")
        else:
            text.miss_where(f"{x} is not {text.bind(slot.value)}")

    def _input(self, slot: Slot, x: str, unlike: str) -> None:
        text = self.text
        text.add(f"if {unlike}:")
        quick = ""
        if slot == FLOAT:
            self._numpys(f"({x},)")
            quick = f"float({x}) if {x}.__class__ is float64 else "
        text.add(f"{x} = {quick}converted({x}, {text.bind(slot)})", 2)
        text.add(f"if {x} is None:", 2)
        text.add("return MISS", 3)
        self.inputs.append(x)

    def _numpys(self, xs: str) -> None:
        """Write what follows where not all of xs are Python's floats: a case that was recorded
        with numbers of NumPy wants at least one, one without any wants none."""
        if self.signature.numpys:
            self.text.add(f"seen = seen or some_numpys({xs})", 2)
        elif self.signature.numpys is False:
            self.text.add(f"if some_numpys({xs}):", 2)
            self.text.add("return MISS", 3)


def _result(text: EntryText, tree: Tree) -> str:
    """The expression that puts the outputs together."""
    if _depth(tree) > DEEPEST:
        return f"{text.bind(unflatten)}({text.bind(tree)}, out)"
    return _part(text, tree, 0)[0]


def _part(text: EntryText, tree: Tree, start: int) -> tuple[str, int]:
    """The expression for a branch whose leaves begin at start, and where they end."""
    if tree.kind is None:
        return f"out[{start}]", start + 1
    end, parts = start, []
    for branch in tree.branches:
        part, end = _part(text, branch, end)
        parts.append(part)
    flat = end - start == len(parts) > MANY and all(b is LEAF for b in tree.branches)
    if tree.keys is not None:
        pairs = zip(tree.keys, parts, strict=True)
        return "{" + ", ".join(f"{text.bind(k)}: {p}" for k, p in pairs) + "}", end
    items = f"out[{start}:{end}]" if flat else f"[{', '.join(parts)}]"
    if tree.kind is list:
        return items, end
    if tree.kind is tuple:
        return f"tuple({items})" if flat else f"({''.join(p + ', ' for p in parts)})", end
    star = "*" if hasattr(tree.kind, "_fields") else ""
    return f"{text.bind(tree.kind)}({star}{items})", end


def _depth(tree: Tree) -> int:
    return 1 + max(map(_depth, tree.branches), default=0)
