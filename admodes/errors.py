"""The errors that admodes raises for its user: all derive from `Error`, and each from the class of
Python that its kind of mistake has elsewhere, so `except ValueError` goes on to work.

What escapes from a user's function and is no `Error` is the function's own.
"""

from __future__ import annotations

from collections.abc import Iterable


def one_line(error: BaseException | str) -> str:
    """A message in one line, whatever lines and spaces it has.

    >>> one_line(ValueError("no\\n  value"))
    'no value'
    """
    return " ".join(str(error).split())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a mistyped one may have meant: one that is alike, or that begins with it;
    None where there is none.

    >>> [nearest(w, ["gradient", "linearised"]) for w in ("gradent", "linear", "q")]
    ['gradient', 'linearised', None]
    """
    import difflib

    typed = word.casefold()
    folded = {k.casefold(): k for k in sorted(known, reverse=True)}
    alike = difflib.get_close_matches(typed, folded, 1, 0.6)
    begun = sorted((k for k in folded if len(typed) >= 3 and k.startswith(typed)), key=len)
    return folded[[*alike, *begun][0]] if alike or begun else None


def listed(words: Iterable[str], most: int = 12) -> str:
    """The words between commas; of more than most the first ones, and how many there are besides.

    >>> listed("abcde", most=3)
    'a, b, c and 2 more'
    """
    every = list(words)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more or "none"


def choices(word: object, words: Iterable[str], most: int = 40) -> str:
    """What to choose from where word is none of the words, and which of them may be meant.

    >>> choices("jsn", ["text", "csv", "json"])
    'choose from text, csv, json; did you mean json?'
    """
    every = list(words)
    meant = nearest(str(word), every)
    return f"choose from {listed(every, most)}" + (f"; did you mean {meant}?" if meant else "")


class Error(Exception):
    """The base class of the errors of admodes. The message names what the user wrote, what is wrong
    with it, and what to do.

    >>> import admodes as ad
    >>> try:
    ...     ad.grad(lambda x: float(x))(1.0)
    ... except ad.Error as error:
    ...     print(type(error).__name__, isinstance(error, TypeError))
    LostDerivative True
    """


class BadValue(Error, ValueError):
    """A value of the right type that cannot be taken, such as an unknown word or a wrong shape."""


class BadType(Error, TypeError):
    """A value of a type that cannot be taken, or an operation that traced values do not have."""


class LostDerivative(Error, TypeError):
    """A traced value was about to become a plain number, without its derivative."""


class MissingPackage(Error, ImportError):
    """A package that is needed, and not always installed, is missing."""


class MissingProgram(Error, RuntimeError):
    """A program beside Python that is needed, such as pdflatex, is missing or fails."""


class MissingPlots(MissingPackage, RuntimeError):
    """matplotlib is not installed."""
