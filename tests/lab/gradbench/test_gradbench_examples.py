"""The examples of GradBench's fact sheet, through the protocol, to their digits."""

import numpy as np
import pytest
from gradbench_driver import assert_close, output
from gradbench_examples import EXAMPLES, HT_JACOBIANS


@pytest.mark.parametrize(
    ("module", "function", "data", "expected"),
    EXAMPLES,
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_an_example_has_its_digits(module, function, data, expected):
    assert_close(output(module, function, data), expected, 1e-12)


@pytest.mark.parametrize(("data", "columns", "row", "total", "squares"), HT_JACOBIANS)
def test_the_jacobians_of_a_hand_have_their_digits(data, columns, row, total, squares):
    found = np.array(output("ht", "jacobian", data))
    assert found.shape == (6, columns)
    for column, entry in row.items():
        assert abs(found[0, column] - entry) < 1e-11
    assert abs(found.sum() - total) < 1e-11
    assert abs((found**2).sum() - squares) < 1e-11
