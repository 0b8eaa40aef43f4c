"""README and the pages of docs show what the tool prints, their Python examples run, and their
links lead somewhere."""

import doctest
import re
import shlex
import shutil
from pathlib import Path

import pytest

from admodes.cli import main
from admodes.cli.commands import GROUPS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in PAGES}
BLOCKS = [
    pytest.param(command, shown, id=f"{name}: {command}")
    for name, text in TEXTS.items()
    for command, shown in re.findall(r"```console\n\$ (admodes [^\n]*)\n(.*?)```", text, re.S)
]
WRITING = [
    line
    for name, text in TEXTS.items()
    if name != "docs/teacher.md"  # its steps need one another: tests/grading/test_teacher_guide.py
    for block in re.findall(r"```sh\n(.*?)```", text, re.S)
    for line in re.findall(r"^admodes .*$", block, re.M)
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


def in_folder(command, folder, monkeypatch):
    """The exit status of a command that writes into a folder."""
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as stopped:
        main(shlex.split(command, comments=True)[1:])
    return stopped.value.code or 0


@pytest.mark.parametrize("command", WRITING)
def test_a_command_that_writes_a_file_runs(command, tmp_path, monkeypatch):
    if ".pdf" in command and not (shutil.which("pdflatex") or shutil.which("chromium")):
        pytest.skip("a PDF needs pdflatex or chromium")
    assert in_folder(command, tmp_path, monkeypatch) == 0
    assert list(tmp_path.iterdir())


def test_the_run_of_compare_is_of_this_version(capsys, tmp_path, monkeypatch):
    """Its times are those of one run; what is compared, how it is judged and the columns hold."""
    text = TEXTS["docs/compare.md"]
    command, shown = re.search(r"```text\n\$ (admodes compare .*)\n([^`]*)```", text).groups()
    assert in_folder(f"{command} --backends 'admodes reverse'", tmp_path, monkeypatch) == 0
    printed = capsys.readouterr().out.split("\n")
    lasting = re.compile("gradient|Backend|  judged")
    heads = [line.split() for line in shown.split("\n") if lasting.match(line)]
    assert len(heads) == 4
    assert heads == [line.split() for line in printed if lasting.match(line)]


def test_the_readme_is_short_and_has_a_picture():
    assert len(TEXTS["README.md"].encode()) < 8000
    assert re.search(r"!\[[^\]]+\]\(docs/graph\.svg\)", TEXTS["README.md"])


def test_every_page_is_in_the_table_of_contents():
    linked = set(re.findall(r"\]\(([\w-]+)\.md\)", TEXTS["docs/index.md"]))
    assert linked == {path.stem for path in PAGES[1:]} - {"index"}


def test_the_table_of_commands_is_whole():
    names = {name for members in GROUPS.values() for name in members}
    table = re.findall(r"^\| (`admodes [^|]*) \|", TEXTS["docs/commands.md"], re.M)
    shown = {name for row in table for name in re.findall(r"`(?:admodes )?([\w-]+)", row)}
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
