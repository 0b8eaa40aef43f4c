"""What every test leaves behind, the registry as it was; the command line, and the back ends.

The one conftest of the tests: pytest takes a second one for the same module when it looks for
examples in docstrings.
"""

import pytest

from admodes.cli import main
from admodes.core.op import REGISTRY


@pytest.fixture(autouse=True)
def rules_of_a_test_end_with_it():
    """custom_rule enters operations in the one registry, which other tests list."""
    before = dict(REGISTRY)
    yield
    if before != REGISTRY:
        REGISTRY.clear()
        REGISTRY.update(before)


@pytest.fixture
def run(capsys):
    """Run the command; status, standard output, standard error."""

    def run_command(*argv):
        with pytest.raises(SystemExit) as stopped:
            main(list(argv))
        out, err = capsys.readouterr()
        return stopped.value.code or 0, out, err

    return run_command


@pytest.fixture
def file(tmp_path):
    def write(text, name="mine.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture(params=["numpy", "llvm"])
def backend(request):
    """Both back ends in turn."""
    if request.param == "llvm":
        pytest.importorskip("llvmlite", reason="needs admodes[llvm]")
    return request.param
