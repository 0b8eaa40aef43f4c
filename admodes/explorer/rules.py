"""The rules of derivatives of operations on numbers as data that a page can follow: an operation
goes in, lists of operations come out. They are recorded from the rules that the engines use.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from admodes.core.forms import Kink
from admodes.core.op import Op
from admodes.core.record import Ref, WengertList, record
from admodes.core.structure import Entrywise
from admodes.optimisation import optimise
from admodes.views.result import plain

SAMPLE = 0.5
"""Any number: what is recorded branches on no value."""


@functools.lru_cache(maxsize=1024)
def rules_of(op: Op) -> dict[str, Any] | None:
    """What a page is told of the derivatives of an operation on numbers: "terms" has for each
    argument the operations that make t times the partial out of (t, y, *args), None where nothing
    is propagated; "kink" tells of (*args) whether they are at one, and what to say of it. None
    where the rules are no lists of operations on numbers.

    >>> from admodes.ops.arithmetic import square
    >>> rules_of(square)["terms"]
    [{'inputs': 3, 'steps': [['multiply', {'const': 2}, 2], ['strong_mul', 3, 0]], 'result': 4}]
    """
    if op.arity is None or not isinstance(op.structure, Entrywise):
        return None
    terms = [_term(op, k) if op.active(k) else None for k in range(op.arity)]
    if any(rule is None and op.active(k) for k, rule in enumerate(terms)):
        return None
    return {"terms": terms, "kink": _kink(op)}


def _term(op: Op, k: int) -> dict[str, Any] | None:
    assert op.arity is not None
    return recorded_rule(
        lambda t, y, *xs: op.vjp(k, t, y, xs, None), 1.0, SAMPLE, *(SAMPLE,) * op.arity
    )


def _kink(op: Op) -> dict[str, Any] | None:
    kink = op.domain.kink
    if not isinstance(kink, Kink):
        return None
    met = recorded_rule(kink.met, *(SAMPLE,) * (op.arity or 0))
    note = kink.note if isinstance(kink.note, str) else f"{op.name} {op.domain.convention}"
    return met and {"met": met, "note": note}


def recorded_rule(f: Callable, *samples: Any) -> dict[str, Any] | None:
    """The operations of f on numbers as data: "inputs" is how many it takes, "steps" has an
    operation and its arguments each, as rows or constants, and "result" is one of these. None where
    f does something else, such as to look at a value.

    >>> recorded_rule(lambda a, b: a * b, 1.0, 2.0)
    {'inputs': 2, 'steps': [['multiply', 0, 1]], 'result': 2}
    """
    try:
        program = optimise(record(f, *samples), exact=True)
    except (TypeError, ValueError, ArithmeticError):
        return None
    plain_steps = all(step.shape == () and not step.params for step in program.steps)
    if program.guards or program.captured or not plain_steps or len(program.outputs) != 1:
        return None
    return _as_data(program)


def _as_data(program: WengertList) -> dict[str, Any]:
    def told(a: Any) -> Any:
        return a.row if isinstance(a, Ref) else {"const": plain(a)}

    steps = [[step.op.name, *map(told, step.args)] for step in program.steps if step.op is not None]
    return {
        "inputs": len(program.inputs),
        "steps": steps,
        "result": told(program.outputs[0]),
    }
