"""Points over this process, several and executors; what dies, hangs, fails or prints."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import experiment_jobs as jobs
import pytest

from admodes.errors import BadValue
from admodes.lab.experiments.running import NotMeasurable, Point, run_points
from admodes.lab.experiments.store import Store
from admodes.lab.limits import OverTime, limited


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    path.touch()
    return path


def runs(log):
    return [int(n) for n in Path(log).read_text(encoding="utf-8").split()]


def point(n, job=jobs.square, *args, alone=False, **options):
    return Point("squares", {"n": n}, "f", partial(job, n, *args, **options), alone)


def run(points, **options):
    with Store(None, "admodes.example/1", "example") as store:
        return run_points(points, store, **options)


def results(records):
    return [r["result"]["square"] if r["status"] == "ok" else r["status"] for r in records]


def test_here_in_order():
    records = run([point(n) for n in (3, 1, 2)])
    assert results(records) == [9, 1, 4]
    assert {r["result"]["process"] for r in records} == {os.getpid()}
    assert records[0].items() >= {"experiment": "squares", "sizes": {"n": 3}, "mode": "f"}.items()


def test_what_the_store_has_is_not_run_again_but_timeouts_and_crashes_are(tmp_path, log):
    points = [point(n, log=log) for n in range(4)]
    with Store(tmp_path / "a.jsonl", "admodes.example/1", "example") as store:
        run_points(points[:3], store)
        for n, status in ((1, "timeout"), (2, "failed")):
            store.put(store.key("squares", {"n": n}, "f"), {"status": status})
    with Store(tmp_path / "a.jsonl", "admodes.example/1", "example") as store:
        records = run_points(points, store)
    assert [r["status"] for r in records] == ["ok", "ok", "failed", "ok"]
    assert runs(log) == [0, 1, 2, 1, 3]


def test_a_failure_is_one_cell_and_the_rest_goes_on():
    def refuse():
        raise NotMeasurable("nothing to measure")

    points = [point(1), Point("e", {"n": 2}, "f", refuse), point(3, jobs.leaving), point(4)]
    records = run(points)
    assert results(records) == [1, "failed", "failed", 16]
    assert [r["reason"] for r in records[1:3]] == ["nothing to measure", "SystemExit: 3"]


def test_what_a_job_prints_goes_to_standard_error(capfd):
    run([point(1, jobs.printing)])
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "a word of the user's\n"


class TestLimits:
    @pytest.mark.parametrize("job", [jobs.endless, partial(jobs.slow, seconds=60)])
    def test_here(self, job):
        records = run([point(1, job), point(2)], limit=0.2)
        assert results(records) == ["timeout", 4]
        assert records[0]["reason"] == "took longer than the limit of 0.2 s"

    def test_in_threads_of_an_executor(self):
        with ThreadPoolExecutor(1) as executor:
            records = run([point(1, jobs.endless), point(2)], limit=0.2, executor=executor)
        assert results(records) == ["timeout", 4]

    def test_a_limit_that_comes_at_the_very_end_rings_nowhere_else(self):
        for k in range(200):
            with contextlib.suppress(OverTime), limited(2e-4):
                time.sleep(1e-4 + k % 20 * 1e-5)
        time.sleep(0.01)

    def test_a_limit_that_comes_where_errors_are_lost_comes_again(self):
        class Ending:
            def __del__(self):
                time.sleep(0.05)

        def collecting(phase, info):
            time.sleep(0.05)

        def work(lose):
            lose()
            time.sleep(10)

        gc.callbacks.append(collecting)
        try:
            for lose in (gc.collect, lambda: Ending() and None):
                with pytest.raises(OverTime), limited(0.02):
                    work(lose)
        finally:
            gc.callbacks.remove(collecting)

    @pytest.mark.parametrize("options", [{"limit": 0}, {"limit": float("nan")}, {"workers": 0}])
    def test_bad_options(self, options):
        with pytest.raises(BadValue, match="must be"):
            run([point(1)], **options)


class TestProcesses:
    def test_side_by_side_and_alone(self, log, capfd):
        points = [point(n, log=log, alone=n < 2) for n in range(6)]
        records = run([*points, point(9, jobs.printing), Point("e", {}, "f", lambda: 1)], workers=2)
        *records, printed, closure = records
        assert capfd.readouterr() == ("", "a word of the user's\n")
        assert printed["result"] == 9
        assert closure["status"] == "failed"
        assert "pickle" in closure["reason"]
        assert results(records) == [0, 1, 4, 9, 16, 25]
        assert os.getpid() not in {r["result"]["process"] for r in records}
        # Those that are to run alone come last, in order.
        assert runs(log)[-2:] == [0, 1]

    def test_a_point_that_kills_its_process_is_crashed_and_no_other_is_lost(self, log):
        points = [point(n, log=log) for n in range(8)]
        points[3] = point(3, jobs.deadly, log)
        points[6] = point(6, jobs.deadly_once, log)
        records = run(points, workers=2)
        assert results(records) == [0, 1, 4, "crashed", 16, 25, 36, 49]
        assert records[3]["reason"] == "its process died 2 times"
        assert runs(log).count(3) == 2
        assert runs(log).count(6) == 2

    def test_an_executor_that_breaks_is_replaced(self, log):
        points = [point(0, jobs.deadly, log), *(point(n) for n in range(1, 4))]
        with ProcessPoolExecutor(1) as executor:
            records = run(points, executor=executor)
        assert results(records) == ["crashed", 1, 4, 9]


def test_threads_of_an_executor_that_was_handed_in():
    with ThreadPoolExecutor(3) as executor:
        assert results(run([point(n) for n in range(9)], executor=executor)) == [
            n * n for n in range(9)
        ]
        assert executor.submit(int, 1).result() == 1  # it is left as it was


def test_progress_is_told_of_every_point():
    told = []
    run([point(n) for n in range(3)], show=lambda *what: told.append(what))
    assert told == [(k + 1, 3, f"squares, n = {k}: f") for k in range(3)]
