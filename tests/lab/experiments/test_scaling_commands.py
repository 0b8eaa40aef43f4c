"""`admodes scale` as processes: ended in the middle and resumed, on a terminal, on a cluster of
dask of which a worker is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import experiment_jobs as jobs
import pytest

from admodes.lab.experiments import clusters
from admodes.lab.experiments.clusters import dask_executor
from admodes.lab.experiments.running import Point, run_points
from admodes.lab.experiments.store import Store

SLOW = """
import time

def f(n):
    time.sleep(0.15)
    return (lambda x: x[0] * x[-1]), [1.0] * n
"""

COMMAND = [sys.executable, "-m", "admodes", "scale"]


def begun(*options, **how):
    """The command in the background. Where the tests run in the background themselves, interrupts
    are ignored, which a child would inherit."""

    def heed_interrupts():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    command = [*COMMAND, *map(str, options)]
    return subprocess.Popen(command, preexec_fn=heed_interrupts, **how)


def lines(path):
    if not Path(path).exists():
        return []
    return [
        json.loads(x)
        for x in Path(path).read_text(encoding="utf-8").splitlines(True)
        if x[-1] == "\n"
    ]


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.02)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_ended_in_the_middle_and_resumed_no_point_is_lost(end, file, tmp_path):
    results = tmp_path / "points.jsonl"
    options = (f"{file(SLOW)}:f", "--sizes", "n=1,2,3,4,5", "--no-times", "--results", results)
    first = begun(*options, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: len(lines(results)) > 3)
    first.send_signal(end)
    _, errors = first.communicate()
    if end == signal.SIGINT:
        assert first.returncode == 130
        assert f"the points that are done are in {results}" in errors.decode()
    before = lines(results)
    assert 3 < len(before) < 11
    second = subprocess.run(
        [*COMMAND, *map(str, options), "--format", "json"], capture_output=True, check=True
    )
    after = lines(results)
    assert after[: len(before)] == before
    assert len({line["key"] for line in after[1:]}) == len(after) - 1 == 10
    data = json.loads(second.stdout)
    assert data["notes"] == []
    assert {c["status"] for p in data["experiments"][0]["points"] for c in p["cells"].values()} == {
        "ok"
    }


def test_progress_and_what_is_left_on_a_terminal_alone(run, file, tmp_path):
    pty = pytest.importorskip("pty", reason="there are no pseudoterminals here")
    options = (f"{file(SLOW)}:f", "--sizes", "1,2,3", "--no-times", "--format", "json")
    main, other = pty.openpty()
    process = begun(
        *options, stdout=subprocess.PIPE, stderr=other, env={**os.environ, "TERM": "xterm"}
    )
    os.close(other)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        shown += part
    out, _ = process.communicate()
    os.close(main)
    assert json.loads(out)["schema"] == "admodes.scaling/2"
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert "6/6" in text
    assert re.search(r"3/6 +\d:\d\d:\d\d", text)
    assert "n = 2: counts, exact" in text
    # No terminal, no progress.
    status, out, err = run("scale", *options)
    assert (status, err) == (0, "")
    assert json.loads(out)["experiments"]


class TestDask:
    @pytest.fixture
    def cluster(self, tmp_path):
        """A scheduler and two workers, as processes; its address and the workers."""
        pytest.importorskip("distributed", reason="needs admodes[sweep]")
        path = os.pathsep.join([str(Path(__file__).parents[2] / "support"), *sys.path])
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
        options["env"] = {**os.environ, "PYTHONPATH": path}
        local = ["--no-dashboard", "--host", "127.0.0.1"]
        module = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
        said = tmp_path / "scheduler.json"
        processes = [subprocess.Popen([*module, *local, "--scheduler-file", said], **options)]
        try:
            wait_until(lambda: said.exists() and said.read_text().endswith("}"))
            address = json.loads(said.read_text())["address"]
            worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, *local]
            worker += ["--no-nanny", "--nthreads", "1"]
            workers = [subprocess.Popen(worker, **options) for _ in range(2)]
            processes += workers
            yield address, workers
        finally:
            for process in processes:
                process.kill()
            for process in processes:
                process.wait()

    def test_a_worker_is_killed_and_no_point_is_lost(self, cluster, run):
        address, workers = cluster

        def show(done, total, label):
            if done == 5:
                workers[0].kill()

        points = [Point("e", {"n": n}, "f", partial(jobs.slow, n, 0.05)) for n in range(20)]
        with (
            dask_executor(address) as (executor, width),
            Store(None, "admodes.example/1", "e") as store,
        ):
            wait_until(lambda: width() == 2)
            records = run_points(points, store, executor=executor, width=width, limit=60, show=show)
        assert [r["result"] for r in records] == [{"square": n * n} for n in range(20)]
        assert workers[0].wait(60) == -signal.SIGKILL
        assert workers[1].poll() is None
        # The command, on what is left of the cluster.
        options = ("--sizes", "n=2,4", "--no-times", "--format", "json", "--dask", address)
        status, out, _ = run("scale", "speelpenning", *options)
        assert status == 0
        assert [p["n"] for p in json.loads(out)["experiments"][0]["points"]] == [2, 4]

    def test_nobody_answers(self, run, monkeypatch):
        pytest.importorskip("distributed", reason="needs admodes[sweep]")
        monkeypatch.setattr(clusters, "PATIENCE", 0.2)
        status, out, err = run("scale", "--dask", "tcp://127.0.0.1:9")
        assert (status, out) == (2, "")
        assert "no scheduler of dask answers at tcp://127.0.0.1:9" in err

    def test_without_dask_a_hint(self, run, monkeypatch):
        monkeypatch.setitem(sys.modules, "distributed", None)
        status, _, err = run("scale", "--dask", "tcp://127.0.0.1:9")
        assert status == 2
        assert "pip install 'admodes[sweep]'" in err


def test_several_processes_count_and_one_times(run, file):
    options = (f"{file(SLOW)}:f", "--sizes", "1,2,3", "--repeats", "1", "--format", "json")
    status, out, _ = run("scale", *options, "--workers", "2")
    assert status == 0
    points = json.loads(out)["experiments"][0]["points"]
    assert [p["totals"]["f"] for p in points] == [1, 1, 1]
    assert all(p["times"]["forward"]["median"] > 0 for p in points)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--sizes", "4,x"), "give whole numbers from 1"),
        (("--sizes", "n=1,2", "--sizes", "0"), "give whole numbers from 1"),
        (("--sizes", "4,n=1"), "numbers for all sizes, or names"),
        (("--sizes", "k=1,2"), "choose from n, m, length"),
        (("speelpening",), "choose from speelpenning"),
        (("none.py:f", "--sizes", "1"), "there is no file none.py"),
        (("--limit", "0"), "must be more than 0"),
        (("--repeats", "0"), "repeats"),
        (("speelpenning", "--sizes", "1000000000000"), "would take about"),
        (("speelpenning", "--sizes", "n=2", "--no-times", "--results", "/none/a"), "cannot write"),
    ],
)
def test_misuse_is_one_line(run, options, message):
    status, out, err = run("scale", *options)
    assert (status, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_results_file_that_is_none_is_left_alone(run, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("My notes\n")
    status, _, err = run("scale", "speelpenning", "--sizes", "n=2", "--results", str(path))
    assert status == 2
    assert "is no results file of admodes" in err
    assert path.read_text() == "My notes\n"


def test_pyperf_compares_two_runs(run, tmp_path):
    pytest.importorskip("pyperf")
    paths = [str(tmp_path / name) for name in ("a.json", "b.json")]
    for path in paths:
        options = ("--sizes", "n=2", "--repeats", "2", "--pyperf", path)
        assert run("scale", "speelpenning", *options)[0] == 0
    compare = [sys.executable, "-m", "pyperf", "compare_to", *paths, "--table", "--verbose"]
    found = subprocess.run(compare, capture_output=True, text=True, check=True)
    assert "n=2" in found.stdout
