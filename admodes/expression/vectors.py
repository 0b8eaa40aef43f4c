"""What expressions do with vectors and matrices: functions of whole arrays, products that depend on
the shapes that meet, parts by index, and vectors written out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np

from admodes.core.forms import Form
from admodes.core.op import REGISTRY
from admodes.core.values import shape_of
from admodes.expression.errors import ExpressionError
from admodes.ops.comparisons import equal, greater, where
from admodes.ops.notation import index_text
from admodes.ops.products import matmul
from admodes.ops.reductions import mean_, sum_
from admodes.ops.shaping import stack


@dataclass(frozen=True)
class ArrayFunction:
    """A function of whole arrays that an expression may call, with what `Op` says of a call and of
    how it is printed."""

    name: str
    call: Callable[..., Any]
    form: Form
    arity: int = 1
    defaults: tuple = ()
    folds: bool = False
    elementwise: bool = False
    kind: str = "arrays"

    def __call__(self, *args: Any) -> Any:
        return self.call(*args)


def _transposed(x: Any) -> Any:
    """A matrix with rows and columns swapped; vectors and numbers are their own transposition."""
    return np.transpose(x) if len(shape_of(x)) > 1 else x


def _norm(x: Any) -> Any:
    return np.linalg.norm(x) if shape_of(x) else REGISTRY["abs"](x)


def _step(x: Any) -> Any:
    return where(greater(x, 0), 1, where(equal(x, 0), 0.5, 0))


ARRAY_FUNCTIONS = {
    f.name: f
    for f in (
        ArrayFunction("sum", sum_, Form("sum({0})", r"\mathrm{sum}({0})")),
        ArrayFunction("mean", mean_, Form("mean({0})", r"\mathrm{mean}({0})")),
        ArrayFunction("prod", np.prod, Form("prod({0})", r"\mathrm{prod}({0})")),
        ArrayFunction("norm", _norm, Form("norm({0})", r"\left\Vert {0}\right\Vert")),
        ArrayFunction("dot", np.dot, Form("dot({0}, {1})", r"\mathrm{dot}({0}, {1})"), 2),
        ArrayFunction("transpose", _transposed, Form("{0}ᵀ", r"{0}^{\top}")),
        ArrayFunction("Heaviside", _step, Form("Heaviside({0})", r"\mathrm{Heaviside}({0})")),
    )
}


@dataclass(frozen=True)
class _Placed:
    """What an expression does at a place in the user's text. name, kind, form: how it is printed,
    as `Op` says it."""

    text: str
    position: int
    name: ClassVar[str] = "multiply"
    kind: ClassVar[str] = "arrays"

    @property
    def form(self) -> Form:
        return REGISTRY["multiply"].form

    def refuse(self, reason: str) -> NoReturn:
        raise ExpressionError(reason, self.text, self.position)

    def matmul(self, a: Any, b: Any) -> Any:
        left, right = shape_of(a), shape_of(b)
        if left[-1] != right[max(len(right) - 2, 0)]:
            self.refuse(
                f"there is no product of the shapes {left} and {right}: {left[-1]} columns need as "
                "many rows"
            )
        return matmul(a, b)


@dataclass(frozen=True)
class Beside(_Placed):
    """The product of what stands side by side: of a matrix with a vector or a matrix the matrix
    product, of xᵀ y the sum of products, of x yᵀ the matrix of all products; what two vectors mean
    is not known. left, right: which of the two begins with a transposition; powers: which of the
    two is a power, which of a matrix has two meanings."""

    left: bool
    right: bool
    powers: tuple[bool, bool]

    def __call__(self, a: Any, b: Any) -> Any:
        if not shape_of(a) or not shape_of(b):
            return a * b
        if any(p and len(shape_of(x)) > 1 for p, x in zip(self.powers, (a, b), strict=True)):
            self.refuse(
                "the power of a matrix can be that of the matrix, as in A A, or of its entries: "
                "write A A, or @ for the product with the powers of the entries"
            )
        if len(shape_of(a)) == len(shape_of(b)) == 1 and not self.left:
            if self.right:
                return np.outer(a, b)
            self.refuse(
                "these are two vectors: write · for the sum of products, or * for the products of "
                "their entries"
            )
        return self.matmul(a, b)


class Raised(_Placed):
    """x^T, which takes arrays alone."""

    name = "transpose"
    form = ARRAY_FUNCTIONS["transpose"].form

    def __call__(self, x: Any) -> Any:
        if not shape_of(x):
            self.refuse("^T transposes an array, and this is a number: for a power make T an input")
        return _transposed(x)


class Dotted(_Placed):
    """a · b: the product of numbers, also with an array; of two arrays the sum of products."""

    name = "inner"
    form = Form("{0} · {1}", r"{0} \cdot {1}")

    def __call__(self, a: Any, b: Any) -> Any:
        return self.matmul(a, b) if shape_of(a) and shape_of(b) else a * b


class Multiplied(_Placed):
    """a @ b, which takes arrays alone."""

    def __call__(self, a: Any, b: Any) -> Any:
        if not shape_of(a) or not shape_of(b):
            self.refuse("@ multiplies vectors and matrices; write * for numbers")
        return self.matmul(a, b)


@dataclass(frozen=True)
class Part(_Placed):
    """x[index], counted from 0."""

    index: Any
    name = "part"

    @property
    def form(self) -> Form:
        written = f"{{0}}[{index_text(self.index)}]"
        return Form(written, written)

    def __call__(self, x: Any) -> Any:
        shape = shape_of(x)
        try:
            return x[self.index]
        except (IndexError, TypeError):
            what = f"has the shape {shape}" if shape else "is one number"
            self.refuse(f"there is no entry at this index: what it is taken of {what}")


class Vector(_Placed):
    """[a, b, …]"""

    name = "stack"
    form = REGISTRY["stack"].form

    def __call__(self, *entries: Any) -> Any:
        shapes = sorted({shape_of(e) for e in entries})
        if len(shapes) > 1:
            listed = " and ".join(map(str, shapes))
            self.refuse(f"the entries of a vector have one shape, not {listed}")
        return stack(entries)
