"""The errors that admodes raises for its user: all derive from `Error`, and each from the class of
Python that its kind of mistake has elsewhere, so `except ValueError` goes on to work.

What escapes from a user's function and is no `Error` is the function's own.
"""

from __future__ import annotations


def one_line(error: BaseException | str) -> str:
    """A message in one line, whatever lines and spaces it has.

    >>> one_line(ValueError("no\\n  value"))
    'no value'
    """
    return " ".join(str(error).split())


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
