"""Notes: what to know of a row or of a recording, in words, each with a kind by which others tell
them apart.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["branch", "kink", "value", "partial", "domain", "constant", "printed", "code", ""]


class Note(str):
    """A note is its text, and knows of what kind it is.

    branch: a decision was taken from the row. kink: its arguments sit on one. value, partial: its
    value or a partial is not finite. domain: beyond it the derivative formula goes on. constant: a
    plain value was taken out, which is a constant of the recording. printed: a traced value was
    printed. code: no native code could be made.

    >>> note = Note("branch taken: v0 > 0 is True", "branch")
    >>> print(note, note.kind, sep="; ")
    branch taken: v0 > 0 is True; branch
    """

    kind: Kind

    def __new__(cls, text: str, kind: Kind = "") -> Note:
        note = super().__new__(cls, text)
        note.kind = kind
        return note

    def extended(self, text: str) -> Note:
        """The note with more text, of the same kind."""
        return Note(self + text, self.kind)
