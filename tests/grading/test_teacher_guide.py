"""The guide for teachers, step by step as it stands, in one folder; its keys are keys."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import admodes as ad

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "teacher.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|text)\n(.*?)^```", GUIDE, re.S | re.M)


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The folder after all steps, and what the commands that are shown with their output printed,
    beside what the guide shows."""
    if not (shutil.which("pdflatex") or shutil.which("chromium")):
        pytest.skip("the PDF of the guide needs pdflatex or chromium")
    folder, programs = tmp_path_factory.mktemp("guide"), tmp_path_factory.mktemp("bin")
    admodes = programs / "admodes"
    admodes.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m admodes "$@"\n', "utf-8")
    admodes.chmod(0o755)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": path}
    outputs = []
    for kind, block in BLOCKS:
        command, shown = block, None
        if kind == "text":
            first, _, shown = block.partition("\n")
            command = first.removeprefix("$ ")
        done = subprocess.run(
            ["sh", "-e"], input=command, cwd=folder, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}{done.stderr}"
        if shown is not None:
            outputs.append((done.stdout, shown))
    return folder, outputs


def test_the_guide_prints_what_it_shows(walked):
    _, outputs = walked
    assert len(outputs) == 1
    for printed, shown in outputs:
        assert printed.rstrip() == shown.rstrip()


def test_every_step_leaves_what_it_says(walked):
    folder, _ = walked
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {"exercises/key.json", "exercises/quiz-04.html", "sheet.pdf", "graded/summary.html",
            "graded/gradebook.csv", "graded/Ada Lovelace/results.json",
            "graded/bob/feedback.html"} <= names  # fmt: skip
    book = (folder / "graded" / "gradebook.csv").read_text("utf-8")
    rows = [line.split(",") for line in book.splitlines()]
    assert [row[-1] for row in rows[1:]] == ["20", "20", "19.79"]
    results = json.loads((folder / "graded" / "photo" / "results.json").read_text("utf-8"))
    assert results["score"] == 0


def test_the_keys_of_the_guide_grade(tmp_path):
    keys = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", GUIDE, re.S | re.M)]
    assert len(keys) == 2
    t = ad.trace(ad.parse("x1*x2 + sin(x1)"), 2.0, 3.0, names=["x1", "x2"])
    (tmp_path / "ada.md").write_text(t.to_table("markdown"), "utf-8")
    rows = keys[1]["exercises"][0]["tables"][0]["rows"]
    for key, most in zip(keys, (16, 2), strict=True):
        (one,) = ad.grade(key, tmp_path).submissions
        assert (one.score, one.points) == (most, most)
        lines = "".join(f"| {' | '.join(row)} |\n" for row in rows)
        text = f"1. Evaluation trace\n\n| Expression | Evaluation |\n|---|---|\n{lines}"
        (tmp_path / "ada.md").write_text(text, "utf-8")
