"""sparsity: the pattern of a derivative and the groups that its sweeps take, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from admodes.derivatives.gradients import grad
from admodes.errors import BadValue, choices
from admodes.sparse.coloring import UNSWEPT
from admodes.sparse.compressed import HESSIAN_MODES, JACOBIAN_MODES
from admodes.sparse.draw import draw
from admodes.sparse.point import Point
from admodes.sparse.sweeps import Found, groups_of
from admodes.views.documents import preformatted
from admodes.views.limits import check_lines
from admodes.views.result import Result
from admodes.views.tables import Table

WIDTH = 80
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Sparsity(Result):
    """A pattern and its groups. pattern: a scipy.sparse CSR array of truth values, of shape (number
    of outputs, number of inputs). columns, rows: the group of each column (computed by forward
    sweeps) and of each row (by reverse sweeps), -1 where the other side computes it. mode: forward,
    reverse, both, or star (forward sweeps of the gradient that use the symmetry)."""

    shape: tuple[int, int]
    nnz: int
    pattern: Any
    columns: np.ndarray
    rows: np.ndarray
    mode: str
    forward_sweeps: int
    reverse_sweeps: int

    @property
    def sweeps(self) -> int:
        """The number of sweeps that the whole matrix takes."""
        return self.forward_sweeps + self.reverse_sweeps

    def entries(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, column and group of every entry; the groups of rows are counted on after those of
        the columns."""
        row = np.repeat(np.arange(self.shape[0]), np.diff(self.pattern.indptr))
        column = self.pattern.indices
        by_row = self.rows[row] != UNSWEPT
        group = np.where(by_row, self.forward_sweeps + self.rows[row], self.columns[column])
        return row, column, group

    def tables(self, format: str = "text") -> list[Table]:
        """Row, column and group of every entry. Raises ValueError where there are more than are
        printed."""
        check_lines(self.nnz, f"sparsity: {self.nnz} entries", "to_dict() has them as lists")
        rows = [[str(k) for k in entry] for entry in zip(*self.entries(), strict=True)]
        title = "; ".join(self._headlines())
        return [Table(title, ["Row", "Column", "Group"], rows, [False] * 3)]

    def _written(
        self, format: str, width: int, fragment: bool, options: dict[str, Any]
    ) -> str | None:
        if format in ("csv", "latex"):
            return None
        return preformatted(f"{self._picture(**options)}\n", format, fragment=fragment)

    def _repr_latex_(self) -> str:
        """The figures without the entries, of which there may be too many to print."""
        return preformatted("\n".join(self._headlines()), "latex", fragment=True)

    def _headlines(self) -> list[str]:
        m, n = self.shape
        share = 100.0 * self.nnz / (m * n) if m * n else 0.0
        parts = ((self.forward_sweeps, "forward"), (self.reverse_sweeps, "reverse"))
        sweeps = " and ".join(f"{k} {side}" for k, side in parts if k) or "no"
        return [
            f"{m} × {n}, {self.nnz} entr{'y' if self.nnz == 1 else 'ies'} ({share:.3g} %)",
            f"{self.mode}: {sweeps} sweep{'s' * (self.sweeps != 1)}",
        ]

    def __str__(self) -> str:
        return self._picture()

    def _picture(self) -> str:
        lines, spy = self._headlines(), self._spy()
        if any("·" in line for line in spy):
            lines.append("entries by their group, the sweep that finds them; · is always zero")
        return "\n".join([*lines, *spy])

    def _spy(self) -> list[str]:
        """The matrix as text, one letter an entry by its group; of a large one a • where there are
        entries."""
        m, n = self.shape
        if m * n == 0:
            return []
        width = min(n, WIDTH - 4)
        height = m if n <= width and m <= WIDTH else max(1, min(m, WIDTH // 2, m * width // n // 2))
        row, column, group = self.entries()
        whole = width == n and height == m
        letters = np.array([*LETTERS, "•"])
        picture = np.full((height, width), "·" if whole else " ")
        shown = letters[np.minimum(group, len(LETTERS))] if whole else "•"
        picture[row * height // m, column.astype(np.intp) * width // n] = shown
        return [f"│ {''.join(line)} │" for line in picture]

    def _data(self) -> dict[str, Any]:
        row, column, _ = self.entries()
        return {
            "shape": self.shape,
            "nnz": self.nnz,
            "mode": self.mode,
            "forward_sweeps": self.forward_sweeps,
            "reverse_sweeps": self.reverse_sweeps,
            "columns": self.columns,
            "rows": self.rows,
            "row": row,
            "column": column,
        }

    def draw(self, path: str | Path) -> Path:
        """Draw the pattern into path (PNG, SVG or PDF by its extension), every entry in the color
        of its group.

        Raises ImportError without matplotlib, ValueError for another extension.
        """
        title = "\n".join(self._headlines())
        return draw(path, self.shape, self.entries(), self.sweeps, title)


def sparsity(
    f: Callable, *args: Any, argnums: int = 0, of: str = "jacobian", mode: str = "auto"
) -> Sparsity:
    """The pattern of the Jacobian of f with respect to args[argnums], or of="hessian", and the
    groups of columns and rows that share a sweep.

    The pattern is exact where no two contributions to an entry cancel; see sparse_jacobian for the
    modes (bands are no groups) and for what is raised.

    >>> import admodes as ad
    >>> import numpy as np
    >>> print(ad.sparsity(lambda x: x[2:] - 2 * x[1:-1] + x[:-2], np.ones(6)))
    4 × 6, 12 entries (50 %)
    forward: 3 forward sweeps
    entries by their group, the sweep that finds them; · is always zero
    │ 012··· │
    │ ·120·· │
    │ ··201· │
    │ ···012 │
    """
    known = {"jacobian": JACOBIAN_MODES, "hessian": HESSIAN_MODES}
    if of not in known:
        raise BadValue(f"sparsity: of={of!r}: choose jacobian or hessian")
    modes = known[of][:-1]
    if mode not in modes:
        raise BadValue(f"sparsity: mode {mode!r}: {choices(mode, modes)}")
    hessian = of == "hessian"
    point = Point(f, argnums, args, {}, "sparsity")
    g = point.function()
    rows = Found(grad(g) if hessian else g, point.x, point.floats, hessian).rows
    groups = groups_of(rows, "star" if hessian and mode == "auto" else mode)
    if mode == "auto":
        mode = "star" if hessian else groups.mode
    return Sparsity(
        tuple(rows.shape),
        int(rows.nnz),
        rows,
        groups.columns,
        groups.rows,
        mode,
        groups.forward,
        groups.reverse,
    )
