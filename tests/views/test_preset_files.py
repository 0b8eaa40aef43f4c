"""Presets from files and to files; in every format nothing that a user named does harm."""

import csv
import io
import json
import re
import shutil
import subprocess
import tomllib

import numpy as np
import pytest

import admodes as ad
from admodes.views.dialects import Latex, Text
from admodes.views.lines import WRITERS
from admodes.views.preset_files import preset_from, toml_text
from admodes.views.presets import CHOICES, KINDS, PARTS, PRESETS
from admodes.views.render import render

SURVEY = ad.parse("ln(x1) + x1*x2 - sin(x2)")
SECTION_A = ad.parse("exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)", inputs=["x1", "x2"])
OSU = ad.parse("ln(x1 + sin(x1)) * max(x2, x3) * 2")


def section_a():
    return ad.trace(SECTION_A, 2.0, 1.0)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_survives_its_file(preset, tmp_path):
    text = toml_text(PRESETS[preset])
    assert preset_from(tomllib.loads(text)) == PRESETS[preset]
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    t = section_a()
    assert t.to_table(preset=str(path)) == t.to_table(preset=preset)
    assert json.loads(json.dumps(PRESETS[preset].to_dict()))["name"] == preset


def test_a_users_own_says_only_what_differs(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('like = "griewank"\nletter = "u"\nadjoint = "{v}*"\n', "utf-8")
    text = ad.trace(SURVEY, 2.0, 5.0).to_table("csv", preset=str(path))
    last = [line[1].partition(" = ")[0] for line in csv.reader(io.StringIO(text))][-3:]
    assert last == ["u-1*", "x1*", "x2*"]


BROKEN = {
    "letter =": "no TOML",
    'colour = "red"': "colour is unknown",
    'like = "nobody"': "like = 'nobody'",
    'numbering = "two"': "numbering = 'two'",
    "seeds = 3": "seeds = 3",
    'letter = "3"': "letter = '3'",
    'tangent = "{v.__class__}"': "tangent",
    'adjoint = "bär"': "adjoint",
    'source = "\\u001b[31m"': "source",
    'source = "\\u202e"': "source",
    r"times = '\input{x}'": "times",
    "between = '#'": "between",
    r"source = '\(\write18{x}\)'": "source",
    "sheets = 3": "sheets = 3",
    "sheets = [3]": "a table of keys",
    "[[sheets]]": "kind is missing",
    '[[sheets]]\nkind = "forward"\ncolour = 1': r"sheets\[0\].colour is unknown",
    '[[sheets]]\nkind = "forward"\nhead = ["A"]': "head needs",
    '[[sheets]]\nkind = "forward"\nhead = ["A"]\nblocks = [{lines = [["adjoint"]]}]': "'adjoint'",
    '[[sheets]]\nkind = "reverse"\nhead = ["A"]\nblocks = [{lines = [["nothing"]]}]': "'nothing'",
    '[[sheets]]\nkind = "forward"\nblocks = [{lines = []}]': "same number of parts",
    '[[sheets]]\nkind = "reverse"\nhead = ["A"]\nblocks = [{lines = [["rule"]]}]': "no 'rule'",
    '[[sheets]]\nkind = "evaluation"\nhead = ["A"]\nblocks = [{lines = [["rule"]]}]': "no 'rule'",
    '[[sheets]]\nkind = "reverse"\nhead = ["A"]\nblocks = [{lines = [["tangent"]]}]': "'tangent'",
    '[[sheets]]\nkind = "partials"': "head: a table 'partials' has 2 texts",
    '[[sheets]]\nkind = "partials"\nhead = ["A", "B", "C"]': "head: a table 'partials'",
    '[[sheets]]\nkind = "jacobian"\nhead = ["A"]': "head: a table 'jacobian'",
    '[[sheets]]\nkind = "jacobian"\nblocks = [{lines = [["name"]]}]': "lines of its own",
}


@pytest.mark.parametrize(("text", "said"), BROKEN.items())
def test_a_broken_file_is_named_with_what_is_wrong(text, said, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=said) as error:
        section_a().to_table(preset=str(path))
    assert "mine.toml" in str(error.value)


def test_unknown_presets_are_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"'nobody'.*griewank.*tapenade"):
        section_a().to_table(preset="nobody")
    with pytest.raises(ValueError, match=r"none\.toml: cannot be read"):
        section_a().to_table(preset="none.toml")
    t = ad.trace(lambda x: np.sum(x * x), np.ones(3))
    for format in ("text", "json"):
        with pytest.raises(ValueError, match="by scalars"):
            t.to_table(format, preset="osu")


def test_every_word_of_a_preset_is_known():
    assert WRITERS.keys() == PARTS.keys()
    for preset in PRESETS.values():
        assert set(preset.kinds) <= set(KINDS)
        for sheet in preset.sheets:
            for line in (line for block in sheet.blocks for line in block.lines):
                assert set(line) <= set(PARTS)
                assert len(line) == len(sheet.head)
        assert preset.numbering in CHOICES["numbering"]


def test_marks_are_escaped():
    assert Latex().marked("{v}_(1)", "v3", "x") == "{v_{3}}_{(1)}"
    assert Latex().marked("{v}b", "v3", "x") == r"{v_{3}}\mathrm{b}"
    escaped = r"\text{\%}{v_{3}}\text{\textasciicircum{}}"
    assert Latex().marked("%{v}^", "v3", "x") == escaped
    assert Text().marked("d{v}", "{d}", "x") == "d{d}"


HOSTILE = ["we_ird$ & {v}%^#~\\", "v̄é", "<b>"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_latex_of_every_preset_compiles(tmp_path):
    traces = [
        section_a(),
        ad.trace(OSU, 5.0, -2.0, -5.0),
        ad.trace(lambda a, b, c: a * b + ad.sin(c), 1.0, 2.0, 3.0, names=HOSTILE),
    ]
    parts = [
        table
        for preset in PRESETS
        for t in traces
        for layout in (None, "side-by-side")
        for table in t.tables("latex", preset=preset, layout=layout)
    ]
    (tmp_path / "all.tex").write_text(render(parts, "latex"), "utf-8")
    job = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    run = subprocess.run(job, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout[-2000:]


@pytest.mark.parametrize("preset", PRESETS)
def test_hostile_names_are_no_tags_and_no_columns(preset):
    t = ad.trace(lambda a, b, c: a * b + ad.sin(c), 1.0, 2.0, 3.0, names=["a|b", "<b>", "=1"])
    assert "<b>" not in t.to_table("html", preset=preset)
    for table in t.to_table("markdown", preset=preset).split("## ")[1:]:
        grid = [line for line in table.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in grid}) == 1
    for line in csv.reader(io.StringIO(t.to_table("csv", preset=preset))):
        assert not any(cell.startswith(("=", "@")) for cell in line)
