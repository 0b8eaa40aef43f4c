"""Arrays of several shapes for tests of blocks of directions and of vmap, and how results are
compared there."""

from __future__ import annotations

from typing import Any

import numpy as np
from seeds import generator

_rng = generator(11)
M = _rng.normal(size=(3, 4))
SQUARE = _rng.normal(size=(3, 3)) + 3.0 * np.eye(3)
ROW = _rng.normal(size=4)
CUBE = _rng.normal(size=(2, 3, 4))


def close(found: Any, expected: Any, rtol: float = 1e-12) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-13)
