"""Where the argument of a function without brackets ends, and what stands side by side: a product,
or two readings, of which the error shows both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from admodes.expression.cursor import Cursor
from admodes.expression.plain import plain_text, short_text
from admodes.expression.tokens import Token
from admodes.expression.words import Words

STARTS = ("number", "name", "(", "[", "root", "frac")
PRODUCTS = ("*", "/", "·", "@")


@dataclass
class Bare:
    """A function whose argument stands without brackets: its place among what is written, what
    follows after the argument, and whether that is all numbers and constants so far."""

    start: int
    power: list[Token]
    fixed: bool = True


@dataclass
class Frame:
    """One bracket while it is open; condition where it holds one, in which = is ==. after is
    written when it closes; loose tells of a space between a function and the bracket. Of the term
    that is being read: where it begins, its last division and the last power whose exponent has no
    brackets."""

    opening: Token | None = None
    after: list[Token] = field(default_factory=list)
    loose: bool = False
    bare: list[Bare] = field(default_factory=list)
    root: int | None = None
    term: int = 0
    slash: int | None = None
    power: int | None = None
    condition: bool = False
    above: Token | None = None
    """The fraction whose numerator this bracket is."""


class Arguments(Cursor):
    """A cursor that knows the brackets that are open, the innermost one last."""

    def __init__(self, tokens: list[Token], text: str, words: Words) -> None:
        super().__init__(tokens, text, words)
        self.frames = [Frame()]

    def end_root(self, t: Token | None) -> None:
        """The argument of a root ends before t."""
        frame = self.frames[-1]
        if frame.root is None:
            return
        start, frame.root = frame.root - 1, None
        attached = t is not None and self.out[-1].end == t.position
        shown = plain_text(self.out[start:])
        gathers = self.out[start].text == "sum"
        if t is not None and t.kind == "**":
            self.two(start, self.i + 1, f"{shown})^2", f"{shown}^2)")
        if t is not None and gathers and t.kind in PRODUCTS:
            after = plain_text([t]) + self.upcoming(self.i + 1)
            self.two(start, self.i + 1, f"{shown}){after}", f"{shown}{after})")
        if t is not None and (attached or gathers) and t.kind in STARTS:
            after = self.upcoming(self.i)
            self.two(start, self.i, f"{shown})*{after}", f"{shown}*{after})")
        self.implied(")", self.out[-1], end=True)

    def end_bare(self) -> None:
        """The arguments without brackets end here."""
        frame = self.frames[-1]
        if self.is_complete():
            self.end_root(None)
        for bare in reversed(frame.bare):
            self.implied(")", self.out[-1], end=True)
            for t in bare.power:
                self.write(t)
        frame.bare = []

    def _is_applied(self, t: Token) -> bool:
        """Whether t, the token before the next one, is a function with an argument, or a root."""
        if t.kind != "name":
            return t.kind == "root"
        called = self.next_is(0, "(")
        name = self.words.resolve(t.text, called)
        follows = self.next_is(0, *STARTS, "**", "-", "+")
        return (called and self.words.is_function(name)) or (follows and self.words.is_bare(name))

    def juxtaposed(self, t: Token) -> None:
        """Write the product of what is complete with t, or refuse it where it could mean more."""
        frame, last, here = self.frames[-1], self.out[-1], self.i - 1
        if t.kind == "number" or (last.kind == "number" and self._is_no_factor(last, t)):
            return
        if last.kind == "number" and last.end == t.position and t.kind == "name":
            mantissa, e, exponent = last.text.partition("e")
            if e:
                apart = f"{mantissa}*e*{exponent}*{t.text}"
                self.two(len(self.out) - 1, here, f"{last.text}*{t.text}", apart)
        applied = self._is_applied(t)
        after = self.upcoming(here)
        if frame.power is not None and self._joins_exponent(frame, t):
            base, sign = self.start_of(frame.power - 1), frame.power
            shown, exponent = short_text(self.out[base:sign]), plain_text(self.out[sign + 1 :])
            closed = ")" * len(frame.bare)
            exponent += closed
            self.two(base, here, f"{shown}^{exponent}*{after}", f"{shown}^({exponent}*{after})")
        if frame.bare and not self._continues(frame, t, applied):
            self.end_bare()
        if not applied:
            self.check_loose(here, "*")
        if frame.slash is not None:
            above = short_text(self.out[frame.term : frame.slash])
            below = short_text(self.out[frame.slash + 1 :])
            above += plain_text([self.out[frame.slash]])
            self.two(frame.term, here, f"{above}{below}*{after}", f"{above}({below}*{after})")
        frame.power = None
        self.implied("implied", t, "*")

    def _is_no_factor(self, number: Token, t: Token) -> bool:
        """Whether a number and t are no product: 2j, 0x1f."""
        if t.kind != "name" or number.end != t.position or self.words.is_chosen(t.text):
            return False
        return t.text in ("j", "J") or number.text == "0"

    def _joins_exponent(self, frame: Frame, t: Token) -> bool:
        """Whether t could belong to the exponent before it."""
        assert frame.power is not None
        last, base = self.out[-1], self.out[frame.power - 1]
        if frame.bare:
            return frame.bare[0].start > frame.power
        if last.end != t.position:
            return False
        constant = base.kind == "number" or base.text in self.words.constants
        return t.kind != "(" or last.kind != "number" or constant

    def _continues(self, frame: Frame, t: Token, applied: bool) -> bool:
        """Whether t belongs to the argument of the function without brackets before it."""
        fixed = frame.bare[-1].fixed
        if fixed and not applied and t.kind != "(":
            return True
        if fixed or not applied or len(frame.bare) > 1:
            first = frame.bare[0]
            name = self.start_of(first.start - 1)
            self.two(name, self.i - 1, *self._readings(frame, f"*{self.upcoming(self.i - 1)}"))
        return False

    def multiplied(self, t: Token) -> None:
        """Refuse sin x/2 and sin 2*x; sin x*y and sin x/cos x have one meaning."""
        frame = self.frames[-1]
        following = self.peek()
        if following is None or following.kind not in STARTS:
            return
        if t.kind != "/" and not frame.bare[-1].fixed:
            return
        self.i += 1
        applied = self._is_applied(following)
        self.i -= 1
        if not applied or len(frame.bare) > 1:
            after = plain_text([t]) + self.upcoming(self.i)
            self.two(frame.bare[0].start - 1, self.i, *self._readings(frame, after))

    def check_loose(self, k: int, sign: str) -> None:
        """Refuse sin (x + 1) y and sin (x + 1)^2, where y or 2 is the operand at place k."""
        if self.loose:
            start = self.start_of(len(self.out) - 1)
            shown, inside = plain_text(self.out[start:]), plain_text(self.out[start + 1 :])
            after = sign + self.upcoming(k)
            self.two(start, k, f"{shown}{after}", f"{self.out[start].text}({inside}{after})")

    def sum_before(self, t: Token) -> None:
        """Refuse x + y mod 2, where t is mod."""
        term = self.frames[-1].term
        if term < 2 or self.out[term - 1].kind not in ("+", "-"):
            return
        start = self.start_of(term - 2)
        before, last = plain_text(self.out[start:term]), short_text(self.out[term:])
        by = plain_text([t]) + self.upcoming(self.i)
        self.two(start, self.i, f"{before}({last}{by})", f"({before}{last}){by}")

    def _readings(self, frame: Frame, after: str) -> tuple[str, str]:
        """The functions without brackets, with what comes after outside and inside of them."""
        first, count = frame.bare[0], len(frame.bare)
        shown = plain_text(self.out[first.start - 1 :])
        power = plain_text(first.power)
        outside = f"{shown}{')' * count}{power}{after}"
        return outside, f"{shown}{')' * (count - 1)}{after}){power}"
