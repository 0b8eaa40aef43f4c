"""Random loops compiled as loops give the bits that the lists of their steps give, to second
order, in both back ends, also where a step branches or the loop ends otherwise than when it was
recorded, and where what the function refers to changes between calls. Here each loop meets one
back end and one order; tests/support/rolled_loops.py compares all."""

import pytest
from rolled_loops import BACKENDS, ORDERS, compared


@pytest.mark.parametrize("block", range(10))
def test_loops_and_lists_of_steps_give_the_same_bits(block):
    orders, loops = list(ORDERS), 0
    for seed in range(10 * block, 10 * (block + 1)):
        backend, order = BACKENDS[seed % 2], orders[seed // 2 % 3]
        same, found = compared(seed, backend, order)
        assert same, (seed, backend, order)
        loops += found
    assert loops >= 5
