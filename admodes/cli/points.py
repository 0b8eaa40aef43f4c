"""The option --at: text goes in, values by name come out, or an error that shows the right spelling
where what was meant can be told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from admodes.cli.target import InputError
from admodes.expression import ExpressionError
from admodes.expression.lowering import declared_names, spelled
from admodes.expression.parser import split_commas
from admodes.expression.values import parse_value

_NAME = r"\\?[^\W\d](?:\w|[\u0300-\u036f])*(?:_?\{\w+\})?"
_SIGN = "=>|->|:=|==|=|:"
_PART = re.compile(rf"(?:({_NAME})\s*)?(?:({_SIGN})\s*)?(.*)", re.DOTALL)
_NEXT = re.compile(rf"[\s&]+(?={_NAME}\s*(?:{_SIGN}))")
_MEANT_AT = re.compile("[-–—]*at")
_APART = "separate values by commas"
_EXAMPLE = "write a name and its value, as x1=2"


def stray_words(targets: Sequence[str], at: str | None, one_function: bool) -> list[str]:
    """The words at the end of targets that belong to a point from which spaces or a mistyped --at
    have cut them off, as y=3 in `--at x=2 y=3`. Bare numbers are such where nothing else can be
    meant: behind one function that stands alone, and where the point has no names."""
    bare = one_function or (at is not None and "=" not in at.rstrip("= "))
    words = [word.strip() for word in targets]
    first = len(words)
    while first > 1 and _belongs(words[first - 1], bare):
        first -= 1
    if 1 < first < len(words) and _MEANT_AT.fullmatch(words[first - 1]):
        first -= 1
    return words[first:]


def _belongs(word: str, bare: bool) -> bool:
    parts = [_parts(piece) for piece in _split(word, "[,;]")]
    return all(_is_value(value) if value else sign for _, sign, value in parts) and (
        bare or all(sign for _, sign, _ in parts)
    )


def names_of(at: str) -> list[tuple[str, str]]:
    """The parts of a point with their names; without a name where a part has none.

    >>> names_of("x=2, y=[1, 2]")
    [('x', 'x=2'), ('y', 'y=[1, 2]')]
    """
    return [(_parts(part)[0], part.strip()) for part in split_commas(at) if part.strip()]


def point_of(
    at: str | None, stray: Sequence[str], inputs: Callable[[], Sequence[str]]
) -> dict[str, Any] | None:
    """The values of `at` by name: floats and arrays; None without a point. stray: words that belong
    to it; inputs() names the inputs of the function, where they can be told.

    Raises InputError where a name or a value is missing, wrong or twice.

    >>> point_of("x=2, y=pi/2", (), tuple)
    {'x': 2.0, 'y': 1.5707963267948966}
    """
    if at is None and not stray:
        return None
    words = [*([] if at is None else ["--at", at.strip()]), *stray]
    try:
        if stray:
            raise _Misspelt(_APART if at else "a point follows --at")
        return dict(_values(at or ""))
    except _Misspelt as error:
        values = [word for word in words if not _MEANT_AT.fullmatch(word)]
        spelling = _spelling(" ".join(values), inputs())
        hint = f"write --at {_quoted(spelling)}" if spelling else error.otherwise
        raise InputError(f"{' '.join(words)}: {error}: {hint}") from error


class _Misspelt(InputError):
    """A point that is not spelt as it should be. otherwise: what to write where nobody knows what
    was meant."""

    def __init__(self, what: str, otherwise: str = _EXAMPLE) -> None:
        super().__init__(what)
        self.otherwise = otherwise


def _values(at: str) -> Iterator[tuple[str, Any]]:
    """The names and values between commas."""
    names: set[str] = set()
    random = np.random.default_rng(0)
    if re.match("--[a-z]", at):
        raise InputError(f"--at needs a point, and {at.split('=')[0]} follows it: {_EXAMPLE}")
    for part in split_commas(at) if at.strip() else []:
        name, sign, value = _parts(part)
        if sign not in ("", "="):
            raise _Misspelt(f"a value follows its name after =, not after {sign}")
        if not name:
            decimal = "; a decimal has a point, as 1.5" if names else ""
            wrong = f"{part.strip()} has no name" if part.strip() else "one comma is too many"
            raise _Misspelt(wrong, _EXAMPLE + decimal)
        if ";" in value or _NEXT.search(value):
            raise _Misspelt(_APART)
        if not value:
            raise InputError(f"--at {name}= has no value: write {name}=2")
        if name in names:
            raise InputError(f"--at gives {name} twice: give each name once")
        names.add(name)
        try:
            declared_names([name])
            yield name, parse_value(value, random)
        except ExpressionError as error:
            raise InputError(f"--at {name}={value}: {error.reason}") from error


def _spelling(text: str, inputs: Sequence[str]) -> str:
    """The point that was meant, as it is spelt; empty where nobody can tell."""
    inside = re.fullmatch(r"[(\[{](.*)[)\]}]", text.strip(), re.DOTALL)
    found = [
        _named([_parts(piece) for piece in pieces], inputs)
        for meant in (text, *(inside.groups() if inside else ()))
        for pieces in _pieces(meant)
    ]
    return min(filter(None, found), key=lambda spelling: spelling.count("…"), default="")


def _pieces(text: str) -> Iterator[list[str]]:
    """The parts of a point that spaces separate as well, where all are whole, or else only commas
    and the names that follow."""
    text = re.sub(rf"\s*({_SIGN})\s*", r"\1", text)
    for separated, separator in (text, r"[,;&\s]"), (_NEXT.sub(",", text), "[,;]"):
        pieces = _split(separated, separator)
        if pieces and all(_is_value(_parts(piece)[2]) for piece in pieces):
            yield pieces
            return


def _named(parts: list[tuple[str, str, str]], inputs: Sequence[str]) -> str:
    """The parts, of which those without a name take the inputs that are left, in their order; a
    dot-dot-dot stands for what is left after that."""
    named = [name for name, sign, _ in parts if sign]
    left = [name for name in inputs if name not in named]
    bare = [value for _, sign, value in parts if not sign]
    if len(bare) > 1 and len(left) == 1 and not named:
        return f"{left[0]}=[{', '.join(bare)}]"
    if len(bare) > len(left) or len(set(named)) < len(named):
        return ""
    rest = iter(left)
    given = [f"{name if sign else next(rest)}={value}" for name, sign, value in parts]
    return ",".join([*given, *(f"{name}=…" for name in rest)])


def _parts(text: str) -> tuple[str, str, str]:
    """Name, sign (= or another in its place) and value of a part of a point; a part without a sign
    is a value alone."""
    match = _PART.fullmatch(text.strip())
    assert match is not None
    name, sign, value = (group or "" for group in match.groups())
    return (spelled(name), sign, value.strip()) if sign else ("", "", text.strip())


def _split(text: str, separator: str) -> list[str]:
    """The pieces between separators that stand in no bracket."""
    pieces, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and re.fullmatch(separator, character):
            pieces.append("")
        else:
            pieces[-1] += character
    return [piece.strip() for piece in pieces if piece.strip()]


def _is_value(text: str) -> bool:
    try:
        parse_value(text)
    except ExpressionError:
        return False
    return True


def _quoted(spelling: str) -> str:
    """The point as one word of a shell."""
    return f'"{spelling}"' if re.search(r"[\s()*;<>|&\[\]]", spelling) else spelling
