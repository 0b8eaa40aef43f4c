"""The right side of a rule put right: by one small change of what is written, or written anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from admodes.errors import Error
from admodes.expression import ParsedFunction
from admodes.symbolic.expressions import expressions
from admodes.symbolic.forms import as_expression, differentiated
from admodes.tracing.trace import Trace, scalar_trace
from admodes.views.dialects import Text
from admodes.views.filling import fill

_SIGNS = re.compile(r"[-+−]")
_DIGITS = re.compile(r"(?<![A-Za-z_])[0-9]|[²³]")
_TURNED = {"+": "−", "-": "+", "−": "+"}
_POWERS = "²³"


def variations(text: str) -> Iterator[tuple[Literal["sign", "digit slip"], str]]:
    """What may have been meant, one change away, and what that change is called: the sign of the
    whole or of a term, one digit.

    >>> list(variations("−cos x"))
    [('sign', 'cos x')]
    >>> [meant for name, meant in variations("1 + x") if name == "sign"]
    ['−(1 + x)', '1 − x']
    """
    if text[:1] in ("-", "−"):
        yield "sign", text[1:].strip()
    elif _SIGNS.search(text):
        yield "sign", f"−({text})"
    else:
        yield "sign", f"−{text}"
    for match in _SIGNS.finditer(text):
        i = match.start()
        if i > 0:
            yield "sign", text[:i] + _TURNED[text[i]] + text[i + 1 :]
    for match in _DIGITS.finditer(text):
        i = match.start()
        for other in _POWERS if text[i] in _POWERS else "0123456789":
            if other != text[i]:
                yield "digit slip", text[:i] + other + text[i + 1 :]


def symbolic_right(f: ParsedFunction, moved: Sequence[str], primes: dict[str, str]) -> str:
    """The derivative of f as text: with the partials as a book prints them where f is one
    operation, else the whole formula. moved: the inputs that have a derivative; primes: those whose
    derivative has no formula."""
    t = scalar_trace(f, tuple(0.5 + 0.1 * k for k in range(len(f.inputs))), f.inputs, ["result"])
    texts = [
        (_partial(t, name) or f"∂/∂{name} ({f.read[0]})", f"{name}'" if name in primes else "")
        for name in moved
    ]
    shown = [_times(text, prime) for text, prime in texts if text != "0"]
    return " + ".join(shown).replace("+ -", "- ") or "0"


def _times(text: str, prime: str) -> str:
    if not prime:
        return text
    if text in ("1", "-1"):
        return text.replace("1", prime)
    loose = re.search(r"[+\-/ ](?!.*\))", text[1:]) is not None
    return f"({text}) {prime}" if loose else f"{text} {prime}"


def _partial(t: Trace, name: str) -> str:
    """The partial of a function for an input; empty where there is no formula."""
    (row,) = {y["row"] for y in t.outputs}
    step = t.rows[row] if row is not None else None
    names = {x["row"]: x["name"] for x in t.inputs}
    if step is not None and step.forms and all(a.get("row", 0) in names for a in step.args):
        places = [k for k, a in enumerate(step.args) if a.get("row") in names
                  and names[a["row"]] == name]  # fmt: skip
        if len(places) == 1:
            write = Text(None)
            atoms = [
                (names[a["row"]], False) if "row" in a else (write.number(a["const"]), True)
                for a in step.args
            ]
            return fill(step.forms["text"]["partials"][places[0]], atoms, write)
    try:
        known = expressions(t)
        symbols = {symbol.name: symbol for symbol in known.symbols}
        slope = differentiated(as_expression(known.outputs[0]), symbols[name])
    except Error:
        return ""
    return f"{slope}".replace("**", "^")
