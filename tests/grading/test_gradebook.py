"""Scores go into the gradebook that was exported: rows are matched, never added, and no cell is a
formula."""

import csv
import io

import pytest
from filled_sheets import filled

import admodes as ad

SERIES = ad.exercise(1, mode="forward", seed=1, count=2)
KEY = SERIES.to_dict()
SHEET = filled(SERIES, {})

HEAD = "Student,ID,SIS User ID,SIS Login ID,Section,Homework 2 (11),Homework 3 (12)\n"
BOOK = (
    "\ufeff" + HEAD + "    Points Possible,,,,,10,10\n"
    '"Lovelace, Ada",101,s101,ada@uni.edu,A,7,\n'
    '"Müller, Björn Erik",102,s102,bem,A,,\n'
    '"=HYPERLINK(""http://x"")",103,s103,"+evil",A,-5,3\n'
    '"Li, Wei",104,s104,wli,A,,\n"Wei, Li",105,s105,liw,A,,\n'
    '"Student, Test",106,,test,A,,\n'
)


def book(tmp_path, text=BOOK):
    path = tmp_path / "canvas.csv"
    path.write_text(text, "utf-8")
    return path


def submitted(tmp_path, *names):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        (folder / name).write_text(SHEET, "utf-8")
    return folder


def rows(gradebook):
    return {
        row["Student"].strip(): row for row in csv.DictReader(io.StringIO(gradebook.text()[1:]))
    }


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("Lovelace, Ada.md", "Lovelace, Ada"),
        ("ada_lovelace.md", "Lovelace, Ada"),
        ("AdaLovelace.md", "Lovelace, Ada"),
        ("101.md", "Lovelace, Ada"),
        ("s101.md", "Lovelace, Ada"),
        ("ada.md", "Lovelace, Ada"),
        ("lovelaceada_101_9999_homework.md", "Lovelace, Ada"),
        ("lovelaceada_LATE_101_9999_sheet-1.md", "Lovelace, Ada"),
        ("bjorn erik muller.md", "Müller, Björn Erik"),
        ("BEM.md", "Müller, Björn Erik"),
    ],
)
def test_a_submission_finds_its_row(tmp_path, file, student):
    grades = ad.grade(KEY, submitted(tmp_path, file), gradebook=book(tmp_path), column="Homework 3")
    found = rows(grades.gradebook)
    assert found[student]["Homework 3 (12)"] == "10"
    others = {name for name, row in found.items() if row["Homework 3 (12)"] == "10"}
    assert others == {student, "Points Possible"}


def test_who_is_not_matched_is_told_and_nobody_is_added(tmp_path):
    folder = submitted(tmp_path, "stranger.md", "li wei.md", "ada.md", "101.md")
    grades = ad.grade(KEY, folder, gradebook=book(tmp_path), column="Homework 3")
    text = grades.gradebook.text()
    assert len(text.splitlines()) == len(BOOK.splitlines())
    assert "stranger" not in text
    notes = "\n".join(grades.gradebook.notes)
    assert "stranger: no student matches" in notes
    assert "li wei: several students match" in notes
    assert "Lovelace, Ada: several submissions match (101, ada); none is entered" in notes
    assert "no submission of Müller, Björn Erik" in notes
    assert rows(grades.gradebook)["Lovelace, Ada"]["Homework 3 (12)"] == ""
    assert "stranger: no student matches" in str(grades)
    absent = {one.submission.name: one for one in grades.submissions if one.status == "missing"}
    names = {"Müller, Björn Erik", '=HYPERLINK("http://x")', "Li, Wei", "Wei, Li"}
    assert set(absent) == names
    assert all(one.score == 0 for one in absent.values())


def test_everything_else_stays_as_it_was_but_for_formulas(tmp_path):
    grades = ad.grade(
        KEY, submitted(tmp_path, "ada.md"), gradebook=book(tmp_path), column="Homework 3"
    )
    text = grades.gradebook.text()
    assert text.startswith("\ufeff" + HEAD)
    for before, after in zip(BOOK.splitlines()[1:], text.splitlines()[1:], strict=True):
        if "HYPERLINK" in before:
            cells = next(csv.reader([after]))
            assert cells[0] == '\'=HYPERLINK("http://x")'
            assert cells[3] == "'+evil"
            assert cells[5:] == ["-5", "3"]
        elif "Lovelace" not in before:
            assert before == after


def test_a_column_that_is_missing_is_added_and_told(tmp_path):
    grades = ad.grade(KEY, submitted(tmp_path, "ada.md"), gradebook=book(tmp_path), column="Quiz")
    assert rows(grades.gradebook)["Lovelace, Ada"]["Quiz"] == str(int(grades.points))
    assert any("it was added" in note for note in grades.gradebook.notes)


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        (BOOK, "Student", "column 'Student'"),
        (BOOK, "ID", "column 'ID'"),
        ("a,b\n1,2\n", "x", "no column Student"),
        ("", "x", "no column Student"),
        (HEAD + '"x', "x", "no CSV"),
        (HEAD.replace("Homework 2 (11)", "Homework 3 (11)"), "Homework 3", "several"),
    ],
)
def test_what_is_no_gradebook_is_refused(tmp_path, text, column, told):
    with pytest.raises(ad.Error, match=told):
        ad.grade(KEY, submitted(tmp_path, "a.md"), gradebook=book(tmp_path, text), column=column)


def test_a_gradebook_and_a_column_go_together(tmp_path):
    with pytest.raises(ad.Error, match="go together"):
        ad.grade(KEY, submitted(tmp_path, "a.md"), gradebook=book(tmp_path))


def test_semicolons_stay(tmp_path):
    text = BOOK.replace(",", ";").replace("Lovelace; Ada", "Lovelace, Ada")
    grades = ad.grade(KEY, submitted(tmp_path, "ada.md"), gradebook=book(tmp_path, text),
                      column="Homework 3")  # fmt: skip
    assert "Lovelace, Ada;101;s101;ada@uni.edu;A;7;10" in grades.gradebook.text()
