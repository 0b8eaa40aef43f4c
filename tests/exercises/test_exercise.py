"""Exercises: every idea, pleasant numbers, blanks that fade, and the same bytes everywhere."""

import hashlib
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import admodes as ad
from admodes.exercises.fading import BLANK, split, stage
from admodes.exercises.levels import LEVELS, MODES

GOLDEN = Path(__file__).parent.parent / "data" / "exercise_bytes.json"
FORMATS = ("text", "markdown", "latex", "html", "csv", "json")

HASHES = """
import hashlib, sys
import admodes as ad
for level, seed in ((2, 7), (5, 3)):
    series = ad.exercise(level, seed=seed, count=3)
    for format in ("text", "html", "json"):
        for answers in (False, True):
            print(hashlib.sha256(series.to_table(format, answers=answers).encode()).hexdigest())
    for page in series.pages():
        print(hashlib.sha256(page.to_html().encode()).hexdigest())
"""


def numbers_of(question):
    for sheet in question.sheets:
        yield from (f.right for f in sheet.figures if f.right is not None)


def shown(series, **options):
    return [
        hashlib.sha256(series.to_table(f, **options).encode()).hexdigest()[:16] for f in FORMATS
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("level", LEVELS)
def test_each_idea_of_a_level_occurs_in_turn_and_no_function_twice(level, mode):
    series = ad.exercise(level, mode=mode, seed=7, count=14)
    ideas = [question.task.idea for question in series.questions]
    names = [idea.name for idea in LEVELS[level]]
    assert ideas == [names[k % len(names)] for k in range(14)]
    assert len({question.task.function for question in series.questions}) == 14


@pytest.mark.parametrize("level", LEVELS)
def test_numbers_are_short_and_right(level):
    """Compared with the derivatives of the parsed function, by ad.jacobian."""
    for question in ad.exercise(level, seed=11, count=7).questions:
        assert all(abs(x) <= 150 and Fraction(x).denominator in (1, 2, 4, 8) for x in
                   numbers_of(question))  # fmt: skip
        f = ad.parse(*question.task.function, inputs=question.task.point)
        point = list(map(float, question.task.point.values()))
        expected = ad.jacobian(f, argnums=tuple(range(len(point))))(*point)
        expected = expected if len(question.task.function) > 1 else (expected,)
        entries = [f.right for f in question.sheets[-1].figures]
        assert entries == pytest.approx([x for line in expected for x in line], rel=1e-12)
        cells = json.dumps(question.data()["tables"])
        assert "0000" not in cells


@pytest.mark.parametrize(("level", "mode"), [(2, "both"), (3, "reverse"), (5, "forward")])
def test_blanks_fade_from_a_nearly_filled_table_to_an_empty_one(level, mode):
    data = ad.exercise(level, mode=mode, seed=7, count=4).to_dict()
    shares = []
    for exercise in data["exercises"]:
        cells = [cell for table in exercise["tables"] for row in table["rows"] for cell in row]
        blank = [b for table in exercise["tables"] for b in table["blanks"]]
        hidden = sum(len(b["answer"]) for b in blank)
        shares.append(hidden / sum(map(len, cells)))
        assert all(table["blanks"] for table in exercise["tables"])
    assert shares == sorted(set(shares))
    assert shares[0] < 0.1
    last = data["exercises"][-1]["tables"]
    for table in last[:-1]:
        assert len(table["blanks"]) == sum(map(len, table["rows"]))


def test_answers_stand_where_the_blanks_were():
    series = ad.exercise(3, seed=2, count=4)
    for format in ("text", "markdown", "csv"):
        assert BLANK in series.to_table(format)
        assert BLANK not in series.to_table(format, answers=True)
    assert "QQQQ" not in "".join(series.to_table(f) for f in FORMATS)
    for exercise, question in zip(series.to_dict()["exercises"], series.questions, strict=True):
        tables = question.tables("text", answers=False)[1:]
        for table, shown in zip(exercise["tables"], tables, strict=True):
            for b in table["blanks"]:
                cell = table["rows"][b["row"]][b["column"]]
                kept, answer = split(cell, b["part"])
                assert answer == b["answer"]
                written = shown.rows[b["row"]][b["column"]].replace("\xa0", " ")
                assert written == f"{kept}QQQQ"


def test_every_figure_is_the_number_that_its_cell_prints():
    for level in LEVELS:
        for question in ad.exercise(level, seed=5, count=6).questions:
            for sheet, table in zip(question.sheets, question.data()["tables"], strict=True):
                for figure in sheet.figures:
                    cell = table["rows"][figure.row][figure.column]
                    printed = float(cell.rpartition(" = ")[2].strip("()"))
                    if figure.right is not None:
                        assert printed == figure.right


def test_the_last_of_a_series_is_empty_and_one_alone_has_no_numbers():
    assert [stage(k, 3) for k in range(3)] == [0, Fraction(1, 2), 1]
    series = ad.exercise(1, seed=1, count=1)
    cells = [cell for table in series.questions[0].tables("text", False)[1:] for row in table.rows
             for cell in row]  # fmt: skip
    assert "v0 = x1" in cells
    assert cells.count("QQQQ") > 8


def test_what_is_no_exercise_is_refused():
    for wrong in ({"level": 6}, {"level": 1, "mode": "sideways"}, {"level": 1, "count": 0},
                  {"level": 1, "count": 101}, {"level": 1, "seed": 1.5}):  # fmt: skip
        with pytest.raises(ad.Error):
            ad.exercise(**wrong)


def test_the_bytes_of_a_seed_are_those_that_are_kept():
    """Seeds, levels and formats; the file is written anew where a change is meant:
    python tests/exercises/test_exercise.py"""
    assert json.loads(GOLDEN.read_text("utf-8")) == hashes()


def hashes():
    made = {}
    for level in LEVELS:
        for mode, seed in zip(MODES, (7, 0, 12345), strict=True):
            series = ad.exercise(level, mode=mode, seed=seed, count=3)
            made[f"{level} {mode} {seed}"] = [*shown(series), *shown(series, answers=True)[:5]]
    return made


def test_the_bytes_do_not_depend_on_the_hash_seed():
    found = {
        subprocess.run(
            [sys.executable, "-c", HASHES],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_folder_holds_everything(tmp_path):
    series = ad.exercise(2, seed=7, count=2)
    names = {path.name for path in series.save(tmp_path / "all")}
    both = {
        f"{name}.{end}" for name in ("sheet", "key") for end in ("txt", "md", "tex", "html", "csv")
    }
    assert names == both | {"key.json", "quiz-01.html", "quiz-02.html"}
    assert json.loads((tmp_path / "all" / "key.json").read_text("utf-8")) == series.to_dict()
    data = (tmp_path / "all" / "quiz-01.html").read_text("utf-8")
    assert '"quiz":true' in data
    assert "Exercise 1" in data


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(hashes(), indent=1) + "\n", "utf-8")
