"""The declarations of real and imaginary parts, conjugates, absolute values and angles of complex
numbers.

The sweeps pair w and t as Re Σ w t, so that an operation that is holomorphic has the same rules as
for real numbers; those here are linear over the real numbers only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.carrier import UFUNCS, Carrier, implements, settled
from admodes.core.forms import Domain, Example, Kink
from admodes.core.linear import linear
from admodes.core.numerics import Numerics
from admodes.core.op import Op
from admodes.core.space import dtype_of, is_complex
from admodes.core.structure import ENTRYWISE
from admodes.core.tangential import tangential
from admodes.core.truth import truth_kind
from admodes.core.values import shape_of
from admodes.ops.arithmetic import add, square
from admodes.ops.comparisons import where
from admodes.ops.planar import cosine, over_square
from admodes.ops.selection import abs as absolute
from admodes.ops.strong import strong_mul

real: Op = linear(
    "real",
    np.real,
    lambda w, y, z: w,
    views=lambda params: True,
    text="Re {0}",
    latex=r"\operatorname{Re} {0}",
    doc="The real part.",
    role="real",
    kind="moves",
    structure=ENTRYWISE,
    conjugates=True,
)
imag: Op = linear(
    "imag",
    np.imag,
    lambda w, y, z: times_i(w, sign=-1.0) if is_complex(z) else w * 0.0,
    views=lambda params: True,
    text="Im {0}",
    latex=r"\operatorname{Im} {0}",
    numerics=Numerics(hides_nan=(0,)),
    doc="The imaginary part.",
    kind="moves",
    structure=ENTRYWISE,
    conjugates=True,
)
conj: Op = linear(
    "conj",
    np.conj,
    lambda w, y, z: conj(w),
    text="conj({0})",
    latex=r"\overline{{0}}",
    cost=lambda args, y: {"negations": math.prod(shape_of(y))},
    example=Example(((4,),)),
    doc="The complex conjugate.",
    role="conjugate",
    kind="moves",
    structure=ENTRYWISE,
    conjugates=True,
)


def _times_i(x: Any, sign: float) -> Any:
    """By parts, since the product with 0 + i of what is infinite is nan."""
    y = np.empty(np.shape(x), np.result_type(np.asarray(x).dtype, np.complex64))
    y.real, y.imag = -sign * np.imag(x), sign * np.real(x)
    return y


times_i: Op = linear(
    "times_i",
    _times_i,
    lambda w, y, x, sign: times_i(w, sign=sign),
    kind="multiplications",
    structure=ENTRYWISE,
    doc="i z or -i z, a turn by a right angle.",
)


def _along(t: Any, across: Any, up: Any, z: Any) -> Any:
    """The real number across · Re t + up · Im t, and 0 where z is 0."""
    total = strong_mul(across, real(t)) + strong_mul(up, imag(t))
    return where(z == 0, 0.0, total)


def _modulus_tangent(tangents: list, y: Any, z: Any) -> Any:
    a, b = real(z), imag(z)
    return _along(tangents[0], cosine(a, b), cosine(b, a), z)


modulus: Op = tangential(
    "modulus",
    np.abs,
    _modulus_tangent,
    domain=Domain(kink=Kink(lambda z: z == 0, "|z| at its kink 0"), convention="at 0: 0"),
    squared=lambda z: square(real(z)) + square(imag(z)),
    structure=ENTRYWISE,
    numpy=(),
    takes_complex=True,
    conjugates=True,
    text="|{0}|",
    latex=r"\left|{0}\right|",
    numerics=Numerics(hides_nan=(0,)),
    doc="The absolute value of a complex number; at 0 its derivative is 0.",
)


def _angle_tangent(tangents: list, y: Any, z: Any) -> Any:
    a, b = real(z), imag(z)
    return _along(tangents[0], -over_square(b, a), over_square(a, b), z)


angle_: Op = tangential(
    "arg",
    np.angle,
    _angle_tangent,
    domain=Domain(kink=Kink(lambda z: z == 0, "the angle of 0"), convention="at 0: 0"),
    structure=ENTRYWISE,
    takes_complex=True,
    conjugates=True,
    numerics=Numerics(hides_nan=(0,), tells_zeros=(0,)),
    doc="The angle of a complex number in radians; its derivative at 0 is 0.",
)


@implements(np.real)
def _real(val: Any) -> Any:
    return real(val) if is_complex(val) else val


@implements(np.imag)
def _imag(val: Any) -> Any:
    return imag(val) if is_complex(val) else np.zeros(shape_of(val), dtype_of(val))[()]


@implements(np.angle)
def _angle(z: Any, deg: bool = False) -> Any:
    y = angle_(z)
    return y * (180.0 / np.pi) if deg else y


@implements(np.real_if_close)
def _real_if_close(a: Any, tol: float = 100) -> Any:
    kept = settled(lambda plain: np.iscomplexobj(np.real_if_close(plain, tol)), a)
    return a if kept else _real(a)


def _conjugate(x: Any) -> Any:
    if isinstance(x, Carrier) and truth_kind(x):
        # NumPy makes a whole number of it.
        return add(x, 0)
    return conj(x) if is_complex(x) else x.clone() if isinstance(x, Carrier) else x


def _absolute(x: Any) -> Any:
    return modulus(x) if is_complex(x) else absolute(x)


UFUNCS[np.conj] = _conjugate
UFUNCS[np.abs] = _absolute
setattr(Carrier, "__abs__", _absolute)  # noqa: B010
