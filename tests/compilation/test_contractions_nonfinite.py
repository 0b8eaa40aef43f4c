"""Chains of matrix products and einsums where entries are inf, nan or 0: a compiled Jacobian has
its nan where the Jacobian itself has it, whatever order the products are taken in. (Values are
those of an interpreter: where an einsum adds up one operand alone, plain np.einsum gives inf or nan
by how the operand lies in memory.)"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from seeds import generator

import admodes as ad
from admodes.derivatives.jacobians import FunctionOfLeaves

SPECIAL = ((np.inf, 0.0, 0.0), (np.nan, 0.0, 0.0), (np.inf, -np.inf, 0.0))
SHAPES = ((2, 2), (3, 4), (12, 16))


def chain(rng, shape):
    """A product of two to four of x, its transpose and constants, as one einsum or as products of
    matrices that are bracketed at random; its result is turned or summed up in half of the cases.
    """
    n, m = shape
    S, R = rng.normal(size=(m, m)), rng.normal(size=(n, n))
    kinds = str(rng.choice(["x", "t"]))
    while len(kinds) < rng.integers(2, 5):
        # The result so far has m columns, or n.
        kinds += str(rng.choice(["s", "t"] if kinds[-1] in "xs" else ["r", "x"]))
    letters = "ijklm"[: len(kinds) + 1]
    terms = ",".join(a + b for a, b in itertools.pairwise(letters))
    ends = letters[0] + letters[-1]
    output = str(rng.choice([ends, ends[::-1], ends[0], ""]))
    bracket, einsum = rng.integers(len(kinds) - 1), bool(rng.integers(2))

    def f(x):
        factors = [{"x": x, "t": x.T, "s": S, "r": R}[k] for k in kinds]
        if einsum:
            return np.einsum(f"{terms}->{output}", *factors)
        pair = factors[bracket] @ factors[bracket + 1]
        factors[bracket : bracket + 2] = [pair]
        while len(factors) > 1:
            factors[:2] = [factors[0] @ factors[1]]
        return factors[0].T if output == ends[::-1] else factors[0]

    return f, f"{'einsum' if einsum else 'matmul'} {kinds} {terms}->{output}"


@pytest.mark.parametrize("shape", SHAPES)
def test_compiled_jacobians_have_their_nan_where_they_have_it_uncompiled(shape):
    rng = generator(23)
    for _ in range(6 if shape[0] > 4 else 12):
        f, name = chain(rng, shape)
        x = rng.normal(size=shape)
        for backend in ("numpy", "llvm"):
            compiled, slopes = ad.compile(f, backend), ad.compile(ad.jacobian(f), backend)
            compiled(x), slopes(x)
            for numbers in SPECIAL:
                z = x.copy()
                z.flat[rng.choice(z.size, size=3, replace=False)] = numbers
                with np.errstate(all="ignore"):
                    value, slope = ad.jvp(f, (z,), (x,))[0], ad.jacobian(f)(z)
                told = f"{name} {backend} {numbers}"
                np.testing.assert_allclose(compiled(z), value, 1e-9, 1e-9, err_msg=told)
                np.testing.assert_allclose(slopes(z), slope, 1e-9, 1e-9, err_msg=told)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mode_of_a_jacobian_is_the_same_at_every_point(shape):
    """Reverse mode sweeps again, with strong products, where it meets nan; that is no reason for
    another mode, in which other entries may be nan."""
    rng = generator(24)
    for _ in range(12):
        f, name = chain(rng, shape)
        x = rng.normal(size=shape)
        reason = FunctionOfLeaves(f, [x], False, "f").choice([f(x)])
        for numbers in SPECIAL:
            z = x.copy()
            z.flat[rng.choice(z.size, size=3, replace=False)] = numbers
            with np.errstate(all="ignore"):
                assert FunctionOfLeaves(f, [z], False, "f").choice([f(z)]) == reason, name
