"""Times in interleaved rounds, and files that appear whole or not at all. No limits on time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from admodes.lab import timing
from admodes.views import files


class TestAtomicWriting:
    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("old")

        def fail(temporary):
            temporary.write_text("half")
            raise OSError("disk full")

        with pytest.raises(OSError, match="disk full"):
            files.write_atomically(path, fail)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_an_old_file_is_replaced_and_readable(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("old")
        assert files.write_text(path, "ẋ → v̄").read_text(encoding="utf-8") == "ẋ → v̄"
        assert path.stat().st_mode & 0o400
        fresh = tmp_path / "fresh"
        fresh.touch()
        assert path.stat().st_mode == fresh.stat().st_mode

    def test_a_link_and_the_mode_of_an_old_file_stay(self, tmp_path):
        path, link = tmp_path / "a.txt", tmp_path / "link"
        path.write_text("old")
        path.chmod(0o640)
        link.symlink_to(path)
        files.write_text(link, "new")
        assert link.is_symlink()
        assert path.read_text() == "new"
        assert path.stat().st_mode & 0o777 == 0o640

    def test_a_device_is_written_to_as_it_is(self):
        files.write_text("/dev/null", "x")
        assert not Path("/dev/null").is_file()

    def test_a_missing_folder_is_an_error(self, tmp_path):
        with pytest.raises(OSError, match="none"):
            files.write_text(tmp_path / "none" / "a.txt", "x")


class TestTiming:
    def test_rounds_are_interleaved_and_turn_round(self):
        calls = []
        jobs = {name: (lambda name=name: calls.append(name)) for name in "abc"}
        times = timing.interleaved(jobs, rounds=2, least=0.0)
        assert all(t.loops == 1 and len(t.samples) == 2 for t in times.values())
        # Two calls each to warm up and calibrate, then the rounds, the second one backwards.
        assert "".join(calls) == "aabbcc" + "abc" + "cba"

    def test_short_functions_are_called_often(self):
        times = timing.interleaved({"short": lambda: None}, rounds=1, least=1e-3)
        assert times["short"].loops > 10

    def test_one_round_has_no_spread(self):
        t = timing.Timing([2.0], 1)
        assert t.lower == t.median == t.upper == 2.0

    def test_rounds_below_one(self):
        with pytest.raises(ValueError, match="at least 1"):
            timing.interleaved({"f": lambda: None}, rounds=0)

    def test_paired_ratio_cancels_a_slow_round(self):
        a, b = timing.Timing([1.0, 30.0, 1.0], 1), timing.Timing([2.0, 60.0, 2.0], 1)
        assert timing.paired_ratio(a, b) == (0.5, 0.5, 0.5)

    def test_machine(self):
        info = timing.machine()
        assert info["python"] == ".".join(map(str, sys.version_info[:3]))
        assert info["cores"] >= 1
        assert info["cpu"] in timing.describe(info)
