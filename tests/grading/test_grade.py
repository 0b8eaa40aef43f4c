"""Grades: each row a point, what follows from a mistake charged once, nothing for what was given,
and a submission that cannot be read stops nothing."""

import json
import os
import re
from pathlib import Path

import filled_sheets
import pytest
from filled_sheets import blank_figures, filled

import admodes as ad
from admodes.auditing.quantity import Quantity
from admodes.exercises.series import ENDINGS

SERIES = ad.exercise(2, mode="both", seed=7, count=4)
KEY = SERIES.to_dict()


def hand_in(folder, **texts):
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, "utf-8")
    return folder


def only(folder, key=KEY, **options):
    grades = ad.grade(key, folder, **options)
    (one,) = grades.submissions
    return one


@pytest.mark.parametrize("format", ENDINGS)
@pytest.mark.parametrize(
    ("level", "mode"), [(1, "both"), (3, "reverse"), (4, "forward"), (5, "both")]
)
def test_the_key_earns_everything_and_the_empty_sheet_nothing(tmp_path, level, mode, format):
    series = ad.exercise(level, mode=mode, seed=3, count=3)
    ending = ENDINGS[format]
    for name, answers in (("key", True), ("sheet", False)):
        (tmp_path / f"{name}.{ending}").write_text(
            series.to_table(format, answers=answers), "utf-8"
        )
    key, sheet = ad.grade(series.to_dict(), tmp_path).submissions
    assert (key.score, sheet.score) == (key.points, 0.0)
    assert {mark.verdict for mark in key.marked.marks} == {"right"}
    assert {mark.verdict for mark in sheet.marked.marks} == {"missing"}


def test_a_sheet_that_was_filled_in_in_the_browser(tmp_path):
    """The blanks of the page are elements that can be typed into, and are saved with the page."""
    answers = [
        table["rows"][b["row"]][b["column"]] if b["part"] == "cell" else b["answer"]
        for exercise in KEY["exercises"]
        for table in exercise["tables"]
        for b in table["blanks"]
    ]
    typed = iter(answers)
    blank = r"(<span class=\"blank\"[^>]*>)</span>"
    sheet = SERIES.to_table("html")
    page, times = re.subn(blank, lambda m: f"{m[1]}{next(typed)}</span>", sheet)
    assert times == len(answers)
    (tmp_path / "ada.html").write_text(page, "utf-8")
    one = only(tmp_path)
    assert one.score == one.points


def test_one_mistake_costs_one_row_whatever_follows_from_it(tmp_path):
    question = SERIES.questions[2]
    d = filled_sheets.derivation_of(question)
    for figure in blank_figures(question):
        q = figure.quantity
        if not figure.right or d.ways(q) == ((),) or q.kind == "entry":
            continue
        folder = hand_in(tmp_path / f"{q.kind} {q.row} {q.direction} {q.argument}",
                         ada=filled(SERIES, {3: {q: -figure.right}}))  # fmt: skip
        one = only(folder)
        assert one.score == one.points - 1, q
        (mistake,) = one.data()["mistakes"]
        assert mistake["verdict"] == "wrong"
        assert "sign" in mistake["cause"]


def test_an_early_mistake_is_followed_through(tmp_path):
    q = Quantity("value", 2)
    one = only(hand_in(tmp_path, ada=filled(SERIES, {3: {q: 7.0}})))
    counts = one.marked.counts()
    assert counts["wrong"] == 1
    assert counts["follows"] > 3
    assert one.score == one.points - 1


def test_a_blank_left_empty_is_missing(tmp_path):
    sheet = filled(SERIES, {}, empty=lambda number, q: number == 2 and q.kind == "adjoint")
    one = only(hand_in(tmp_path, ada=sheet))
    adjoints = [f for f in blank_figures(SERIES.questions[1]) if f.quantity.kind == "adjoint"]
    assert one.marked.counts()["missing"] == len(adjoints)
    assert one.score == one.points - len(adjoints)


