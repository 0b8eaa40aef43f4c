"""How natural notation is read: tokens as a person writes them go in, and tokens with all operators
and brackets written out come out, each with its place in the user's text.

2x and (x + 1)(x - 1) are products, sin x and √x have their argument without brackets, sin^2(x) is a
power of sin(x), |x| and \\frac{a}{b} become abs(x) and (a)/(b). Where two readings exist, as of
1/2x, the error shows both. What is no expression at all passes through, for `check` to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from admodes.expression.arguments import PRODUCTS, STARTS, Arguments, Bare, Frame
from admodes.expression.bars import without_bars
from admodes.expression.errors import ExpressionError
from admodes.expression.signs import CLOSED_BY, ROOTS
from admodes.expression.tokens import Token
from admodes.expression.words import Words

_INVERSES = {
    "sin": "asin", "cos": "acos", "tan": "atan", "sinh": "asinh", "cosh": "acosh",
    "tanh": "atanh", "ln": "exp", "log": "exp", "exp": "ln",
}  # fmt: skip


def read(tokens: list[Token], text: str, words: Words) -> list[Token]:
    """tokens in plain form. Raises ExpressionError for what can be read in two ways."""
    return _Reader(without_bars(tokens, text, words.is_function), text, words).run()


class _Reader(Arguments):
    def run(self) -> list[Token]:
        while self.i < len(self.tokens):
            self._step(self.tokens[self.i])
        self.end_bare()
        return self.out

    # One token

    def _step(self, t: Token) -> None:
        complete = self.is_complete()
        index = complete and t.kind == "[" and self.out[-1].kind != "number"
        if complete and not index and t.kind != ".T":
            self.end_root(t)
        self.i += 1
        if t.kind in STARTS and not index:
            if t.kind == "name" and complete and self._is_modulo(t):
                self._operator(t._replace(kind="mod"))
                return
            if complete:
                self.juxtaposed(t)
            self._operand(t)
        elif t.kind in (")", "]"):
            self._close(t)
        elif index:
            self._open(t, [])
        elif t.kind == "**":
            self._power(t)
        elif t.kind == ".T" or (t.kind in ("+", "-") and not complete):
            self.write(t)
        else:
            self._operator(t)

    def _operand(self, t: Token) -> None:
        frame = self.frames[-1]
        if t.kind == "(" or t.kind == "[":
            if self.out and self._is_exponent():
                frame.power = None
            self._vary()
            self._open(t, [])
        elif t.kind == "number":
            self.write(t)
        elif t.kind == "root":
            self._root(t)
        elif t.kind == "frac":
            self._vary()
            self._fraction(t)
        else:
            self._name(t)

    def _is_exponent(self) -> bool:
        """Whether what is written last is the sign of a power, or a sign of its exponent."""
        kinds = [s.kind for s in self.out[-2:]]
        return kinds[-1] == "**" or (kinds[-1] in ("+", "-") and kinds[0] == "**")

    def _vary(self) -> None:
        """Note that the arguments without brackets hold more than numbers."""
        for bare in self.frames[-1].bare:
            bare.fixed = False

    def _open(self, t: Token, after: list[Token], loose: bool = False) -> None:
        self.called = False
        self.write(t._replace(kind="[" if t.kind == "[" else "("))
        self.frames.append(Frame(t, after, loose, term=len(self.out)))

    def _close(self, t: Token) -> None:
        self.end_bare()
        frame = self.frames[-1]
        if frame.opening is None:
            self.write(t)
            return
        expected = CLOSED_BY.get(frame.opening.text)
        if expected and t.text in CLOSED_BY.values() and t.text != expected:
            reason = f"this {t.text!r} closes no {frame.opening.text!r}: write {expected!r}"
            raise ExpressionError(reason, self.text, t.position)
        self.frames.pop()
        self.write(t)
        for more in frame.after:
            self.write(more)
        self.loose = frame.loose
        if frame.above is not None:
            self._denominator(frame.above)

    def _operator(self, t: Token) -> None:
        frame = self.frames[-1]
        if t.kind == "/" and self._is_derivative():
            raise ExpressionError(
                "derivatives are not written here: give the function to differentiate",
                self.text,
                t.position,
            )
        if t.kind == "=" and frame.condition:
            t = t._replace(kind="compare", text="==")
        frame.condition = frame.condition and t.kind != ","
        if t.kind in PRODUCTS and frame.bare and self.is_complete():
            self.multiplied(t)
        self.end_bare()
        frame.power = frame.slash = None
        if t.kind == "mod":
            self.sum_before(t)
        if t.kind in ("/", "mod"):
            frame.slash = len(self.out)
        self.write(t)
        if t.kind not in (*PRODUCTS, "mod"):
            frame.term = len(self.out)

    def _is_derivative(self) -> bool:
        """Whether the line of d/dx is read."""
        above, below = self.out[-1:], self.peek()
        d = bool(above) and above[0].text == "d" and not self.words.is_chosen("d")
        return d and below is not None and re.fullmatch(r"d[^\W\d]\d*", below.text) is not None

    def _power(self, t: Token) -> None:
        if self.is_complete() and (count := self._transposed()):
            self.i += count
            self.write(Token(".T", "^T", t.position, None, t.end))
            return
        self.check_loose(self.i, "^")
        self.write(t)
        if t.text in ("^", "**"):
            self.frames[-1].power = len(self.out) - 1

    def _transposed(self) -> int:
        """How many tokens after a sign of a power say that it is a transposition."""
        base = self.out[-1]
        number = base.kind == "number" or base.text in self.words.constants
        if self.words.is_chosen("T") or (number and not self.words.is_chosen(base.text)):
            return 0
        if self.next_is(0, "name") and self.tokens[self.i].text == "T":
            return 1
        inside = self.tokens[self.i : self.i + 3]
        return 3 if [(t.kind, t.text)[t.kind == "name"] for t in inside] == ["(", "T", ")"] else 0

    def _is_modulo(self, t: Token) -> bool:
        return t.text == "mod" and not self.words.is_chosen("mod") and self.next_is(0, *STARTS)

    # Names and functions

    def _name(self, t: Token) -> None:
        words = self.words
        opens = self.next_is(0, "(")
        t = t._replace(text=words.resolve(t.text, opens))
        if t.text == "ln" and self._is_gamma():
            t, opens = t._replace(text="gammaln"), True
            self.i += 1
        if t.text == "Σ" and not words.is_chosen("Σ") and self.next_is(0, *STARTS):
            self._atomic(t._replace(text="sum"))
        elif t.text == "sqrt" and self.next_is(0, "[") and not words.is_chosen("sqrt"):
            self._nth_root(t)
        elif opens and words.is_function(t.text):
            self._vary()
            self._call(t, [])
        elif words.is_bare(t.text) and self._function(t):
            pass
        elif opens and not words.is_variable(t.text):
            self.write(t)
            self.called = True
        else:
            self._variable(t, opens)

    def _is_gamma(self) -> bool:
        """Whether Γ( comes next, which is known in ln Γ(x) alone."""
        gamma = self.next_is(0, "name") and self.tokens[self.i].text == "Γ"
        return gamma and self.next_is(1, "(") and not self.words.is_chosen("Γ")

    def _variable(self, t: Token, opens: bool) -> None:
        constant = not self.words.is_chosen(t.text) and t.text in self.words.constants
        if not constant:
            self._vary()
        self.write(t)
        if opens and constant and t.text == "e":
            inside = self.upcoming(self.i)
            self.two(len(self.out) - 1, self.i, f"e*{inside}", f"e^{inside}")

    def _call(self, t: Token, power: list[Token]) -> None:
        """A function whose argument is in the bracket that comes next."""
        opening = self.tokens[self.i]
        self.write(t)
        self.i += 1
        self._open(opening, power, opening.position > t.end and not power)
        self.frames[-1].condition = self.words.functions[t.text].name == "where"

    def _function(self, t: Token) -> bool:
        """Read a function whose argument has no brackets, or that is raised to a power before its
        argument; False where no argument follows."""
        count = self._size_of_power()
        raised = self.tokens[self.i : self.i + count]
        follows = self.peek(count)
        if follows is None or not (follows.kind in STARTS or self._is_signed(count)):
            return False
        self._check_power(t, raised, follows)
        self.i += count
        self._vary()
        if follows.kind == "(":
            self._call(t, raised)
            return True
        self.write(t)
        self.implied("(", follows)
        self.frames[-1].bare.append(Bare(len(self.out) - 1, raised))
        return True

    def _is_signed(self, k: int) -> bool:
        """Whether a sign that belongs to what follows it comes k tokens from here: sin -x."""
        sign, operand = self.peek(k), self.peek(k + 1)
        if sign is None or operand is None or sign.kind not in ("+", "-"):
            return False
        before = self.tokens[self.i + k - 1]
        return sign.position > before.end and operand.position == sign.end

    def _size_of_power(self) -> int:
        """How many of the tokens from here are a power, of one number or name."""
        if not self.next_is(0, "**"):
            return 0
        k = 1
        if self.next_is(k, "("):
            k += 2 if self.next_is(k + 1, "-") else 1
            return k + 2 if self.next_is(k, "number", "name") and self.next_is(k + 1, ")") else 0
        k += 1 if self.next_is(k, "-") else 0
        return k + 1 if self.next_is(k, "number", "name") else 0

    def _check_power(self, t: Token, raised: Sequence[Token], follows: Token) -> None:
        numbers = [s.value for s in raised if s.kind == "number"]
        if numbers == [1] and any(s.kind == "-" for s in raised):
            argument = "x" if follows.kind != "name" else follows.text
            name = _INVERSES.get(t.text, "")
            inverse = (
                f"{name}({argument}), the inverse function," if name else "the inverse function"
            )
            self.out.append(t)
            k = self.i + len(raised)
            self.two(len(self.out) - 1, k, inverse, f"1/{t.text}({argument})")

    def _root(self, t: Token) -> None:
        """√ and what it stands before: a bracket, or one number, name or call."""
        if not self.next_is(0, *STARTS):
            raise ExpressionError(
                f"{t.text} needs something after it: write {ROOTS[t.text]}(…)",
                self.text,
                t.position,
            )
        name = t._replace(kind="name", text=ROOTS[t.text])
        self._vary()
        if self.next_is(0, "("):
            self._call(name, [])
        else:
            self._atomic(name)

    def _atomic(self, t: Token) -> None:
        """A function of the one number, name or call that comes next."""
        follows = self.tokens[self.i]
        if self.next_is(0, "("):
            self._call(t, [])
            return
        bare = follows.kind == "name" and self.words.is_bare(follows.text)
        if (bare and not self.next_is(1, "(")) or follows.kind not in ("number", "name"):
            raise ExpressionError(
                f"put brackets after {t.text}: {t.text}(…)", self.text, t.position
            )
        self._vary()
        self.write(t)
        self.implied("(", follows)
        self.frames[-1].root = len(self.out) - 1

    def _nth_root(self, t: Token) -> None:
        """\\sqrt[n]{x}"""
        degree, closing, opening = (self.peek(k) for k in (1, 2, 3))
        whole = degree is not None and degree.value.__class__ is int and degree.value > 1
        closed = closing is not None and closing.kind == "]"
        if not whole or not closed or opening is None or opening.kind != "(":
            raise ExpressionError("write a root as \\sqrt[3]{x} or x^(1/3)", self.text, t.position)
        assert degree is not None
        self.i += 4
        self._vary()
        if degree.value < 4:
            self.write(t._replace(text="sqrt" if degree.value == 2 else "cbrt"))
            self._open(opening, [])
            return
        one = degree._replace(text="1", value=1)
        kinds = ("**", "(", one, "/", degree, ")")
        power = [k if isinstance(k, Token) else t._replace(kind=k, text=k) for k in kinds]
        self._open(opening, power)

    def _fraction(self, t: Token) -> None:
        """\\frac{a}{b}, or \\frac12 with two digits."""
        self.implied("(", t)
        first = self.peek()
        self.i += 1
        if first is not None and first.kind == "(":
            self._open(first, [t._replace(kind="/", text="/")])
            self.frames[-1].above = t
        elif first is not None and first.text.isdecimal() and len(first.text) <= 2:
            above, *below = (first._replace(text=c, value=int(c)) for c in first.text)
            self.out += [above, t._replace(kind="/", text="/")]
            self._denominator(t, *below)
        else:
            self._no_fraction(t)

    def _denominator(self, t: Token, digit: Token | None = None) -> None:
        """What stands below the line of a fraction."""
        end = t._replace(kind=")", text=")")
        if digit is None:
            digit = self.peek()
            self.i += 1
        if digit is not None and digit.kind == "(":
            self._open(digit, [end])
        elif digit is not None and digit.text.isdecimal() and len(digit.text) == 1:
            self.out += [digit, end._replace(end=digit.end)]
        else:
            self._no_fraction(t)

    def _no_fraction(self, t: Token) -> None:
        raise ExpressionError(f"write {t.text}{{a}}{{b}}", self.text, t.position)
