"""Whether a list of tokens is an expression: operands and operators take turns, brackets match, a
function has its argument in brackets, and nothing is nested beyond the limits. `check` gets the
tokens and raises an error that points at the place; it returns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from admodes.expression.errors import ExpressionError
from admodes.expression.tokens import Limits, Token, ends_operand
from admodes.expression.words import Words


@dataclass
class _Frame:
    """One bracket while it is open, index where it is a square one after an operand. nested counts
    the signs and powers that wait for their operand, operators those of the current argument, tall
    is the height of its tallest operand, highest the height of the arguments before it."""

    opening: Token | None
    index: bool = False
    nested: int = 0
    operators: int = 0
    tall: int = 0
    highest: int = 0

    @property
    def height(self) -> int:
        """No less than the height of the tree that the bracket's inside parses to."""
        return max(self.highest, self.operators + self.tall)

    def hang(self, height: int) -> None:
        """Note an operand of this height under the signs and powers that wait for it."""
        self.tall = max(self.tall, self.nested + height)


def check(tokens: list[Token], text: str, words: Words, limits: Limits) -> None:
    """Refuse what is no expression: two operands or two operators in a row, brackets that do not
    match, nesting beyond the limits."""
    frames = [_Frame(None)]
    depth = 0
    previous: Token | None = None
    for t, after in zip(tokens, [*tokens[1:], None], strict=True):
        complete = previous is not None and ends_operand(previous)
        frame = frames[-1]
        if t.kind == "(" and previous is not None and previous.kind == "name":
            complete = False
        index = t.kind == "[" and complete
        if t.kind in ("number", "name", "(", "[") and not index:
            if complete:
                assert previous is not None
                raise ExpressionError(_two_operands(previous, t, after), text, t.position)
            if t.kind == "name":
                _check_name(t, after, text, words)
        if t.kind in ("(", "["):
            depth += frame.nested + 1
            frames.append(_Frame(t, index))
        elif t.kind in (")", "]"):
            if len(frames) == 1:
                raise ExpressionError(
                    f"this '{t.text}' closes nothing: delete it", text, t.position
                )
            if not complete and not (frame.index and _is(previous, ":")):
                assert previous is not None
                empty = previous.kind in ("(", "[")
                what = "an argument between the brackets" if empty else "something"
                raise ExpressionError(f"{what} is missing here", text, t.position)
            frames.pop()
            depth -= frames[-1].nested + 1
            frames[-1].hang(frame.height + 1)
        elif t.kind == ":" and frame.index:
            frame.nested = 0
        elif t.kind == ".T" and complete:
            frame.hang(1)
        elif t.kind == "," and frame.index and _is(previous, ":"):
            frame.nested = 0
        elif t.kind not in ("number", "name"):
            _operator(t, previous, complete, frame, len(frames) > 1, text)
        if depth + frames[-1].nested > limits.max_depth:
            raise ExpressionError(
                "brackets, signs and powers are nested too deep; the limit is "
                f"max_depth={limits.max_depth}: name partial results (a = …; y = …)"
            )
        if frames[-1].height > limits.max_terms:
            raise ExpressionError(
                "too many operations in one chain; the limit is "
                f"max_terms={limits.max_terms}: name partial results (a = …; y = a + …)"
            )
        previous = t
    if previous is None or not ends_operand(previous):
        end = previous.end if previous else len(text)
        raise ExpressionError("the expression ends too early: something must follow", text, end)
    if frames[-1].opening is not None:
        opening = frames[-1].opening
        raise ExpressionError(f"this '{opening.text}' is never closed", text, opening.position)


def _is(t: Token | None, kind: str) -> bool:
    return t is not None and t.kind == kind


def _operator(
    t: Token, previous: Token | None, complete: bool, frame: _Frame, inside: bool, text: str
) -> None:
    """Check an operator, a comma or '=', and count it in its frame."""
    if t.kind in ("+", "-") and not complete:
        frame.nested += 1
        frame.hang(0)
    elif t.kind == "=":
        raise ExpressionError(_stray_equals(inside), text, t.position)
    elif t.kind == ":":
        reason = "':' stands only in an index: x[1:3]"
        raise ExpressionError(reason, text, t.position)
    elif not complete:
        raise ExpressionError(_no_operand(t, previous), text, t.position)
    elif t.kind == "**":
        frame.nested += 1
        frame.hang(0)
    elif t.kind != ",":
        frame.nested = 0
        frame.operators += 1
    elif inside:
        frame.highest = frame.height
        frame.nested = frame.operators = frame.tall = 0
    else:
        raise ExpressionError(
            "a comma outside a call: write decimals with a point, and give each output as an "
            "expression of its own",
            text,
            t.position,
        )


def _check_name(t: Token, after: Token | None, text: str, words: Words) -> None:
    applied = after is not None and after.kind in ("implied", "**")
    if after is not None and after.kind == "(":
        if not words.is_function(t.text):
            reason = f"unknown function {t.text!r}{words.suggest(t.text)}"
            product = f"; for a product write {t.text}*(…)" if len(t.text) <= 2 else ""
            raise ExpressionError(reason + product, text, t.position)
    elif applied and words.names_a_function(t.text) and not words.is_function(t.text):
        reason = f"unknown function {t.text!r}{words.suggest(t.text)}"
        raise ExpressionError(f"{reason}; as a name give it as an input", text, t.position)
    elif words.is_bare(t.text) or (applied and words.names_a_function(t.text)):
        reason = (
            f"write {t.text}(x)^2 for a power of {t.text}"
            if after is not None and after.kind == "**"
            else f"{t.text} is a function: write {t.text}(…), or give it as an input"
        )
        raise ExpressionError(reason, text, t.position)


def _two_operands(a: Token, b: Token, after: Token | None) -> str:
    if a.kind == "number" and b.text in ("j", "J"):
        return f"complex numbers are not supported; for a product write {a.text}*{b.text}"
    if a.kind == "name" and b.kind == "number":
        return f"an operator is missing: write {a.text}*{b.text}, or {a.text}^{b.text} for a power"
    left = "…)" if a.kind == ")" else a.text
    right = "(…" if b.kind == "(" else b.text
    if b.kind == "name" and after is not None and after.kind == "(":
        right += "(…"
    return f"an operator is missing: write {left}*{right}" + (")" if right.endswith("…") else "")


def _no_operand(t: Token, previous: Token | None) -> str:
    if t.kind in ("*", "**") and (previous is None or previous.kind in ("(", ",")):
        return f"{t.text} needs something before it (starred arguments are not allowed)"
    if previous is None:
        return f"something must come before {t.text!r}"
    return f"something is missing between {previous.text!r} and {t.text!r}"


def _stray_equals(inside: bool) -> str:
    if inside:
        return "keyword arguments are not allowed: give arguments by position (to compare: ==)"
    return (
        "'=' stands only in a definition of one name (a = sin(x1); y = ln(x1 + a)); to compare "
        "write =="
    )
