"""The commands for teachers: exercise and grade."""

import json


def test_an_exercise_is_a_sheet_a_key_and_json(run):
    arguments = ("exercise", "--level", "2", "--seed", "7", "--count", "3")
    status, sheet, _ = run(*arguments)
    assert status == 0
    assert "____" in sheet
    _, key, _ = run(*arguments, "--key")
    assert "____" not in key
    _, text, _ = run(*arguments, "--format", "json")
    data = json.loads(text)
    assert data["schema"] == "admodes.exercise/1"
    assert [exercise["number"] for exercise in data["exercises"]] == [1, 2, 3]
    assert all(len(line) <= 80 for line in (sheet + key).splitlines())


def test_a_folder_is_named_on_standard_error(run, tmp_path):
    folder = tmp_path / "all"
    status, _, said = run("exercise", "--level", "1", "--count", "1", "-o", str(folder))
    assert status == 0
    assert set(said.splitlines()) == {str(path) for path in folder.iterdir()}


def test_what_is_no_exercise_is_one_line(run):
    for wrong in (("--level", "6"), ("--level", "1", "--count", "0"), ("--level", "x")):
        status, _, said = run("exercise", *wrong)
        assert status == 2
        assert len(said.splitlines()) == 1
