"""The page computes what admodes computes: every operation on numbers has a kernel in the page or
is exempt with a reason, and agrees with Python in its domain, at its edges and kinks, and at nan
and infinities."""

import math
import shutil

import page_kernels as asked
import pytest

from admodes.core.forms import Kink
from admodes.explorer.rules import recorded_rule, rules_of

BOUND = 2e-15
BOUNDS = {"erfc": 1e-14, "gelu": 1e-14, "digamma": 1e-14, "gammaln": 2e-14, "trigamma": 1e-14}
BOUNDS |= {"polygamma2": 5e-14}
"""The largest relative error, of the special functions, of which the page has kernels of its own,
and of all others, which the browser's mathematics serves."""

NODE = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


def known() -> list:
    ops = asked.on_numbers()
    return ops + [asked.named(n) for n in sorted(asked.in_rules() - {op.name for op in ops})]


def agree(found, expected, bound: float) -> bool:
    """Whether two numbers are the same up to a relative error; beside 0, an absolute one."""
    a, b = float(found), float(expected)
    if math.isfinite(a) and math.isfinite(b):
        return abs(a - b) <= bound * max(abs(a), abs(b)) + 1e-300 + bound * (bound > BOUND)
    return a == b or (math.isnan(a) and math.isnan(b))


@NODE
def test_kernels_agree_with_python():
    cases = [(op, xs) for op in known() for xs in asked.points(op)]
    questions = [{"op": op.name, "xs": list(map(asked.as_text, xs))} for op, xs in cases]
    for (op, xs), found in zip(cases, asked.ask_node(questions), strict=True):
        expected = op(*xs)
        assert agree(found, expected, BOUNDS.get(op.name, BOUND)), (op.name, xs, found, expected)


@NODE
def test_derivatives_agree_with_python():
    """t times each partial, also for a t of exactly 0, beside infinite partials."""
    cases = []
    for op in asked.on_numbers():
        for k, term in enumerate(rules_of(op)["terms"]):
            for xs in asked.points(op) if term else ():
                cases += [(op, k, t, xs) for t in (-0.7, 0.0)]
    questions = []
    for op, k, t, xs in cases:
        told = {"rules": rules_of(op), "k": k, "t": t, "y": asked.as_text(op(*xs))}
        questions.append({**told, "xs": list(map(asked.as_text, xs))})
    for (op, k, t, xs), found in zip(cases, asked.ask_node(questions), strict=True):
        expected = op.vjp(k, t, op(*xs), xs, None)
        assert agree(found, expected or 0.0, 5e-14), (op.name, k, t, xs, found, expected)


@NODE
def test_kinks_are_met_where_python_meets_them():
    cases = []
    for op in asked.on_numbers():
        if isinstance(op.domain.kink, Kink):
            cases += [(op, xs) for xs in asked.points(op)]
    rules = {op.name: {"terms": [with_t(op.domain.kink.met, op.arity)]} for op, _ in cases}
    questions = [
        {"rules": rules[op.name], "k": 0, "t": 0, "y": 0, "xs": list(map(asked.as_text, xs))}
        for op, xs in cases
    ]
    for (op, xs), found in zip(cases, asked.ask_node(questions), strict=True):
        assert bool(found) == bool(op.domain.kink(*xs)), (op.name, xs)


def with_t(met, arity: int) -> dict:
    """What tells of a kink as a rule that is given (t, y, *args)."""
    return recorded_rule(lambda t, y, *xs: met(*xs), *(0.5,) * (arity + 2))


@NODE
def test_an_operation_without_a_kernel_fails():
    """What happens to an operation that is new in the registry: its kernel is missing."""
    with pytest.raises(asked.Failed, match="not a function"):
        asked.ask_node([{"op": "unheard_of", "xs": [1.0]}])


def test_every_operation_on_numbers_has_rules():
    assert [op.name for op in asked.on_numbers() if rules_of(op) is None] == []


def test_exemptions_are_of_operations_that_there_are():
    assert all(asked.named(name).name == name for name in asked.EXEMPT)
