"""docs/internals.md stays true: its excerpts, the files that it names, its map. What its commands
print and its examples are held with those of the other pages, in test_readme."""

import re
from pathlib import Path

import pytest
from test_architecture import ORDER

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "internals.md"
TEXT = PAGE.read_text("utf-8")
FILES = sorted(set(re.findall(r"`((?:admodes|tests)/[\w/.]+)`", TEXT)))


def excerpts():
    """Every excerpt with the file that it is of: the nearest one that is named, before it or, where
    the text goes on with "That line is in", after it."""
    for match in re.finditer(r"```python\n(?!>>>)(.*?)```", TEXT, re.S):
        after = re.match(r"\s*That line is in `([^`]*)`", TEXT[match.end() :])
        before = re.findall(r"`(admodes/[\w/]+\.py)`", TEXT[: match.start()])
        yield after[1] if after else before[-1], match[1]


@pytest.mark.parametrize("path", FILES)
def test_the_files_that_are_named_exist(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("path", "excerpt"), list(excerpts()))
def test_an_excerpt_stands_in_its_file(path, excerpt):
    assert excerpt in (ROOT / path).read_text("utf-8")


def test_there_is_something_to_hold():
    assert len(list(excerpts())) >= 7
    assert len(FILES) >= 25


def test_the_cell_that_is_followed_stands_in_what_the_command_prints():
    (printed,) = re.findall(r"```console\n(.*?)```", TEXT, re.S)
    assert "`[(-3) × 1] + [2 × 0] = -3`" in TEXT
    assert "[(-3) × 1] + [2 × 0] = -3" in printed


def test_the_map_names_every_room_in_the_order_of_imports():
    rooms = re.findall(r"^\| `(\w+)` \|", TEXT, re.M)
    assert rooms == [room for room in ORDER if (ROOT / "admodes" / room).is_dir()]
