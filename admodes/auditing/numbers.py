"""The number of a cell: its text goes in; the number comes out as it is written after the last
equals sign, with its value and its digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from admodes.errors import Error
from admodes.expression.parser import parse

UNKNOWN = frozenset({"", "?", "-", "–", "—", "_", "__", "___", "...", "…", "n/a", "•"})
"""What stands in a cell that holds no number."""

_SIGNS = str.maketrans("−–‐‑＋", "----+")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_PLAIN = r"(?:\d+(?:\.\d*)?|\.\d+)"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)\s*(?P<mantissa>{_PLAIN})"
    r"(?:[eE](?P<e>[-+]?\d+)|\s*[×·*x]\s*10\s*(?:\^|\*\*)?\s*[({]?\s*(?P<ten>[-+]?\d+)\s*[)}]?)?"
    r"\s*(?P<percent>%?)"
)
_ALONE = re.compile(r"(?P<sign>[-+]?)\s*10\s*(?:\^|\*\*)\s*[({]?\s*(?P<ten>[-+]?\d+)\s*[)}]?")
_RAISED_TEN = re.compile(r"10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_FRACTION = re.compile(r"[-+]?\s*\(?\s*\d+\s*\)?\s*/\s*\(?\s*-?\d+\s*\)?")
_INFINITE = re.compile(r"(?P<sign>[-+]?)\s*(?:∞|inf(?:inity)?)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"(?<![\d,])\d+,\d+(?![\d,])")
_NAME = re.compile(r"[^\W\d_]")
_CONSTANTS = re.compile(r"\b(?:pi|π|exp|sin|cos|tan|ln|log|sqrt|tanh|sinh|cosh|σ|sigmoid)\b|√|π")
_EQUALS = re.compile(r"=|≈|≃|≅|≐|~")

EXACT = 99
"""The digits of a number that has no last one, as 1/3."""


@dataclass(frozen=True)
class Number:
    """A number as it is written.

    text: as written, without brackets around it. decimals: the place of its last digit, negative
    where that stands before the point (1.2e3: -2). digits: its significant digits, with zeros at
    the end where there is a point. decimals and digits are EXACT for a fraction or a formula of
    numbers.
    """

    text: str
    value: float
    decimals: int
    digits: int

    @property
    def exact(self) -> bool:
        """Whether it has no last digit."""
        return self.decimals == EXACT


@lru_cache(maxsize=20000)
def number_of(text: str, comma: bool = False) -> Number | None:
    """The number of a text that is one number or one constant formula without names, else None.
    comma: whether the document writes decimal commas.

    >>> number_of("(-3.40)")
    Number(text='-3.40', value=-3.4, decimals=2, digits=3)
    >>> number_of("1.2 × 10^-3").value, number_of("14%").value, number_of("1/3").text
    (0.0012, 0.14, '1/3')
    >>> number_of("2 v1"), number_of("?")
    (None, None)
    """
    plain = _unwrapped(text.translate(_SIGNS).strip())
    if comma:
        plain = _DECIMAL_COMMA.sub(lambda match: match[0].replace(",", "."), plain)
    if plain in UNKNOWN or len(plain) > 200:
        return None
    ready = _RAISED_TEN.sub(lambda match: "10^" + match[1].translate(_RAISED), plain)
    ready = re.sub(r"(?<=\d)(?:\.\.\.|…)$", "", ready)
    return _written(plain, ready) or _formula(plain)


def _unwrapped(text: str) -> str:
    """A text without dollar signs, marks and brackets around the whole of it."""
    text = text.strip("$*` \t").rstrip(".;,") if not re.fullmatch(r"\d+\.", text) else text
    while len(text) > 1 and text[0] + text[-1] in ("()", "[]", "{}"):
        inner = text[1:-1]
        if any(sign in inner for sign in "()[]{}"):
            break
        text = inner.strip()
    return text


def _written(plain: str, ready: str) -> Number | None:
    infinite = _INFINITE.fullmatch(ready)
    if infinite:
        return Number(plain, float(f"{infinite['sign']}inf"), EXACT, EXACT)
    if ready.lower() == "nan":
        return Number(plain, float("nan"), EXACT, EXACT)
    alone = _ALONE.fullmatch(ready)
    if alone:
        power = int(alone["ten"])
        return _scaled(plain, alone["sign"], "1", power) if abs(power) < 400 else None
    match = _NUMBER.fullmatch(ready)
    if not match:
        return None
    power = int(match["e"] or match["ten"] or 0) - 2 * bool(match["percent"])
    return _scaled(plain, match["sign"], match["mantissa"], power) if abs(power) < 400 else None


def _scaled(plain: str, sign: str, mantissa: str, power: int) -> Number:
    decimals = len(mantissa.partition(".")[2]) - power
    digits = mantissa.replace(".", "").lstrip("0")
    if "." not in mantissa:
        digits = digits.rstrip("0") or digits
    return Number(plain, float(f"{sign}{mantissa}e{power}"), decimals, max(len(digits), 1))


def _formula(plain: str) -> Number | None:
    """A fraction, or a formula of whole numbers such as √3/2: exact."""
    if not _FRACTION.fullmatch(plain):
        rest = _CONSTANTS.sub("", plain)
        if "." in plain or _NAME.search(rest) or not re.search(r"\d|π", plain):
            return None
        if "," in plain or not (_CONSTANTS.search(plain) or "/" in plain):
            return None
    try:
        function = parse(plain)
        value = function() if not function.inputs else None
    except (Error, ArithmeticError, RecursionError):
        return None
    return Number(plain, float(value), EXACT, EXACT) if isinstance(value, (int, float)) else None


def sides(text: str) -> list[str]:
    """The sides of the equations of a text, in order; also what is only about equal counts.

    >>> sides("v2 = 2 × 1 = 2"), sides("3")
    (['v2', '2 × 1', '2'], ['3'])
    """
    return [side.strip() for side in _EQUALS.split(text)]


def last_number(text: str, comma: bool = False) -> Number | None:
    """The number after the last equals sign of a text.

    >>> last_number("[1 × (-3)] + [1 × 0.5] = -2.5").text
    '-2.5'
    """
    return number_of(sides(text)[-1], comma)


def vector_of(text: str, comma: bool = False) -> list[Number] | None:
    """The numbers of a text that is one vector in brackets, row by row for a matrix, else None.

    >>> [number.value for number in vector_of("(0.5, -2)")]
    [0.5, -2.0]
    """
    plain = text.translate(_SIGNS).strip("$ ")
    for sign in ("ᵀ", "^T", "^⊤", "⊤"):
        plain = plain.removesuffix(sign)
    if len(plain) < 3 or plain[0] + plain[-1] not in ("()", "[]", "⟨⟩", "{}"):
        return None
    inner = re.sub(r"[][(){}]", " ", plain[1:-1])
    parts = re.split(r"[,;]|(?<=\d)\s+(?=[-+.\d])", inner.strip())
    numbers = [number_of(part, comma) for part in parts if part.strip()]
    if len(numbers) < 2 or any(number is None for number in numbers):
        return None
    return [number for number in numbers if number is not None]


def has_decimal_commas(texts: list[str]) -> bool:
    """Whether numbers have a comma where others have a point: 0,141 stands alone in some cells and
    no number has a point."""
    if any(re.search(r"\d\.\d", text) for text in texts):
        return False
    alone = re.compile(r"\(?[-+]?\d+,\d+\)?")
    return any(alone.fullmatch(sides(text.translate(_SIGNS))[-1]) for text in texts)