def test_a_given_number_that_was_made_wrong_costs_a_row(tmp_path):
    sheet = filled(SERIES, {})
    changed, times = re.subn(r"(\| v1 = x2 +\| )-3", r"\1-4", sheet, count=1)
    assert times == 1
    one = only(hand_in(tmp_path, ada=changed))
    assert [m["verdict"] for m in one.data()["mistakes"]] == ["changed"]
    assert one.score == one.points - 1


def test_points_are_shared_by_the_numbers_of_a_row_and_scaled(tmp_path):
    q = Quantity("entry", SERIES.questions[3].trace.outputs[0]["row"], "x2")
    one = only(hand_in(tmp_path, ada=filled(SERIES, {4: {q: 999.0}})), points=10)
    assert one.score == round(10 * (one.most - 0.5) / one.most, 2)


def test_the_teacher_sees_who_misunderstood_what(tmp_path):
    q = Quantity("partial", 2, "", 0)
    right = next(f.right for f in blank_figures(SERIES.questions[1]) if f.quantity == q)
    folder = hand_in(
        tmp_path,
        ada=filled(SERIES, {2: {q: -right}}),
        bob=filled(SERIES, {2: {q: -right}}),
        eve=filled(SERIES, {}),
    )
    grades = ad.grade(KEY, folder)
    first = grades.misconceptions[0]
    assert first["cause"] == "sign"
    assert first["students"] == ["ada", "bob"]
    assert {cell["table"] for cell in first["cells"]} == {"2. Local partials"}
    text = str(grades)
    assert "What was misunderstood" in text
    assert "ada (2. Local partials" in text


BAD = {
    "huge.md": b"| v0 | 1 |\n" * 5_000_000,
    "empty.md": b"",
    "binary.md": bytes(range(256)) * 50,
    "not_a_table.md": b"I could not do it.\n",
    "broken.html": b"<table><tr><td><table><<<</td>" * 1000,
    "broken.ipynb": b'{"cells": [',
    "photo.jpg": b"\xff\xd8\xff",
    "formulas.csv": b"v0,=HYPERLINK(\"http://evil\")\nv1,=cmd|' /C calc'!A0\nv2,@SUM(1)\n",
    "code.md": b"| v | x |\n|---|---|\n| v0 | __import__('os').system('touch HACKED') |\n",
    "deep.json": b"[" * 100_000,
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_has_no_score_and_the_rest_goes_on(tmp_path, name):
    folder = hand_in(tmp_path / "in", zoe=filled(SERIES, {}))
    (folder / name).write_bytes(BAD[name])
    bad, good = ad.grade(KEY, folder).submissions
    assert good.score == good.points
    assert bad.score == 0.0
    assert bad.problem or {m.verdict for m in bad.marked.marks} <= {"missing", "wrong"}
    assert "look at it by hand" not in bad.problem
    assert not Path("HACKED").exists()


def test_links_pipes_and_folders(tmp_path):
    outside = tmp_path / "secret.md"
    outside.write_text(filled(SERIES, {}), "utf-8")
    folder = hand_in(tmp_path / "in")
    (folder / "link.md").symlink_to(outside)
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe.md")
    (folder / "nothing").mkdir()
    (folder / ".hidden").write_text("x")
    hand_in(folder / "zoe", part=filled(SERIES, {}))
    found = {one.submission.name: one for one in ad.grade(KEY, folder).submissions}
    assert set(found) == {"link", "loop", "pipe", "nothing", "zoe"}
    assert found["zoe"].score == found["zoe"].points
    assert all(found[name].problem for name in set(found) - {"zoe"})


def test_an_error_of_ours_in_one_submission_is_told_and_stops_nothing(tmp_path, monkeypatch):
    from admodes.grading import grades

    def tables_of(path):
        if path.stem == "ada":
            raise RecursionError("too deep")
        return read(path)

    read = grades.tables_of
    monkeypatch.setattr(grades, "tables_of", tables_of)
    ada, bob = ad.grade(KEY, hand_in(tmp_path, ada="x", bob=filled(SERIES, {}))).submissions
    assert "look at it by hand" in ada.problem
    assert bob.score == bob.points


def test_a_submission_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    from admodes.grading import grades

    monkeypatch.setattr(grades, "SECONDS", 0.2)
    monkeypatch.setattr(
        grades, "tables_of", lambda path: [iter(int, 1) and None for _ in iter(int, 1)]
    )
    (one,) = ad.grade(KEY, hand_in(tmp_path, ada="x")).submissions
    assert "it took more than" in one.problem


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ({}, "is no key"),
        ({"schema": "admodes.exercise/1", "exercises": []}, "no exercises"),
        ({"schema": "admodes.exercise/1", "function": "x*", "point": {"x": 1}}, "exercise 1"),
        ({"schema": "admodes.exercise/1", "point": {"x": 1}}, "'function' is missing"),
        ({"schema": "admodes.exercise/1", "function": "x", "point": {"x": "a"}}, "exercise"),
        (
            {"schema": "admodes.exercise/1", "function": "x*x", "point": {"x": 2}, "mode": "no"},
            "mode",
        ),
    ],
)
def test_what_is_no_key_is_refused(tmp_path, key, told):
    with pytest.raises(ad.Error, match=told):
        ad.grade(key, hand_in(tmp_path, ada="x"))


