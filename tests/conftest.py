"""What every test leaves behind, the registry as it was; the command line, the back ends, and the
pages of explore in a browser.

The one conftest of the tests: pytest takes a second one for the same module when it looks for
examples in docstrings.
"""

import gc
import itertools

import page_browser
import pytest

from admodes.cli import main
from admodes.core.op import REGISTRY


def pytest_collection_modifyitems(items):
    """What takes a minute begins first, so that no other process waits for it at the end."""
    items.sort(key=lambda item: "longest" not in item.keywords)


def pytest_collection_finish():
    """The tests themselves, half a million objects, stay to the end: the garbage collector, which
    tests of lifetimes call too, need not go through them each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def rules_of_a_test_end_with_it():
    """custom_rule enters operations in the one registry, which other tests list."""
    before = dict(REGISTRY)
    yield
    if before != REGISTRY:
        REGISTRY.clear()
        REGISTRY.update(before)


@pytest.fixture(autouse=True)
def no_terminal_told(monkeypatch):
    """Text folds at 80 columns, whatever the shell says that runs the tests."""
    monkeypatch.delenv("COLUMNS", raising=False)


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


@pytest.fixture(scope="module")
def tab():
    """A tab of headless Chromium; where there is none a test is skipped, with the reason."""
    if page_browser.why_not():
        pytest.skip(page_browser.why_not())
    with page_browser.chromium() as browser:
        yield page_browser.Tab(browser)


@pytest.fixture
def open_page(tab, tmp_path):
    """Opens a page in place of the one before. At the end of a test none may have had an error."""
    tab.errors.clear()
    paths = (tmp_path / f"p{n}.html" for n in itertools.count())

    def opened(page, size="desk", scheme="light", motion="no-preference"):
        return tab.open(page.save(next(paths)), size, scheme, motion)

    yield opened
    assert tab.errors == []
