"""Calls of the user's function by a derivative or a recording. `call` runs it with NumPy's
floating-point warnings off, since a domain error gives nan or inf as its value. For the current
thread, context managers put another function in place of such calls, and say which arrays a
recording reads anew at each run instead of copying them.

A function that writes traced values into a plain array that it made, by np.zeros for example, is
run again with arrays there that can take them (`Again`).
"""

from __future__ import annotations

import dis
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CellType, CodeType, FunctionType
from typing import Any
from weakref import WeakSet

import numpy as np

from admodes.core.refusal import hidden
from admodes.errors import BadType, Error, LostDerivative


class CallState(threading.local):
    quiet = False
    args: tuple = ()
    """The arguments of the function that is run, of the innermost call."""
    through: Callable[[Callable, tuple], Any] | None = None
    held: frozenset[int] = frozenset()


STATE = CallState()


class quiet:
    """NumPy's floating-point warnings are off inside, since domain errors are values. One switch
    for a whole derivative call, as switching for every operation would cost more than it does."""

    __slots__ = ("before", "state")

    def __enter__(self) -> None:
        self.before = STATE.quiet
        self.state = None if self.before else np.errstate(all="ignore")
        if self.state is not None:
            self.state.__enter__()
            STATE.quiet = True

    def __exit__(self, *error: Any) -> None:
        if self.state is not None:
            STATE.quiet = self.before
            self.state.__exit__(*error)


class Again:
    """How a function is run that writes into plain arrays of its own; entered when NumPy's
    functions are. with_buffers(f) is f with arrays that take traced values. unless(args) tells
    where the arguments have changed meanwhile, so that f cannot be run again. met: the code of
    functions that had to be; next time they have such arrays at once."""

    with_buffers: Callable[[Callable], Callable]
    unless: Callable[[tuple], bool]
    met: WeakSet[CodeType] = WeakSet()


def call(
    f: Callable, args: tuple, fresh: Callable[[], None] | None = None, direct: bool = False
) -> Any:
    """f(*args). Domain errors are values, so NumPy's warnings are off in f; and NumPy and
    scipy hide the errors of traced values behind puzzling ones, which is undone. fresh makes good
    what a first run has left behind, where there is a second one. direct: nothing takes the place
    of f, as it may in a derivative."""
    codes = _codes(f) if Again.met else ()
    if any(code in Again.met for code in codes):
        try:
            return _shown(Again.with_buffers(f), args, direct)
        except Error:
            # What has the same code, as all that one helper makes, may hand such arrays to others.
            if Again.unless(args):
                raise
        if fresh is not None:
            fresh()
    try:
        return _call(f, args, direct)
    except Exception as error:
        cause = _cause(error)
        stores = _stores(error, cause or error) and not Again.unless(args)
        again = Again.with_buffers(f) if stores else f
        if again is f:
            if cause is not None:
                raise cause.with_traceback(error.__traceback__) from None
            raise
    if fresh is not None:
        fresh()
    y = _shown(again, args, direct)
    Again.met.update(_codes(f))
    return y


def _codes(f: Any) -> list[CodeType]:
    """The code of the user's functions that a function of admodes calls, or of f itself."""
    found, seen, waiting = [], set(), [f]
    while waiting:
        f = waiting.pop()
        if id(f) in seen:
            continue
        seen.add(id(f))
        f = f.func if isinstance(f, partial) else getattr(f, "__func__", f)
        if not isinstance(f, FunctionType):
            f = vars(type(f)).get("__call__")
        if not isinstance(f, FunctionType):
            continue
        if (f.__module__ or "").partition(".")[0] != "admodes":
            found.append(f.__code__)
        elif f.__closure__:
            waiting += [x for x in map(content_of, f.__closure__) if callable(x)]
    return found


def content_of(cell: CellType) -> Any:
    """What a cell of a closure holds; None where its name is not bound yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _shown(f: Callable, args: tuple, direct: bool) -> Any:
    """f(*args), whose error is the one that NumPy hides."""
    try:
        return _call(f, args, direct)
    except Exception as error:
        cause = _cause(error)
        if cause is not None:
            raise cause.with_traceback(error.__traceback__) from None
        raise


def _call(f: Callable, args: tuple, direct: bool) -> Any:
    before, STATE.args = STATE.args, args
    try:
        with quiet():
            through = None if direct else STATE.through
            return f(*args) if through is None else through(f, args)
    finally:
        STATE.args = before


def storing(message: str) -> BadType:
    """The error where a traced value was to be written into a plain array."""
    error = BadType(message)
    error.stores = True  # type: ignore[attr-defined]
    return error


STORES = {dis.opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE") if name in dis.opmap}
SETS = dis.opmap["STORE_ATTR"]
WRITING = {"fill", "put"}
"""The methods of a plain array that write numbers into it."""
ONE_BY_FLAT = "Error setting single item of array."
"""NumPy's whole message where x.flat[i] = v fails, whatever the reason."""


def _cause(error: BaseException) -> LostDerivative | None:
    """The error about a traced value that NumPy has hidden behind this one."""
    if str(error) == ONE_BY_FLAT:
        return LostDerivative(
            "x.flat[index] = v could not write v into a plain array. A traced value is written "
            "into an array that the function made: copy it inside the function, with np.array(…), "
            "or pass ad.value(v) where only the number is wanted"
        )
    return hidden(error)


def _stores(error: BaseException, cause: BaseException) -> bool:
    """Whether an error, which has this cause, is that of a traced value which was written into a
    plain array: by buffer[index] = x, by a method, or where it is marked so."""
    if getattr(cause, "stores", False):
        return True
    trace = error.__traceback__ if isinstance(cause, LostDerivative) else None
    while trace is not None:
        inner = trace.tb_next
        if inner is None or inner.tb_frame.f_code.co_name in PLAIN:
            return _writes(trace.tb_frame.f_code, trace.tb_lasti)
        trace = inner
    return False


def _writes(code: CodeType, at: int) -> bool:
    """Whether the instruction at a place of code may write into an array."""
    what = code.co_code[at]
    if what == SETS:
        return "flat" in code.co_names
    calls = dis.opname[what].startswith("CALL")
    return what in STORES or (calls and not WRITING.isdisjoint(code.co_names))


PLAIN = ("__float__", "__array__", "__complex__", "__int__", "_plain")
"""The methods of a traced value by which NumPy asks for a plain one."""


@contextmanager
def calling_through(through: Callable[[Callable, tuple], Any] | None) -> Iterator[None]:
    """through(f, args) takes the place of f(*args) wherever a derivative or a recording calls the
    function that it is of, in this thread; None for f(*args) itself."""
    before, STATE.through = STATE.through, through
    try:
        yield
    finally:
        STATE.through = before


@contextmanager
def holding(owners: frozenset[int]) -> Iterator[None]:
    """The memory of these objects, given by id, is read anew by the recording that is made inside,
    in this thread: nobody keeps a copy of it instead."""
    before, STATE.held = STATE.held, STATE.held | owners
    try:
        yield
    finally:
        STATE.held = before


def held() -> frozenset[int]:
    return STATE.held
