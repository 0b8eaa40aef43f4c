"""The file of points: what is in it, what was cut off, what belongs to another run."""

from __future__ import annotations

import json

import pytest

from admodes.errors import BadValue
from admodes.lab.experiments import store as stores
from admodes.lab.experiments.store import Store

SCHEMA = "admodes.example/1"


def opened(path, **options):
    return Store(path, SCHEMA, options.pop("experiment", "example"), **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "points.jsonl"


def filled(path, numbers=range(3)):
    """A file with a point a number; their keys."""
    with opened(path, command="admodes example") as store:
        keys = [store.key("squares", {"n": n}, "forward") for n in numbers]
        for n, key in zip(numbers, keys, strict=True):
            store.put(key, {"status": "ok", "result": n * n})
    return keys


def others(path):
    return sorted(p for p in path.parent.iterdir() if p != path)


def test_a_header_and_a_line_a_point(path):
    keys = filled(path)
    header, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert header["schema"] == SCHEMA
    assert header["command"] == "admodes example"
    assert {"python", "numpy", "admodes"} <= header["versions"].keys()
    assert header["machine"]["cpu"]
    assert header["started"].startswith("20")
    assert lines == [{"key": k, "status": "ok", "result": n * n} for n, k in enumerate(keys)]


def test_a_second_run_has_the_points_and_adds_to_them(path):
    keys = filled(path)
    before = path.read_bytes()
    with opened(path) as store:
        assert [store.get(k)["result"] for k in keys] == [0, 1, 4]
        assert store.notes == []
        store.put("another", {"status": "ok", "result": float("nan")})
    assert path.read_bytes().startswith(before)
    with opened(path) as store:
        assert store.get("another")["result"] == "nan"  # strict JSON
    assert others(path) == []


def test_the_last_line_of_a_key_counts(path):
    filled(path)
    for result in (1, 2):
        with opened(path) as store:
            store.put("k", {"result": result})
    with opened(path) as store:
        assert store.get("k")["result"] == 2


def test_everything_that_decides_figures_is_in_the_key(monkeypatch):
    store = opened(None)
    first = store.key("e", {"n": 1, "m": 2}, "forward")
    assert first == store.key("e", {"m": 2, "n": 1}, "forward")
    different = {
        store.key("f", {"n": 1, "m": 2}, "forward"),
        store.key("e", {"n": 2, "m": 2}, "forward"),
        store.key("e", {"n": 1, "m": 2}, "reverse"),
    }
    for name in ("versions", "machine"):
        monkeypatch.setattr(stores, name, lambda: {"python": "0", "cpu": "another"})
        different.add(opened(None).key("e", {"n": 1, "m": 2}, "forward"))
    assert len(different) == 5
    assert first not in different


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_last_line_that_was_cut_off_is_kept_aside_and_the_others_are_used(path, cut):
    keys = filled(path)
    path.write_bytes(path.read_bytes()[:-cut])
    damaged = path.read_bytes()
    with opened(path) as store:
        assert [store.get(k) is not None for k in keys] == [True, True, False]
        (note,) = store.notes
        assert "last line was cut off" in note
        assert "2 whole points" in note
        store.put(keys[2], {"status": "ok", "result": 4})
    assert [p.read_bytes() for p in others(path)] == [damaged]
    with opened(path) as store:
        assert [store.get(k)["result"] for k in keys] == [0, 1, 4]
        assert store.notes == []


@pytest.mark.parametrize("length", [1, 15, 60])
def test_a_header_that_was_cut_off(path, length):
    filled(path)
    path.write_bytes(path.read_bytes()[:length])
    damaged = path.read_bytes()
    with opened(path) as store:
        assert store.points == {}
        assert "header was cut off" in store.notes[0]
    assert [p.read_bytes() for p in others(path)] == [damaged]


def test_a_damaged_line_in_the_middle(path):
    keys = filled(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[2] = lines[2][:20] + "\0\0" + lines[2][25:]
    path.write_text("\n".join(lines), encoding="utf-8")
    with opened(path) as store:
        assert [store.get(k) is not None for k in keys] == [True, False, True]
        assert "line 3 is damaged" in store.notes[0]
    assert len(others(path)) == 1


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("versions", {"admodes": "0.0.1"}, "another version: admodes"),
        ("machine", {"cpu": "Z80"}, "another machine: "),
    ],
)
def test_a_file_of_another_version_or_machine_is_kept_aside(
    path, monkeypatch, name, changed, words
):
    filled(path)
    before = path.read_bytes()
    found = getattr(stores, name)()
    monkeypatch.setattr(stores, name, lambda: {**found, **changed})
    with opened(path) as store:
        assert store.points == {}
        assert words in store.notes[0]
    assert [p.read_bytes() for p in others(path)] == [before]
    filled(path)
    assert len(others(path)) == 1


def test_a_file_of_another_experiment_or_schema_is_kept_aside_each_under_a_name(path):
    filled(path)
    with opened(path, experiment="another") as store:
        assert "another experiment: example, now another" in store.notes[0]
    with Store(path, "admodes.example/2", "another") as store:
        assert "another schema: admodes.example/1" in store.notes[0]
    assert [p.name for p in others(path)] == ["points.kept-1.jsonl", "points.kept-2.jsonl"]


@pytest.mark.parametrize("text", ["# My notes\n", '{"schema": 7}\n', "\xff\xfe"])
def test_what_is_no_results_file_is_refused_and_left_alone(path, text):
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadValue, match="no results file of admodes"):
        opened(path)
    assert path.read_bytes() == text.encode("latin-1")
    assert others(path) == []


def test_an_empty_file_is_a_new_one(path):
    path.touch()
    assert len(filled(path)) == 3
    assert others(path) == []


def test_two_runs_at_once(path):
    pytest.importorskip("fcntl", reason="there are no such locks here")
    with opened(path), pytest.raises(BadValue, match="another run is writing"):
        opened(path)
    opened(path).close()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match="none"):
        opened(tmp_path / "none" / "a.jsonl")
