"""Labels: the text that says what a number is about, such as `v̇2`, `∂v2/∂x1` or `dv2`, goes in;
the name of a variable and the mark of a derivative come out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Form = Literal["plain", "dot", "bar", "derivative", "quotient"]

_DOT, _BARS = "\u0307", ("\u0304", "\u0305", "\u0302")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₋", "0123456789-")
_WORD = r"[^\W\d_]+(?:[-_]?\d+[^\W\d_]*)*(?:_[^\W_]+)?'*(?:\[\d+(?:,\s*\d+)?\])?"
_NAME = re.compile(_WORD)
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ]")
_QUOTIENT = re.compile(
    r"\(?\s*[∂dδ𝜕]\s*(?P<name>[^/∂]*?)\s*\)?\s*/\s*\(?\s*[∂dδ𝜕]\s*(?P<by>[^/∂]+?)\s*\)?"
    r"(?:(?:\s+|\s*\(\s*)(?P<after>[^\W\d_][\w₀-₉₋-]*)\s*\)?)?"
)
_AT = re.compile(
    r"(?<=[\w)])(?:\s*\(\s*-?[\d.]+(?:\s*,\s*-?[\d.]+)+\s*\)|\s*\|\s*_?\s*[({]?[\w\s().,=-]*[)}]?)$"
)
"""The point of a derivative, as in ∂f/∂x(2, -3)."""

_BELOW = re.compile(r"([fFgyzuLEJ])_[({]?([^\W\d_]\d*)[)}]?")
"""The derivative f_x of a function by a variable."""

_NABLA = re.compile(r"(?:∇|grad(?:ient)?\s+)\s*_?\s*(?P<by>.+)")
_MARKED = (
    ("dot", re.compile(r"(.+?)\s*(?:\^\s*\(1\)|[ _]dot|(?<=\d)dot|⁽¹⁾)")),
    ("dot", re.compile(r"(.*\d) d")),
    ("bar", re.compile(r"(.*\d) b")),
    ("dot", re.compile(r"(?:dot|tangent of|tangent)\s*[({]?\s*(.+?)\s*[)}]?")),
    ("bar", re.compile(r"(.+?)\s*(?:_\s*\(1\)|[ _]bar|(?<=\d)bar|₍₁₎|\.grad|[ _]adj)")),
    ("bar", re.compile(r"(?:bar|adjoint of|adjoint|adj(?![a-z]))\s*[({]?\s*(.+?)\s*[)}]?")),
    ("derivative", re.compile(r"grad\b\s*[({_]?\s*(.+?)\s*[)}]?")),
)
_APART = re.compile(r".*\d ([db])")
"""A mark that may be a variable: x1 b is a product where one is called b."""

_PREFIX = re.compile(r"[dδD∂]\s*(.+)")
_SUFFIXES = {"d": "dot", "b": "bar"}


@dataclass(frozen=True)
class Label:
    """What a text names. form: "plain" a variable, "dot" its tangent, "bar" its adjoint,
    "derivative" either, "quotient" the derivative of name by by, of which one may be empty."""

    form: Form
    name: str
    by: str = ""


@lru_cache(maxsize=20000)
def plain_name(text: str) -> str:
    """The name of a variable as text without subscripts and signs of typesetting, or an empty text
    where it is no name.

    >>> plain_name("v₋₁"), plain_name("x_{1}"), plain_name("v 2"), plain_name("2 v1")
    ('v-1', 'x1', 'v2', '')
    """
    text = text.translate(_SUBSCRIPTS).strip().strip("$*`()")
    text = re.sub(r"[{}\\]", "", text)
    text = re.sub(r"^([^\W\d_])\s+(?=\d+$)|(?<=[^\W\d_])_(?=-?\d+$)", r"\1", text)
    text = re.sub(r"_(?=-?\d)", "", text)
    return text if _NAME.fullmatch(text) and not _RAISED.search(text) else ""


@lru_cache(maxsize=20000)
def label_of(text: str, known: frozenset[str] = frozenset()) -> Label | None:
    """The label that a text is, or None. known: names of variables, which tells v2d, the tangent of
    v2, from a variable of that name.

    >>> label_of("v̇2"), label_of("∂y/∂v₋₁")
    (Label(form='dot', name='v2', by=''), Label(form='quotient', name='y', by='v-1'))
    >>> label_of("v5b", frozenset({"v5"})), label_of("2 v1")
    (Label(form='bar', name='v5', by=''), None)
    """
    text = text.translate(_SUBSCRIPTS).strip("$*` ").removesuffix("+").strip()
    text = _AT.sub("", text) if "/" in text else text
    if not text or len(text) > 60:
        return None
    quotient = _QUOTIENT.fullmatch(text)
    if quotient and not (quotient["name"] and quotient["after"]):
        name = plain_name(quotient["name"] or quotient["after"] or "")
        by = plain_name(quotient["by"])
        return Label("quotient", name, by) if by and (name or not quotient["name"]) else None
    nabla = _NABLA.fullmatch(text)
    if nabla and plain_name(nabla["by"]):
        return Label("quotient", "", plain_name(nabla["by"]))
    apart = unicodedata.normalize("NFD", text)
    for mark, form in ((_DOT, "dot"), *((bar, "bar") for bar in _BARS)):
        if mark in apart:
            name = plain_name(apart.replace(mark, ""))
            return Label(form, name) if name else None  # type: ignore[arg-type]
    name = "" if text.endswith("(1)") else plain_name(text)
    below = _BELOW.fullmatch(text)
    if below and below[2] in known and name not in known:
        return Label("quotient", below[1], below[2])
    return Label("plain", name) if name in known else _marked(text, name, known)


def _marked(text: str, name: str, known: Collection[str]) -> Label | None:
    """A name with a mark of plain letters, or alone."""
    apart = _APART.fullmatch(text)
    for kind, pattern in () if apart and apart[1] in known else _MARKED:
        match = pattern.fullmatch(text)
        if match and plain_name(match[1]):
            return Label(kind, plain_name(match[1]))  # type: ignore[arg-type]
    form = _SUFFIXES.get(name[-1:])
    if form and _is_known(name[:-1], known):
        return Label(form, name[:-1])  # type: ignore[arg-type]
    match = _PREFIX.fullmatch(text) if text[0] not in known else None
    if match and _is_known(plain_name(match[1]), known):
        return Label("derivative", plain_name(match[1]))
    return Label("plain", name) if name else None


def _is_known(name: str, known: Collection[str]) -> bool:
    return name in known or bool(re.fullmatch(r"[^\W\d_]-?\d+", name))


_SEEDED = re.compile(r"[\u0307\u0304\u0305][\w₀-₉]*\s*=\s*-?\d|\bfor seed$")

KINDS = {
    "tangent": r"tangent|forward|derivative|dual|ableitung",
    "adjoint": r"adjoint|reverse|backward|back-?prop|cotangent|gradient|\bgrad|sensitivit",
    "value": r"evaluat|primal|value|forward pass|computing the loss|wert",
    "partial": r"\bpartial|local deriv|elementary deriv|local grad",
    "entry": r"jacobian|gradient",
}
_KINDS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in KINDS.items()}


@dataclass(frozen=True)
class Title:
    """What a heading or the title of a column says. kinds: which numbers; label: a label in it
    (∂/∂x1); names: the names in it, such as that of the input after "for"; seeded: whether it is
    for a direction that is none of one input or output, as in "for ẋ1 = 1, ẋ2 = 0.5"."""

    kinds: frozenset[str] = frozenset()
    label: Label | None = None
    names: tuple[str, ...] = ()
    seeded: bool = False


@lru_cache(maxsize=5000)
def title_of(text: str, known: frozenset[str] = frozenset()) -> Title:
    """What a heading or title says.

    >>> sorted(title_of("Reverse adjoint trace for y1").names)[-1], title_of("d/dx1").label.by
    ('y1', 'x1')
    """
    kinds = {kind for kind, pattern in _KINDS.items() if pattern.search(text)}
    label = label_of(text, known)
    if label is not None and label.form == "plain":
        label = None
    elif label is None:
        labels = [label_of(word, known) for word in re.findall(r"[^\s,;()=:]+", text)]
        marked = [x for x in labels if x is not None and x.form not in ("plain", "derivative")]
        label = marked[0] if marked else None
    names = [plain_name(word) for word in re.findall(r"[\w̄̇̂₋\[\]{}-]+", text)]
    bare = [label_of(word, known) for word in re.findall(r"[\w̄̇̂₋]+", text)]
    names += [x.name for x in bare if x is not None and x.form != "plain"]
    seeded = _SEEDED.search(unicodedata.normalize("NFD", text)) is not None
    return Title(frozenset(kinds), label, tuple(dict.fromkeys(n for n in names if n)), seeded)
