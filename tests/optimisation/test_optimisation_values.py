"""Optimised programs have the values of what was recorded, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from optimised_programs import NAMES, counted, derivatives, has_lapack, nudged
from programs_run import agree, outputs, recorded
from random_arrays import ArrayProgram

from admodes.optimisation import effects, optimise


@pytest.mark.parametrize("k", range(len(NAMES)))
def test_values_stay_to_the_last_bit(k):
    p = ArrayProgram.grown(k, NAMES[k], on_kinks=k % 3 == 0, length=12)
    kind = ("f", "gradient", "hvp")[k % 3] if k % 5 else "hvp"
    try:
        program = recorded(derivatives(p)[kind], *p.inputs)
    except TypeError:
        pytest.skip("no second derivative")
    fast = optimise(program)
    for special in (False, True)[: 2 - has_lapack(program)]:
        xs = nudged(p.inputs, k, special)
        try:
            expected = outputs(program, *xs)
        except (AssertionError, np.linalg.LinAlgError, IndexError, ValueError):
            continue
        assert agree(outputs(fast, *xs), expected)
    before, after = counted(program), counted(fast)
    assert sum(after.values()) <= sum(before.values())
    assert effects(program)[-1].after == after