def test_a_key_may_be_a_function_at_a_point_alone(tmp_path):
    key = {"schema": "admodes.exercise/1", "function": ["x1*x2 + sin(x1)"],
           "point": {"x1": 2, "x2": 3}, "mode": "reverse"}  # fmt: skip
    t = ad.trace(ad.parse("x1*x2 + sin(x1)"), 2.0, 3.0, names=["x1", "x2"])
    path = tmp_path / "ada.md"
    path.write_text(t.to_table("markdown"), "utf-8")
    one = only(tmp_path, key)
    assert one.score == one.points


def test_gradescope_reads_what_is_written(tmp_path):
    q = Quantity("value", 2)
    folder = hand_in(tmp_path / "in", ada=filled(SERIES, {3: {q: 7.0}}))
    (folder / "bob.md").write_bytes(b"")
    ad.grade(KEY, folder, points=20).save(tmp_path / "out")
    results = json.loads((tmp_path / "out" / "ada" / "results.json").read_text("utf-8"))
    assert set(results) == {"score", "execution_time", "output", "visibility", "stdout_visibility",
                            "extra_data", "tests"}  # fmt: skip
    allowed = {"name", "score", "max_score", "number", "status", "output", "tags", "visibility"}
    assert all(set(test) == allowed for test in results["tests"])
    assert results["score"] == pytest.approx(sum(t["score"] for t in results["tests"]), abs=0.01)
    assert sum(t["max_score"] for t in results["tests"]) == pytest.approx(20, abs=0.01)
    failed = [t for t in results["tests"] if t["status"] == "failed"]
    assert len(failed) == 1
    bob = json.loads((tmp_path / "out" / "bob" / "results.json").read_text("utf-8"))
    assert (bob["score"], bob["tests"], bob["output"]) == (0.0, [], "it is empty")


def test_the_folder_has_everything_and_pages_are_escaped(tmp_path):
    name = "<img src=x onerror=alert(1)>"
    sheet = filled(SERIES, {}).replace("v0 = x1", "v0 = x1 <script>alert(1)</script>", 1)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / f"{name}.md").write_text(sheet, "utf-8")
    paths = ad.grade(KEY, folder).save(tmp_path / "out")
    assert {p.name for p in paths} == {"summary.html", "summary.md", "summary.json", "scores.csv",
                                       "results.json", "feedback.html"}  # fmt: skip
    for path in paths:
        text = path.read_text("utf-8")
        assert not re.search(r"(?<!\\)<(img|script)", text) or path.suffix in (".json", ".csv")
    page = next(p for p in paths if p.name == "feedback.html").read_text("utf-8")
    assert 'class="right"' in page


def test_grading_twice_gives_the_same(tmp_path):
    folder = hand_in(tmp_path, ada=filled(SERIES, {1: {Quantity("value", 4): 2.0}}))
    assert ad.grade(KEY, folder).to_json() == ad.grade(KEY, folder).to_json()
