"""Programs with plain products and sums taken another way: where a suspect output is not finite the
exact program decides, and all else agrees up to rounding."""

from __future__ import annotations

import numpy as np
import pytest
from optimised_programs import NAMES, derivatives, has_lapack, nudged
from programs_run import outputs, recorded
from random_arrays import ArrayProgram

from admodes.optimisation import optimise


def decided(exact, fast, xs):
    """The fast program's outputs, or the exact one's where a suspect is not finite."""
    found = outputs(fast, *xs)
    if all(np.isfinite(found[k]).all() for k in fast.suspects):
        return found
    return outputs(exact, *xs)


@pytest.mark.parametrize("k", range(len(NAMES)))
def test_fast_programs_agree(k):
    p = ArrayProgram.grown(k + 1000, NAMES[k], on_kinks=k % 4 == 0, length=12)
    kind = ("gradient", "hvp", "f")[k % 3]
    try:
        exact = recorded(derivatives(p)[kind], *p.inputs)
    except TypeError:
        pytest.skip("no second derivative")
    fast = optimise(exact, exact=False)
    for special in (False, True)[: 2 - has_lapack(exact)]:
        xs = nudged(p.inputs, k, special)
        try:
            expected = outputs(exact, *xs)
        except (AssertionError, np.linalg.LinAlgError, IndexError, ValueError):
            continue
        for a, b in zip(decided(exact, fast, xs), expected, strict=True):
            assert np.shape(a) == np.shape(b)
            assert np.asarray(a).dtype == np.asarray(b).dtype
            finite = np.asarray(b)[np.isfinite(b)] if np.size(b) else np.zeros(0)
            scale = np.max(np.abs(finite), initial=1.0)
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11 * scale)
