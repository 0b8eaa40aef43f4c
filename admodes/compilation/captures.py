"""Captures: everything that a function refers to besides its arguments (closure cells, globals,
attributes of objects), found without running the function. A compiled function has to check at each
call that none of this has changed; here is listed what there is to check.

The names are those in its code and in the code of the functions that it calls; places.py says how
each thing is compared. Where code computes the names of attributes as strings, all attributes are
included. Objects are read through the dicts and slots in which Python stores attributes, and no
code of the user's runs, apart from properties of slots. An object implemented in C is compared by
the objects it refers to and by its memory. One that has neither may change unnoticed: then `unseen`
says so, and the function has to run uncompiled, as it has to where it refers to more than can be
searched.
"""

from __future__ import annotations

import builtins
import contextvars
import functools
import operator
import sys
import threading
import types
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from admodes.compilation import places as at
from admodes.compilation.kinds import (
    CONTAINERS,
    GENERATORS,
    KNOWN,
    MEMORY,
    REFLECTIVE,
    attributes_of_class,
    fields,
    found_statically,
    is_inert,
    is_ours_all,
    is_plain,
    memory,
    read,
    slots,
)
from admodes.compilation.naming import FOREIGN, code_behind, implicit, is_foreign, named, package
from admodes.compilation.places import ABSENT
from admodes.compilation.walking import Unseen, Walk, name_of
from admodes.core.carrier import Carrier
from admodes.core.op import Op

COST_OF_CODE = 20
"""Steps that reading the code of a function counts for."""


