"""The back ends that a test of this room takes in turn."""

import pytest


@pytest.fixture(params=["numpy", "llvm"])
def backend(request):
    if request.param == "llvm":
        pytest.importorskip("llvmlite", reason="needs admodes[llvm]")
    return request.param
