"""What every test leaves behind: the registry as it was."""

import pytest

from admodes.core.op import REGISTRY


@pytest.fixture(autouse=True)
def rules_of_a_test_end_with_it():
    """custom_rule enters operations in the one registry, which other tests list."""
    before = dict(REGISTRY)
    yield
    if before != REGISTRY:
        REGISTRY.clear()
        REGISTRY.update(before)
