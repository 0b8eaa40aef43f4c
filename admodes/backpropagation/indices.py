"""Equations of contractions entry by entry: a formula goes in, and both sides with indices come
out, such as y[i,j] = Σ_k A[i,k] B[k,j] of an einsum."""

from __future__ import annotations

from admodes.backpropagation.contractions import renamed
from admodes.backpropagation.terms import Kind, Term, factored
from admodes.backpropagation.write import FormulaWriter
from admodes.views.dialects import Text


def with_indices(left: str, t: Term, dialect: Text) -> tuple[str, str]:
    """Both sides of an equation of a formula that has contractions among its addends.

    >>> from admodes.backpropagation import terms
    >>> A, B = terms.symbol("A", (2, 3)), terms.symbol("B", (2, 3, 4))
    >>> y = terms.contraction((A, B), ("ik", "ikj"), "ij", (2, 4))
    >>> with_indices("y", y, Text())
    ('y[i,j]', 'Σ_k A[i,k] B[i,k,j]')
    """
    parts = t.parts if t.kind == Kind.SUM else (t,)
    contractions = (factored(part)[1] for part in parts)
    letters = next(c.data[1] for c in contractions if c.kind == Kind.CONTRACTION)
    writer = _EntryWriter(dialect)
    right = ""
    for part in parts:
        text = writer.entry(part, letters)
        if right:
            text = f"− {text[1:]}" if text.startswith("−") else text
            text = f"- {text[1:]}" if text.startswith("-") else text
            right += f" {text}" if text[0] in "-−" else f" + {text}"
        else:
            right = text
    return writer.subscripted(left, letters), right


class _EntryWriter(FormulaWriter):
    """Writes single entries of arrays."""

    def entry(self, t: Term, letters: str) -> str:
        """The entry at indices of a formula, of a contraction as a sum over its other ones."""
        c, rest = factored(t)
        sign = self.minus if c < 0 else ""
        factor = "" if abs(c) == 1 else f"{self.coefficient(abs(c))} "
        if rest.kind != Kind.CONTRACTION:
            return f"{sign}{factor}{self.indexed(rest, letters)}"
        rest = renamed(rest, letters)
        labels, _ = rest.data
        summed = "".join(sorted({k for own in labels for k in own} - {*letters}))
        over = (rf"\sum_{{{summed}}} " if self.latex else f"Σ_{summed} ") if summed else ""
        factors = map(self.indexed, rest.parts, labels)
        return f"{sign}{factor}{over}{' '.join(factors)}"

    def indexed(self, t: Term, letters: str) -> str:
        """The entry of an array that is a factor; δ[i,j] of an identity matrix."""
        if t.kind == Kind.EYE:
            return self.subscripted(r"\delta" if self.latex else "δ", letters)
        return self.subscripted(self.at_least(t, 5), letters)

    def subscripted(self, name: str, letters: str) -> str:
        """A[i,j]"""
        if not letters:
            return name
        if not self.latex:
            return f"{name}[{','.join(letters)}]"
        return f"{f'({name})' if '_' in name else name}_{{{letters}}}"
