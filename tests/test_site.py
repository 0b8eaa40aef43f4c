"""The site of docs builds without a warning, needs no network, and has a page for each command two
clicks from its front."""

import re
import runpy
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

import admodes
from admodes.cli.commands import GROUPS

ROOT = Path(__file__).parent.parent
COMMANDS = [name for members in GROUPS.values() for name in members]


def links(path):
    """The pages that a page links to."""
    found = re.findall(r'<a [^>]*href="([^"]+\.html[^"]*)"', path.read_text("utf-8"))
    targets = (urldefrag(unquote(x)).url for x in found if not x.startswith("http"))
    return {(path.parent / target).resolve() for target in targets}


def every_command_is_two_clicks_away(site):
    one = links(site / "index.html")
    two = one.union(*map(links, one))
    for name in COMMANDS:
        page = (site / "generated" / "commands" / f"{name}.html").resolve()
        assert page in two, name
        assert f"admodes {name}" in page.read_text("utf-8")


def every_public_name_is_in_the_reference(site):
    pages = (site / "generated" / "api").glob("*.html")
    shown = set(re.findall(r'id="admodes\.(\w+)"', "".join(p.read_text("utf-8") for p in pages)))
    assert shown >= set(admodes.__all__) - set(admodes.operations)


def nothing_comes_from_elsewhere_and_no_link_is_dead(site):
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        assert not re.findall(r'(?:src|<link[^>]* href)="(?:https?:)?//[^"]*"', text), path
        for target in links(path):
            assert target.exists(), (path, target)


def test_the_site_builds_and_leads_everywhere(tmp_path):
    """One test, for it builds once; what is written on the way lies beside its sources."""
    pytest.importorskip("sphinx", reason="needs admodes[docs]")
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    every_command_is_two_clicks_away(tmp_path)
    every_public_name_is_in_the_reference(tmp_path)
    nothing_comes_from_elsewhere_and_no_link_is_dead(tmp_path)


def test_every_public_name_has_one_place_in_the_reference():
    chapters = runpy.run_path(str(ROOT / "docs" / "_ext" / "public_names.py"))["CHAPTERS"]
    names = [name for _, _, names in chapters.values() for name in names]
    others = set(admodes.__all__) - set(admodes.operations)
    assert sorted(names) == sorted(others)
