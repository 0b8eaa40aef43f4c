"""The call of an operation's kernel as Python text: its name in the generated code, and its indices
and parameters as literals or as bound constants.
"""

from __future__ import annotations

from typing import Any

from admodes.compilation.numpy.writer import NumpyWriter
from admodes.core.record import Step
from admodes.ops.indexing import is_basic


def literal(writer: NumpyWriter, x: Any) -> str:
    """A parameter in the code: written out where that is short."""
    if x is None or x is Ellipsis or x.__class__ in (int, bool, str):
        return repr(x)
    if isinstance(x, slice):
        parts = (x.start, x.stop, x.step)
        if all(p is None or isinstance(p, int) for p in parts):
            text = ":".join("" if p is None else str(p) for p in parts[:2])
            return text if parts[2] is None else f"{text}:{parts[2]}"
    if x.__class__ is tuple and not any(isinstance(p, slice) for p in x):
        return f"({', '.join(literal(writer, p) for p in x)}{',' if len(x) == 1 else ''})"
    return writer.bind(x, "p")


def index_text(writer: NumpyWriter, index: Any) -> str:
    """An index between brackets."""
    if not is_basic(index):
        return writer.bind(index, "p")
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(literal(writer, p) for p in parts) or "()"


def kernel_call(writer: NumpyWriter, step: Step) -> str:
    """The operation's kernel on the arguments as they are."""
    given = [writer.operand(a, False) for a in step.args]
    given += [f"{k}={_keyword(writer, v)}" for k, v in (step.params or {}).items()]
    return f"{writer.use(f'{step.op.name}_array', step.op.array)}({', '.join(given)})"


def _keyword(writer: NumpyWriter, x: Any) -> str:
    return writer.bind(x, "p") if isinstance(x, slice) else literal(writer, x)
