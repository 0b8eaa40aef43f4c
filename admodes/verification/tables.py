"""The result of a verification as tables: the entries of the Jacobian, their accuracy, and the
local partials.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from admodes.verification.entries import VERIFIED, Entry
from admodes.verification.rows import Local
from admodes.views.dialects import Text
from admodes.views.tables import Table


def entry_table(entries: list[Entry], write: Text, width: int | None) -> Table:
    """The Jacobian four ways."""
    head = ["Entry", "Forward", "Reverse", "Symbolic", "Numerical", "ulp", "ok"]
    lines = _fitted(head, entries, _entry_line, write, width)
    notes = ["ulp: the errors of forward, reverse"] if lines else []
    notes += [f"∂{e.output}/∂{e.input}: {e.note}" for e in entries if e.note]
    title = "Jacobian: forward, reverse, symbolic and numerical"
    return Table(title, head, lines, [True] * 5 + [False] * 2, notes)


def _entry_line(e: Entry, write: Text) -> list[str]:
    numbers = (e.forward, e.reverse, e.symbolic, e.differences)
    return [
        write.derivative(e.output, e.input),
        *(_number(x, write) for x in numbers),
        f"{_ulps(e.ulp_forward)}, {_ulps(e.ulp_reverse)}",
        "yes" if e.passed else "NO",
    ]


def local_table(checks: list[Local], write: Text, width: int | None) -> Table:
    """Local partials and values, as printed and as sympy has them."""
    head = ["Checked", "Operation", "Formula", "Got", "Reference", "ulp", "ok"]
    lines = _fitted(head, checks, _local_line, write, width)
    return Table("Local partials", head, lines, [True, False, True, True, True, False, False])


def _local_line(c: Local, write: Text) -> list[str]:
    return [
        write.variable(c.name) if c.argument is None else write.derivative(c.name, c.of),
        write.plain(c.op),
        c.latex if write.name == "latex" else c.formula,
        write.number(c.got),
        _number(c.reference, write),
        _ulps(c.ulp),
        ("kink" if c.source == "kink" else "yes") if c.passed else "NO",
    ]


def accuracy_table(entries: list[Entry], write: Text, width: int | None) -> Table:
    """Digits, condition, the row that lost digits, and the slopes at a kink."""
    head = ["Entry", "Digits", "Condition", "Lost in", "Slopes", "Verdict"]
    lines = _fitted(head, entries, _accuracy_line, write, width)
    slopes = any(e.slopes for e in entries)
    notes = ["slopes: from the left, from the right"] * slopes
    return Table("Accuracy", head, lines, [True, False, False, True, True, False], notes)


def _accuracy_line(e: Entry, write: Text) -> list[str]:
    return [
        write.derivative(e.output, e.input),
        "–" if e.digits is None else f"{e.digits:.1f}",
        "–" if e.condition is None else f"{e.condition:.1e}",
        "" if e.lost is None else write.variable(e.lost),
        ", ".join(_number(s, write) for s in e.slopes or ()),
        e.verdict,
    ]


def worth_telling(e: Entry) -> bool:
    """Whether an entry has lost digits, has two slopes, or is not verified."""
    slopes = e.slopes is not None and e.slopes[0] != e.slopes[1]
    return e.lost is not None or slopes or e.verdict != VERIFIED


def rules_of(checks: list[Local], unproved: list[str]) -> str:
    """How many local partials there are, how bad the worst is, how many are special."""
    partials = [check for check in checks if check.argument is not None]
    parts = [f"{len(partials)} local partial{'s' * (len(partials) != 1)}"]
    known = [check for check in partials if check.ulp is not None and check.passed]
    if known:
        worst = max(known, key=lambda check: check.ulp or 0.0)
        parts.append(f"worst {_ulps(worst.ulp)} ulp (row {worst.name})")
    kinks = sum(check.source == "kink" for check in partials)
    wrong = sum(not check.passed for check in partials)
    parts += [f"{kinks} at a kink"] * bool(kinks) + [f"{wrong} wrong"] * bool(wrong)
    parts += [f"not proved: {', '.join(unproved)}"] * bool(unproved)
    return ", ".join(parts)


def accuracy_of(entries: list[Entry]) -> str:
    """How many digits are right at least, and what is known of none."""
    known = [e.digits for e in entries if e.digits is not None]
    parts = [f"{min(known):.1f} digits or more"] if known else []
    if len(known) < len(entries):
        parts.append(f"{len(entries) - len(known)} of {len(entries)} entries without digits")
    conditions = [e.condition for e in entries if e.condition is not None]
    if conditions:
        parts.append(f"condition up to {max(conditions):.1e}")
    return ", ".join(parts) or "no entries"


def _fitted(
    head: list[str], items: Sequence, line: Callable, write: Text, width: int | None
) -> list[list[str]]:
    """One line an item, with as many digits as fit a width, at most those of write."""
    if not items:
        return []
    most = write.digits
    for digits in range(most, min(1, most - 1), -1) if width and most else (most,):
        lines = [line(item, type(write)(digits)) for item in items]
        widths = [max(len(h) + 2, *map(len, cells)) for h, *cells in zip(head, *lines)]
        if width is None or sum(widths) + 2 * len(widths) - 2 <= width:
            break
    return lines


def _number(x: float | None, write: Text) -> str:
    if x is not None:
        return write.number(x)
    return "–" if write.name == "text" else r"\text{--}"


def _ulps(x: float | None) -> str:
    if x is None or not math.isfinite(x):
        return "–" if x is None or math.isnan(x) else "inf"
    return f"{x:.2f}" if x < 1e4 else f"{x:.1e}"
