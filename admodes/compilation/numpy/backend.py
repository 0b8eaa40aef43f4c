"""The NumPy back end: a program as straight-line Python over NumPy and `math`.

Arrays go into buffers that are planned by how long they are read and used again between calls;
each thread that runs the code has its own. Results are allocated at each run.
"""

from __future__ import annotations

import contextvars
import functools
import math
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from admodes.compilation.interpreter import build as interpreted
from admodes.compilation.numpy.code import NumpyCode, code
from admodes.compilation.numpy.kernels import as_float64
from admodes.compilation.numpy.loops import write_rows
from admodes.compilation.numpy.lowerings import overwrites
from admodes.compilation.numpy.placement import is_array
from admodes.compilation.numpy.rewrites import rewritten_late
from admodes.compilation.numpy.writer import NumpyWriter
from admodes.compilation.protocol import MISS, Miss, Run
from admodes.core.carrier import quiet
from admodes.core.generated import Defect, of_numbers
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Reduction
from admodes.core.values import ARITHMETIC, canonical
from admodes.optimisation import lower
from admodes.optimisation.optimised import Optimised


def source(program: WengertList) -> str:
    """The Python code that runs a program.

    >>> from admodes.core.record import record
    >>> print(source(record(lambda x, y: x * y + x, 2.0, 3.0)))
    def run(v0, v1):
        return [(v0 * v1) + v0]
    """
    return write(program).text


def build(fast: WengertList, exact: WengertList) -> Run:
    """A function that runs the code of fast, and interprets exact where Python's arithmetic on
    floats raises, a suspect output is nan, or a decision under which rows were rewritten fails.

    Raises MemoryError where there is no room for the buffers.
    """
    with quiet():
        written = write(lower(fast))
    whole = interpreted(exact)
    make = functools.partial(written.instance, whole=whole, MISS=MISS, Miss=Miss, nan=math.nan)
    runner = _with_buffers if written.has_arrays else _on_numbers
    apart = not any(step.op is not None and step.op.custom for step in fast.steps)
    run: Any = runner(make, whole, written.nbytes, apart)
    run.source = written.text
    return run  # type: ignore[no-any-return]


def build_once(fast: WengertList) -> FunctionType:
    """The code of a program for one thread, and for where NumPy's warnings are off. It gives a Miss
    where the exact program has to be run. Its globals refer to it: with its buffers it stays until
    somebody clears them."""
    with quiet():
        written = write(lower(fast))
    return written.instance(whole=lambda *leaves: MISS, MISS=MISS, Miss=Miss, nan=math.nan)  # type: ignore[no-any-return]


def _on_numbers(make: Callable, whole: Run, nbytes: int, apart: bool) -> Callable:
    work = make()

    def run(*leaves: Any) -> Any:
        try:
            return work(*leaves)
        except ARITHMETIC as error:
            return _settled(error, whole, leaves)

    return run


def _with_buffers(make: Callable, whole: Run, nbytes: int, apart: bool) -> Callable:
    pool: list[Callable] = [_made(make, nbytes, apart)]

    def run(*leaves: Any) -> Any:
        try:
            work = pool.pop()
        except IndexError:
            work = _made(make, nbytes, apart)
        try:
            return work(*leaves)
        except ARITHMETIC as error:
            return _settled(error, whole, leaves)
        finally:
            pool.append(work)

    return run


def _settled(error: Exception, whole: Run, leaves: tuple) -> list[Any] | Miss:
    """What the operations give where the code has raised an error of arithmetic."""
    found = whole(*leaves)
    if not of_numbers(error):
        raise Defect from error
    return found


def _made(make: Callable, nbytes: int, apart: bool) -> Callable:
    """The code with buffers of its own; apart: in a context of its own where NumPy's warnings are
    off, since entering that costs a tenth of switching them."""
    try:
        if not apart:
            return _quietly(make())
        context = contextvars.Context()
        context.run(np.seterr, all="ignore")
        return functools.partial(context.run, make())
    except MemoryError:
        raise MemoryError(
            f"compile: the buffers of one run need {nbytes / 2**30:.3g} GiB, which is more than "
            "there is; run the function without ad.compile, or with ad.checkpoint"
        ) from None


def _quietly(work: Callable) -> Callable:
    """work in the context of the caller, whose variables the user's own rules may read."""

    def run(*leaves: Any) -> Any:
        with quiet():
            return work(*leaves)

    return run


