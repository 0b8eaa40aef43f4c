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


def test_grades_are_printed_and_written(run, tmp_path):
    made, handed_in, out = (tmp_path / name for name in ("exercises", "submissions", "out"))
    run("exercise", "--level", "1", "--seed", "7", "--count", "2", "-o", str(made))
    handed_in.mkdir()
    (handed_in / "ada.md").write_bytes((made / "key.md").read_bytes())
    (handed_in / "bob.csv").write_bytes((made / "sheet.csv").read_bytes())
    arguments = ("grade", "--key", str(made / "key.json"), str(handed_in))
    status, text, said = run(*arguments, "-o", str(out))
    assert status == 0
    assert "ada" in text
    assert said == f"{out}: Exercises, level 1, both modes (seed 7): 2 submissions\n"
    assert (out / "ada" / "results.json").exists()
    for place in ((), ("-o", str(out))):
        _, text, _ = run(*arguments, "--format", "json", *place)
        data = json.loads(text)
        assert data["schema"] == "admodes.grades/1"
        assert [one["score"] for one in data["submissions"]] == [data["max_score"], 0.0]


def test_what_cannot_be_graded_is_one_line(run, tmp_path):
    key = tmp_path / "key.json"
    key.write_text("[]")
    (tmp_path / "empty").mkdir()
    for wrong in (
        ("--key", str(tmp_path / "none.json"), str(tmp_path)),
        ("--key", str(key), str(tmp_path)),
        ("--key", str(key), str(tmp_path / "no such folder")),
        (str(tmp_path),),
    ):
        status, _, said = run("grade", *wrong)
        assert status == 2
        assert len(said.splitlines()) == 1
