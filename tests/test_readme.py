"""The README shows what the tool prints, and its Python examples run."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from admodes.cli import main

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```console\n\$ (admodes [^\n]*)\n(.*?)```", README.read_text("utf-8"), re.S)


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[c for c, _ in BLOCKS])
def test_a_command_prints_what_the_readme_shows(command, shown, capsys):
    with pytest.raises(SystemExit):
        main(shlex.split(command)[1:])
    printed = capsys.readouterr().out
    assert [line.rstrip() for line in printed.splitlines()] == [
        line.rstrip() for line in shown.splitlines()
    ]


def test_python_examples():
    assert len(BLOCKS) > 5
    assert doctest.testfile(str(README), module_relative=False, verbose=False).failed == 0


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/internals.md"])
def test_links_lead_somewhere(page):
    path = README.parent / page
    text = path.read_text("utf-8")
    links = [x for x in re.findall(r"\]\(([^)\s]+)\)", text) if not x.startswith("http")]
    for link in links:
        name, _, heading = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M) if heading else []
        assert not heading or heading in {h.lower().replace(" ", "-") for h in headings}, link
