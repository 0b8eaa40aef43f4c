"""The examples of GradBench's fact sheet, through the protocol, to their digits."""

import pytest
from gradbench_driver import assert_close, output
from gradbench_examples import EXAMPLES

from admodes.lab.gradbench.evals import EVALS


@pytest.mark.parametrize(
    ("module", "function", "data", "expected"),
    [x for x in EXAMPLES if x[0] in EVALS],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_an_example_has_its_digits(module, function, data, expected):
    assert_close(output(module, function, data), expected, 1e-12)
