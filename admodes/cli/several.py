"""Several functions in one call: which words are one function, what of the point each takes, and
one text of what is printed for each.

Expressions are the outputs of one function, since they are written for the same inputs. Problems
and functions of files have points and numbers of outputs of their own, so they stay functions of
their own: each is printed under its title, as if it had been asked for alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from admodes.cli.inputs import inputs_of, is_whole
from admodes.cli.points import names_of, stray_words
from admodes.views.documents import document

Call = tuple[list[str], list[str] | None]
"""The words of a function and its --at."""


def calls_of(targets: Sequence[str], at: Sequence[str] | None) -> list[Call]:
    """The functions that targets name, each with what it takes of the point: a name that another
    function takes and this one does not is left out for it.

    >>> calls_of(["x*y", "x", "@osu-eq4"], None)
    [(['x*y', 'x'], None), (['@osu-eq4'], None)]
    """
    point = None if at is None else ",".join(at)
    groups: list[list[str]] = []
    for alone, run in groupby(targets, key=is_whole):
        words = list(run)
        groups += [[word] for word in words] if alone else [words]
    if len(groups) < 2 or stray_words(targets, point, one_function=True):
        return [(list(targets), None if at is None else list(at))]
    if point is None:
        return [(group, None) for group in groups]
    taken = [set(inputs_of(group)) for group in groups]
    parts = names_of(point)
    return [
        (group, [part for name, part in parts if name in own or name not in set().union(*taken)])
        for group, own in zip(groups, taken, strict=True)
    ]


def joined(texts: Sequence[str], format: str, fragment: bool) -> str:
    """What was printed for each function as one text: a list in JSON; one document in LaTeX and
    HTML, of which the texts are fragments."""
    if format == "json":
        return "[\n" + ",\n".join(text.strip() for text in texts) + "\n]\n"
    body = "\n".join(texts)
    return body if fragment else document(body, format)
