"""Experiments as pages: all files, the same figures in all of them, and where they come from."""

import csv
import json
import re

import pytest

from admodes.lab.comparison import comparisons
from admodes.lab.pages.libraries import Libraries, codes
from admodes.lab.pages.writing import EXPERIMENTS, write_pages

pytest.importorskip("matplotlib", reason="pages have plots, which need matplotlib")

QUICK = ("swell", "elimination")
"""Those that take less than two seconds."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    (folder / "advice.md").write_text("## Advice\n\nA page of something else.\n")
    assert all(path.exists() for path in write_pages(folder, QUICK))
    return folder


@pytest.mark.parametrize("name", QUICK)
def test_a_page_has_all_files_with_its_origin(folder, name):
    data = json.loads((folder / f"{name}.json").read_text("utf-8"))
    assert data["schema"] == "admodes.experiment/1"
    assert {"command", "alone", "date", "machine", "load", "versions", "data"} <= set(data)
    assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / f"{name}.svg").read_text("utf-8")
    page = (folder / f"{name}.md").read_text("utf-8")
    for word in ("**Expected.**", "**Seen.**", "**Where they differ.**", f"{name}.svg"):
        assert word in page
    html = (folder / f"{name}.html").read_text("utf-8")
    assert f'src="{name}.svg"' in html
    assert "http" not in re.sub(r'xmlns[:\w]*="[^"]*"', "", html)


def test_the_files_of_a_page_agree(folder):
    data = json.loads((folder / "swell.json").read_text("utf-8"))["data"]
    points = data["families"]["logistic"]
    lines = list(csv.reader((folder / "swell.csv").read_text("utf-8").splitlines()))
    for point in points:
        assert any(
            line[1:4] == [str(point[k]) for k in ("n", "f", "raw")] for line in lines if line
        )
        cells = [str(point[key]) for key in ("n", "f", "raw")]
        assert any(
            [cell.strip() for cell in line.split("|")[1:4]] == cells
            for line in (folder / "swell.md").read_text("utf-8").splitlines()
        )


def test_the_list_has_the_pages_that_there_are(folder):
    index = (folder / "README.md").read_text("utf-8")
    assert [name for name in EXPERIMENTS if f"({name}.md)" in index] == [
        name for name in EXPERIMENTS if name in QUICK
    ]
    assert "- [Advice](advice.md)\n" in index


def test_the_command(run, tmp_path):
    status, _, err = run("report", "--only", "swell", "-o", str(tmp_path / "new"))
    assert status == 0
    assert "swell.html" in err
    assert (tmp_path / "new" / "README.md").exists()


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--only", "everything"], "everything"),
        (["@cpsc532s", "--experiments"], "@cpsc532s"),
        (["--only", "swell", "-o", "/proc/nowhere"], "/proc/nowhere"),
        ([], "nothing to work on"),
    ],
)
def test_misuse_is_named(run, argv, named):
    status, _, err = run("report", *argv)
    assert status == 2
    assert named in err


def test_the_codes_of_the_examples_are_compared_as_they_stand():
    scenarios = list(codes())
    assert [s.name for s in scenarios] == [
        f"codes/{name}.py"
        for name in (
            *("bundle_adjustment", "gaussian_process", "kalman", "logistic_regression"),
            "two_body",
        )
    ]
    backends = ["admodes forward", "admodes reverse"]
    result = Libraries(list(comparisons(scenarios, True, backends, rounds=1)))
    rows = [row for rows in result.backends().values() for row in rows]
    assert {(row.status, row.route) for row in rows} == {("ok", "unchanged")}
    assert max(row.error_ulp for row in rows) <= 4
    lines = list(csv.DictReader(result.to_table("csv").splitlines()))
    assert len(lines) == len(rows)
    assert {line["function"] for line in lines} == {s.name for s in scenarios}
    assert all(float(line["error_ulp"]) <= 4 for line in lines)
