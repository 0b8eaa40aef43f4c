"""README and the pages of docs show what the tool prints, their Python examples run, and their
links lead somewhere."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from admodes.cli import main
from admodes.cli.commands import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in PAGES}
BLOCKS = [
    pytest.param(command, shown, id=f"{name}: {command}")
    for name, text in TEXTS.items()
    for command, shown in re.findall(r"```console\n\$ (admodes [^\n]*)\n(.*?)```", text, re.S)
]


@pytest.mark.parametrize(("command", "shown"), BLOCKS)
def test_a_command_prints_what_the_page_shows(command, shown, capsys):
    with pytest.raises(SystemExit):
        main(shlex.split(command)[1:])
    printed = capsys.readouterr().out
    assert [line.rstrip() for line in printed.splitlines()] == [
        line.rstrip() for line in shown.splitlines()
    ]


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if ">>> " in text])
def test_python_examples(name):
    """Each page by itself, as its reader meets it."""
    assert doctest.testfile(str(ROOT / name), module_relative=False, verbose=False).failed == 0


@pytest.mark.parametrize("name", TEXTS)
def test_every_block_is_of_a_kind_that_is_tested(name):
    """A block that is opened is closed, and none escapes the tests for being written otherwise."""
    fences = re.findall(r"^```(.*)$", TEXTS[name], re.M)
    assert fences[1::2] == [""] * (len(fences) // 2)
    assert set(fences[::2]) <= {"console", "python", "sh", "text", "toml", "json"}
    consoles = re.findall(r"```console\n(.*)$", TEXTS[name], re.M)
    assert all(line.startswith("$ admodes ") for line in consoles)


def test_the_readme_is_short_and_has_a_picture():
    assert len(TEXTS["README.md"].encode()) < 8000
    assert re.search(r"!\[[^\]]+\]\(docs/graph\.svg\)", TEXTS["README.md"])


def test_every_page_is_in_the_table_of_contents():
    linked = set(re.findall(r"\]\((\w+)\.md\)", TEXTS["docs/index.md"]))
    assert linked == {path.stem for path in PAGES[1:]} - {"index"}


def test_the_table_of_commands_is_whole():
    names = {info.name or info.callback.__name__ for info in app.registered_commands}
    table = re.findall(r"^\| (`admodes [^|]*) \|", TEXTS["docs/commands.md"], re.M)
    shown = {code.split()[-1] for row in table for code in re.findall(r"`(?:admodes )?(\w+)", row)}
    assert shown == names


@pytest.mark.parametrize("name", [*TEXTS, "CONTRIBUTING.md"])
def test_links_lead_somewhere(name):
    path = ROOT / name
    text = path.read_text("utf-8")
    links = [x for x in re.findall(r"\]\(([^)\s]+)\)", text) if not x.startswith("http")]
    for link in links:
        target_name, _, heading = link.partition("#")
        target = path.parent / target_name if target_name else path
        assert target.exists(), link
        headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M) if heading else []
        assert not heading or heading in {h.lower().replace(" ", "-") for h in headings}, link