def write(program: WengertList) -> NumpyCode:
    """The code of a program, row by row."""
    program = rewritten_late(Optimised.of(program))
    writer = NumpyWriter(program, overwrites)
    writer.space.update(ndarray=np.ndarray, empty=np.empty, inf=math.inf)
    for x in program.inputs:
        writer.texts[x.row] = f"v{x.row}"
    for i, array in program.captured.items():
        writer.texts[i] = f"v{i}"
        writer.space[f"v{i}"] = writer.layouts[i] = array
        writer.static.add(i)
    arrays = write_rows(writer)
    _results(writer)
    return replace(_code(writer), has_arrays=arrays)


def _results(writer: NumpyWriter) -> None:
    """Check the outputs that may have lost a value to nan or inf, and return all of them."""
    program = writer.program
    texts = [_result(writer, y) for y in program.outputs]
    numbers = []
    sums = _whole_sums(program.steps)
    for k in program.suspects:
        y, text = program.outputs[k], texts[k]
        if not isinstance(y, Ref):
            continue
        if not is_array(writer.value(y)):
            numbers.append(text)
            continue
        bound = _bound(writer, y, sums)
        if bound is not None:
            writer.body.append(f"if not -inf < {bound} < inf:")
        else:
            flat = text if writer.value(y).ndim == 1 else f"{text}.ravel('K')"
            # One pass tells: the sum of squares is nan or inf where an entry is. (It may be inf
            # where none is; then the exact program runs in vain.)
            writer.body += [f"flat = {flat}", "if not flat.dot(flat) < inf:"]
        writer.body.append(f"    return {writer.whole}")
    if numbers:
        # What is not finite makes the sum so. Thousands of signs would nest too deep for Python.
        total = numbers[0] if len(numbers) == 1 else f"sum(({', '.join(numbers)}))"
        writer.body += [f"if not -inf < {total} < inf:", f"    return {writer.whole}"]
    writer.body.append(f"return [{', '.join(texts)}]")


def _bound(writer: NumpyWriter, y: Ref, sums: dict[int, list[int]]) -> str | None:
    """A number that is finite only where an output is: s r for the output x r, where s is the sum
    of x (sums: the rows of such sums, by x) and no entry of x is negative. Rounding is monotone, so
    that no entry is larger than a sum in which it is a term, and no |x r| larger than |s r|."""
    step = writer.steps[y.row]
    if step.op is None or not (step.op.elementwise and step.op.structure.multiplies):
        return None
    for x, r in (step.args, step.args[::-1]):
        made = writer.steps[x.row] if isinstance(x, Ref) else None
        if made is None or made.op is None or not made.op.numerics.nonnegative:
            continue
        if writer.value(r).__class__ is float and as_float64(made.like):
            for i in sums.get(x.row, ()):
                if i < y.row and writer.texts[i] == f"v{i}":
                    return f"v{i} * {writer.text(r)}"
    return None


def _whole_sums(steps: list[Step]) -> dict[int, list[int]]:
    """The rows that are the sum of all entries of a row, by that row."""
    found: dict[int, list[int]] = {}
    for i, step in enumerate(steps):
        structure = step.op.structure if step.op is not None else None
        if isinstance(structure, Reduction) and step.like.__class__ is float:
            (a,) = step.args
            if a.__class__ is Ref and structure.adds and not structure.averages:
                found.setdefault(a.row, []).append(i)
    return found


def _result(writer: NumpyWriter, y: Any) -> str:
    """An output that is the caller's own."""
    if not isinstance(y, Ref) and not is_array(y):
        return writer.bind(canonical(y), "k")
    value, text = writer.value(y), writer.text(y)
    if not is_array(value):
        return text[1:-1] if _wrapped(text) and isinstance(y, Ref) else text
    if isinstance(y, Ref):
        roots = writer.lifetimes.roots[y.row]
        if len(roots) == 1 and writer.returned.get(min(roots)) == y.row:
            return text
    name = f"r{len(writer.body)}"
    writer.body.append(f"{name} = {text}.copy()")
    return name


def _wrapped(text: str) -> bool:
    """Whether the outermost brackets of an expression hold all of it."""
    if not text.startswith("("):
        return False
    depth = 0
    for k, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return k == len(text) - 1
    return False


def _code(writer: NumpyWriter) -> NumpyCode:
    inputs = [f"v{x.row}" for x in writer.program.inputs]
    return code(inputs, writer.workspace, writer.setup, writer.body, writer.space)
