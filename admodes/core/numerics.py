"""Numerics: how an operation treats special numbers (nan, infinities, the signs of zeros), and
whether its results are the same to the last bit on floats and on arrays.

An operation declares it (`Op.numerics`) where it differs from the ordinary case; the optimiser
reads it. tests/ops/test_ops_facts.py tries it out on every operation.
"""

from __future__ import annotations

from typing import NamedTuple


class Numerics(NamedTuple):
    """Positions of arguments, and properties of the kernels.

    hides_nan: a nan there may leave an entry of the result that depends on it a number.
    tells_zeros: a zero of the other sign there may change more than the sign of a zero.
    carries: an infinity or nan there makes the entry of the result infinite or nan.
    same_bits: the kernels on floats and on arrays round alike.
    symmetric: the arguments may be exchanged without changing a bit.
    nonnegative: no real number has a negative result.
    solves: it is the solution of a linear system, made by sums, products and quotients by what is
        not 0; whether it raises, its first argument, the matrix, decides alone.
    """

    hides_nan: tuple[int, ...] = ()
    tells_zeros: tuple[int, ...] = ()
    carries: tuple[int, ...] = ()
    same_bits: bool = False
    symmetric: bool = False
    nonnegative: bool = False
    solves: bool = False


ORDINARY = Numerics()