class Captures(Walk):
    """Everything that a function refers to. Captures(f, *objects) searches it; then it has

    places: a Capture for each name, attribute or item that must still hold the same object when
        the program runs again.
    held: the arrays of floats, by id, which the program reads anew at each run. (Arrays of integers
        and truth values are indices and masks, and have to keep their content.)
    unseen: why the function cannot be compiled, in words, where it refers to something that may
        change unnoticed; empty otherwise.
    traced: whether it refers to a value that is being differentiated.
    writes, handles: whether its code may write into arrays, or go on after an error.
    draws, iterators, generators: what gives another value each time, such as random numbers.
    seen: all objects that were searched, by id; among them wrappers are functions of admodes,
        methods those of classes and operations. data: the attributes that were read, by object.
    """

    def __init__(self, *roots: Any) -> None:
        super().__init__()
        self.held: dict[int, np.ndarray] = {}
        self.names: dict[int, str] = {}
        self.generators: list[Any] = []
        self.iterators: list[str] = []
        self.wrappers: set[int] = set()
        self.methods: list[types.FunctionType] = []
        self.data: dict[int, list[str]] = {}
        self.traced = self.writes = self.handles = False
        self.draws = self.unseen = ""
        self.objects: list[tuple[Any, str]] = []
        self._attributes: set[str] = {"__call__", "__init__"}
        self._globals: set[str] = set()
        self._strings: set[str] = set()
        self._by_name = self._by_space = False
        self._looked: set[tuple[int, str]] = set()
        try:
            for root in roots:
                self._visit(root, name_of(root))
            self._walk()
        except Unseen as error:
            self.unseen = str(error)
        if self.draws and self._by_space:
            # Any global may be what the code computes the name of, and most are not.
            self.unseen = self.unseen or f"may call what draws random numbers ({self.draws})"
            self.draws = ""

    @property
    def names_random(self) -> bool:
        """Whether the code names a module of random numbers."""
        return "random" in self._attributes

    @property
    def names_errors(self) -> bool:
        """Whether the code names a switch of floating-point errors."""
        return bool({"errstate", "seterr", "seterrcall"} & (self._attributes | self._globals))

    def compare(self, a: np.ndarray) -> None:
        """From now on the content of an array is part of the case."""
        self._guard(f"the entries of {self.names[id(a)]}", at.CONTENT, a, None, at.content_of(a))

    def _walk(self) -> None:
        """Everything there is to look at, and then the attributes that any of the code names, of
        every object found, until there is nothing new: each may lead to more code."""
        known = -1
        while self._due or known != len(self._looked):
            while self._due:
                self._look(*self._due.popleft())
            known = len(self._looked)
            for owner, what in tuple(self.objects):
                self._attributes_of(owner, what)

    def _place(self, what: str, test: str, owner: Any, key: str, value: Any) -> None:
        foreign = is_foreign(value)
        if foreign and (isinstance(value, types.ModuleType) or name_of(value) == key):
            return
        self._guard(what, test, owner, key, value)
        self._by_name = self._by_name or id(value) in REFLECTIVE
        if not foreign:
            self._visit(value, what)

    def _look(self, x: Any, what: str) -> None:
        """Note what x is, and what it refers to in turn."""
        kind = type(x)
        if is_plain(kind) or id(x) in self.seen or is_foreign(x):
            return
        self.seen[id(x)] = x
        self._step(what)
        if issubclass(kind, np.ndarray):
            self._array(x, what)
        elif issubclass(kind, Carrier):
            self.traced = True
        elif kind is types.FunctionType:
            self._function(x)
            if x.__dict__ and id(x) not in self.wrappers:
                self.objects.append((x, what))
        elif issubclass(kind, Op):
            rules = (x.array, *getattr(x, "partials", ()))
            self.methods += [rule for rule in rules if isinstance(rule, types.FunctionType)]
            self._all(rules, what)
        elif kind is types.MethodType:
            self._all((x.__func__, x.__self__), what)
        elif issubclass(kind, (functools.partial, functools.partialmethod)):
            self._all((x.func, x.args, x.keywords), what)
        elif issubclass(kind, CONTAINERS):
            self._container(x, what)
            if not is_foreign(kind):
                self.objects.append((x, what))
        elif issubclass(kind, GENERATORS):
            self.generators.append(x)
        elif issubclass(kind, (types.ModuleType, type)):
            self.objects.append((x, what))
            if issubclass(kind, type):
                self._visit(kind, f"the class of {what}")
        elif not is_inert(kind):
            self._object(x, kind, what)

    def _object(self, x: Any, kind: type, what: str) -> None:
        """Note an object that is no function, array or container."""
        if kind.__module__.partition(".")[0] == "admodes" and "__wrapped__" in (fields(x) or ()):
            self._visit(x.__wrapped__, what)
        elif (content := memory(x)) is not None:
            self._guard(f"the content of {what}", at.BYTES, x, None, content)
            if not issubclass(kind, MEMORY) and hasattr(kind, "contents"):
                raise Unseen(f"refers to {what}, a {kind.__name__}, whose memory cannot be watched")
        elif kind is contextvars.ContextVar:
            value = x.get(ABSENT)
            self._guard(f"the value of {what}", at.CONTEXT, x, ABSENT, value)
            if value is not ABSENT:
                self._visit(value, what)
        elif issubclass(kind, weakref.ref):
            if not isinstance(x(), (type, types.FunctionType)):
                raise Unseen(f"refers to {what}, a weak reference, which may end at any time")
        elif code_behind(x) is not None or kind in (property, staticmethod, classmethod):
            self._visit(code_behind(x), what)
        elif issubclass(kind, Iterator) and is_foreign(kind):
            self.iterators.append(what)
        elif not is_foreign(kind) or issubclass(kind, KNOWN):
            if "__getattribute__" in attributes_of_class(kind):
                raise Unseen(f"refers to {what}, whose class decides what its attributes are")
            self.objects.append((x, what))
            if not is_ours_all(kind):
                self._everything(x, what)
        elif issubclass(kind, (operator.attrgetter, operator.methodcaller)):
            self._by_name = True
        else:
            self._of_others(x, kind, what)

    def _of_others(self, x: Any, kind: type, what: str) -> None:
        """Note an object of a class whose code is not looked at. Its code may read the entries of
        its arrays, such as those of a sparse matrix: they have to keep their content."""
        for name, a in (fields(x) or {}).items():
            if type(a) is np.ndarray and a.dtype.kind in "fc" and id(a) not in self.seen:
                self.seen[id(a)], self.names[id(a)] = a, f"{what}.{name}"
                self.compare(a)
        known = self._everything(x, what)
        kept = at.referents(x)
        if not (known or kept) and hasattr(kind, "__array__"):
            raise Unseen(f"refers to {what}, a {kind.__name__}, which may change unseen")
        if known and all(r is fields(x) for r in kept):
            return
        self._guard(what, at.REFERENTS, x, None, kept)
        self._all((r for r in kept if not isinstance(r, types.ModuleType)), f"a part of {what}")

    def _everything(self, x: Any, what: str) -> bool:
        """Note all attributes of an object; False where it has none."""
        kept = fields(x)
        if kept is None and issubclass(type(x), threading.local):
            kept = dict(x.__dict__)
            for name, value in kept.items():
                self._guard(f"{what}.{name}", at.ATTRIBUTE, x, name, value)
                self._visit(value, f"{what}.{name}")
            return True
        if kept is not None:
            self._guard(f"an attribute of {what}", at.FIELDS, x, None, at.pairs_of(kept))
            self.data[id(x)] = [*self.data.get(id(x), ()), *kept]
            for name, value in tuple(kept.items()):
                self._visit(value, f"{what}.{name}")
        names = slots(type(x))
        for name in names:
            value = read(found_statically(x, name), x)
            if value is not ABSENT:
                self.data.setdefault(id(x), []).append(name)
                self._place(f"{what}.{name}", at.ATTRIBUTE, x, name, value)
        return kept is not None or bool(names)

    def _array(self, a: np.ndarray, what: str) -> None:
        self.names[id(a)] = what
        if type(a) is not np.ndarray:
            self._guard(f"the entries of {what}", at.CONTENT, a, None, at.content_of(a))
            if fields(a):
                self._everything(a, what)
        elif a.dtype.kind in "fc":
            self.held[id(a)] = a
            self._guard(f"the shape or dtype of {what}", at.LAYOUT, a, a.dtype, a.shape)
        elif a.dtype.kind == "O":
            items = tuple(a.flat)
            self._guard(f"an item of {what}", at.ENTRIES, a, None, items)
            self._guard(f"the shape or dtype of {what}", at.LAYOUT, a, a.dtype, a.shape)
            self._all(items, f"an item of {what}")
        else:
            self.compare(a)

    def _container(self, x: Any, what: str) -> None:
        inside = what if what.startswith("an item of an item") else f"an item of {what}"
        items: Iterable = dict.values(x) if issubclass(type(x), dict) else x
        self._step(what, len(x) // 50)
        if isinstance(x, dict):
            self._guard(inside, at.PAIRS, x, None, at.pairs_of(x))
            self._all((k for k in x if not is_plain(type(k))), f"a key of {what}")
        elif not isinstance(x, (tuple, frozenset)):
            self._guard(inside, at.ITEMS, x, None, tuple(x))
        self._all((v for v in tuple(items) if not is_plain(type(v))), inside)

    def _function(self, f: types.FunctionType) -> None:
        cells = zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)
        contents = [(name, cell, cell.cell_contents) for name, cell in cells if is_full(cell)]
        origin = package(f.__globals__.get("__name__"))
        if origin == "admodes":
            # The wrappers of admodes, such as grad(f), never rebind what they hold.
            self.wrappers.add(id(f))
            for name, _, content in contents:
                if callable(content) or isinstance(content, np.ndarray):
                    self._visit(content, name)
            return
        if origin in FOREIGN:
            self.wrappers.add(id(f))
            self._cells(contents)
            return
        self._step(name_of(f), COST_OF_CODE)
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            value = getattr(f, part)
            if value is not None:
                what = f"{part} of {name_of(f)}"
                self._guard(what, at.ATTRIBUTE, f, part, value)
                self._visit(value, what)
        self._cells(contents)
        self._code(f)

    def _cells(self, contents: list[tuple]) -> None:
        for name, cell, content in contents:
            self._place(f"the variable {name}", at.CELL, cell, name, content)

    def _code(self, f: types.FunctionType) -> None:
        """Note what the code of a function names."""
        found, space = named(f.__code__), f.__globals__
        self._attributes |= found.attributes
        self._globals |= found.names
        self._strings |= found.strings
        if found.catches:
            # What is missing, and is caught, may be there the next time.
            self._strings |= found.attributes
        self._by_name = self._by_name or found.by_name
        self.writes = self.writes or found.writes
        self.handles = self.handles or found.handles
        self.draws = self.draws or found.draws
        names = found.names & space.keys()
        self._by_space = self._by_space or found.by_space
        if found.by_space:
            texts = {x for x in found.texts & sys.modules.keys() if package(x) not in FOREIGN}
            names |= {name for name in space if not name.startswith("__")}
        else:
            texts = set()
        for name in sorted(names):
            self._place(f"the global {name}", at.GLOBAL, space, name, space[name])
        for name in sorted(found.names - space.keys() - vars(builtins).keys()):
            self._guard(f"the global {name}", at.UNBOUND, space, name, None)
        for name in sorted(found.modules & sys.modules.keys() | texts):
            self._place(f"the module {name}", at.GLOBAL, sys.modules, name, sys.modules[name])

    def _attributes_of(self, owner: Any, what: str) -> None:
        """Note the attributes of an object that any of the code names."""
        kind = type(owner)
        own = fields(owner) or {}
        self._step(what)
        by_name = self._by_name and kind not in (types.ModuleType, types.FunctionType)
        if by_name and not issubclass(kind, type) and (id(owner), "") not in self._looked:
            self._looked.add((id(owner), ""))
            if is_ours_all(kind):
                self._everything(owner, what)
        behind: Any = owner if issubclass(type(owner), type) else kind
        wanted = self._attributes | self._strings | implicit(behind)
        there = own.keys() | attributes_of_class(behind)
        for name in sorted(wanted & there):
            if (id(owner), name) not in self._looked:
                self._step(what)
                self._looked.add((id(owner), name))
                self._attribute(owner, name, f"{what}.{name}", own)
        for name in sorted(self._strings - there):
            self._step(what)
            if (id(owner), name) not in self._looked and found_statically(owner, name) is ABSENT:
                self._looked.add((id(owner), name))
                if found_statically(behind, "__getattr__") is ABSENT:
                    self._guard(f"{what}.{name}", at.MISSING, owner, name, None)

    def _attribute(self, owner: Any, name: str, label: str, own: dict) -> None:
        """Note an attribute."""
        found = found_statically(owner, name)
        if found is ABSENT:
            return
        code = code_behind(found)
        if code is not None and not (name in own and code is found):
            self._method(owner, name, found, label)
        elif name in own or _is_data(found):
            value = own[name] if name in own else read(found, owner)
            if value is not ABSENT:
                self.data.setdefault(id(owner), []).append(name)
                self._place(label, at.ATTRIBUTE, owner, name, value)
        else:
            self._visit(found, label)

    def _method(self, owner: Any, name: str, found: Any, label: str) -> None:
        """Note what a class does for an attribute, and what classes above it do, for super()."""
        if not name.startswith("__"):
            if isinstance(found, staticmethod):
                self._guard(label, at.ATTRIBUTE, owner, name, found.__func__)
            elif isinstance(found, classmethod) or not issubclass(type(owner), type):
                bound = isinstance(found, (classmethod, types.FunctionType))
                value = code_behind(found) if bound else found
                self._guard(label, at.METHOD if bound else at.BEHIND, owner, name, value)
            else:
                self._guard(label, at.ATTRIBUTE, owner, name, found)
        for kind in (owner if issubclass(type(owner), type) else type(owner)).__mro__:
            here = vars(kind).get(name)
            code = code_behind(here)
            if is_foreign(kind) or code is None or (id(kind), f"{name}()") in self._looked:
                continue
            self._looked.add((id(kind), f"{name}()"))
            if here is not found and isinstance(here, types.FunctionType):
                self._guard(label, at.ATTRIBUTE, kind, name, here)
            if isinstance(code, types.FunctionType):
                self.methods.append(code)
            self._visit(code, label)


def _is_data(found: Any) -> bool:
    return type(found) is types.MemberDescriptorType or not hasattr(type(found), "__get__")


def is_full(cell: types.CellType) -> bool:
    try:
        return (cell.cell_contents, True)[1]
    except ValueError:
        return False
