"""ad.compile, the function that users call: its documentation and the checks of its options. The
work is done by the class in compiled.py."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import overload

from admodes.compilation.backends import BACKENDS
from admodes.compilation.compiled import Compiled
from admodes.errors import BadType, BadValue, choices


@overload
def compile(
    f: Callable, backend: str = ..., exact: bool = ..., check: bool = ..., limit: int = ...
) -> Compiled: ...


@overload
def compile(
    f: None = None, backend: str = ..., exact: bool = ..., check: bool = ..., limit: int = ...
) -> Callable[[Callable], Compiled]: ...


def compile(
    f: Callable | None = None,
    backend: str = "auto",
    exact: bool = False,
    check: bool = False,
    limit: int = 16,
) -> Compiled | Callable[[Callable], Compiled]:
    """A function of the same arguments as f that replays the operations of f instead of running it.
    Without f it is a decorator: @ad.compile(backend="numpy").

    f is recorded at the first call, and again where a call is another case: other shapes, dtypes
    or structure of the arguments, another branch, bound or index taken from their values. Floats
    and arrays of floats or complex numbers are what varies from call to call; integers, truth
    values, strings and arrays of integers are part of the case, by value, objects by identity.
    After `limit` cases a warning says what varied, and new ones run f itself; cases that differ by
    decisions alone count by their length, and up to 500 rows as a thirty-second of a case.

    Arrays that f refers to (closures, globals, attributes of self) are read anew at each call;
    binding one of these names to another object is another case. What f computes without its
    arguments, as A * 2 in lambda x: (A * 2) @ x, or decides on, as in `if A[0] > 0`, is a constant
    of the recording, and other entries of A are another case too; the second call, during which f
    runs once more on copies, tells which arrays these are. What cannot be looked through, such as
    an object of another package's C code, or more than some thousand objects, is named by a
    warning, and f runs as it is. So it does where it changes what it refers to at each call (the
    first call has its result from the recording), or catches an error. What f reads from files,
    from the clock or out of sight is a constant for good, and what it prints is printed while it
    is recorded. check=True finds such things: it records twice, runs f beside the program at each
    call, and raises ImpureError where they differ.

    backend: "numpy", "llvm", "interpreter" (slow, for tests), or "auto", whichever is expected to
    be fastest. exact: keep to operations in their order, without reassociation: the bits of f
    where the same kernel runs (NumPy's loops on arrays, libm on numbers), sums and matrix products
    of entries that lie otherwise in memory, and products of small matrices in native code, within
    2 n u Σ|terms|. Results have the
    values of f on NumPy with domain errors as values (nan, inf), float64 of shape () as Python
    floats; they are the caller's own arrays. Threads may share a compiled function. Where an
    argument is being differentiated f runs as it is, so ad.compile(ad.grad(f)) is fast and
    ad.grad(ad.compile(f)) is merely right. A compiled function of a module is pickled by its name.

    Raises TypeError for arguments and results that are no numbers, ValueError for an unknown
    backend, ImpureError where f changes arrays that it refers to (they get back what they held) or
    draws random numbers, and MemoryError with an estimate where a program's buffers do not fit
    (with "auto", a list of more than 20 000 rows is then run as it was recorded, and a note of the
    program says so).
    The list of operations is R. E. Wengert's (1964).

    >>> import admodes as ad
    >>> slope = ad.compile(ad.grad(lambda x, y: x * ad.sin(y), argnums=(0, 1)))
    >>> slope(2.0, 0.0)
    (0.0, 2.0)
    """
    if f is None:
        return functools.partial(compile, backend=backend, exact=exact, check=check, limit=limit)
    if backend not in BACKENDS:
        raise BadValue(f"backend {backend!r}: {choices(backend, BACKENDS)}")
    if not callable(f):
        raise BadType(f"compile takes a function, got {f!r}")
    if limit < 1:
        raise BadValue(f"limit={limit}: at least one specialisation")
    return Compiled(f, backend, exact, check, limit)
