"""A place among the tokens of an expression, and what is written so far: what comes next, where an
operand begins and ends, and the error for what can be read in two ways.
"""

from __future__ import annotations

from typing import NoReturn

from admodes.expression.errors import ExpressionError
from admodes.expression.plain import short_text
from admodes.expression.tokens import Token, ends_operand
from admodes.expression.words import Words

LONGEST = 40
"""Characters of the user's text that an error repeats."""


class Cursor:
    """tokens are read from place i on, and written to out."""

    def __init__(self, tokens: list[Token], text: str, words: Words) -> None:
        self.tokens = tokens
        self.text = text
        self.words = words
        self.out: list[Token] = []
        self.i = 0
        self.called = False
        """Whether the next bracket belongs to the name before it."""

        self.loose = False
        """Whether what ended last is a call with a space before its bracket."""

    def peek(self, k: int = 0) -> Token | None:
        return self.tokens[self.i + k] if self.i + k < len(self.tokens) else None

    def next_is(self, k: int, *kinds: str) -> bool:
        t = self.peek(k)
        return t is not None and t.kind in kinds

    def is_complete(self) -> bool:
        return bool(self.out) and ends_operand(self.out[-1]) and not self.called

    def write(self, t: Token) -> None:
        self.out.append(t)
        self.loose = False

    def implied(self, kind: str, t: Token, text: str = "", end: bool = False) -> None:
        """A token that the user did not write, before t or at its end."""
        place = t.end if end else t.position
        self.write(Token(kind, text or kind, place, None, place))

    def start_of(self, end: int) -> int:
        """Where the operand begins that ends at this place among what is written."""
        k, depth = end, 0
        while k > 0:
            depth += (self.out[k].kind in (")", "]")) - (self.out[k].kind in ("(", "["))
            if depth == 0 and self.out[k].kind not in (".T", "]", "["):
                break
            k -= 1
        function = k > 0 and self.out[k].kind == "(" and self.out[k - 1].kind == "name"
        return k - 1 if function else k

    def upcoming(self, k: int) -> str:
        """The operand that begins at this place among the tokens, in plain form."""
        part = self.tokens[k : self.end_of(k)]
        if len(part) == 2:
            part = [part[0], part[0]._replace(kind="("), part[1], part[1]._replace(kind=")")]
        return short_text(part)

    def end_of(self, k: int) -> int:
        """Where the operand ends that begins at this place among the tokens."""
        end, depth = k, 0
        while end < len(self.tokens):
            t = self.tokens[end]
            depth += (t.kind in ("(", "[")) - (t.kind in (")", "]"))
            end += 1
            if depth == 0 and not self.goes_on(t, end):
                break
        return end

    def goes_on(self, t: Token, k: int) -> bool:
        """Whether t, before place k among the tokens, is a function of what stands there."""
        if t.kind != "name" or k == len(self.tokens):
            return False
        opens = self.tokens[k].kind == "("
        name = self.words.resolve(t.text, opens)
        return self.words.is_function(name) if opens else self.words.is_bare(name)

    def two(self, start: int, k: int, first: str, second: str) -> NoReturn:
        """Refuse what is written from start on, with the operand at place k among the tokens:
        it can be read in two ways."""
        position = self.out[start].position
        written = self.text[position : self.tokens[self.end_of(k) - 1].end]
        written = " ".join(written.split())
        if len(written) > LONGEST:
            written, position = "this", self.tokens[k].position
        raise ExpressionError(
            f"{written} can be read as {first} or as {second}: write the one that is meant",
            self.text,
            position,
        )
