"""Work in processes: what ends one piece of work leaves the others and the parent as they were."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from admodes.lab import children, wire
from admodes.lab.children import Failed, Family, Raised, TimedOut, descendants
from admodes.lab.memory import allocated

SECONDS = 60.0


class Work:
    """What a worker may be asked for; held is from the process of the parent."""

    def __init__(self, held):
        self.held = held

    def doubled(self, x):
        return {"y": np.asarray(x) * 2, "held": self.held}

    def raises(self):
        raise ValueError("no\n  value")

    def exits(self):
        raise SystemExit(4)

    def killed(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def crashes(self):
        os.kill(os.getpid(), signal.SIGSEGV)

    def ends(self):
        os._exit(3)

    def hangs(self):
        while True:
            pass

    def eats(self):
        held = []
        while True:
            held.append(bytearray(1 << 22))

    def leaves_a_child(self):
        if os.fork() == 0:
            os.setsid()
            time.sleep(1000)
        time.sleep(1000)

    def prints(self):
        print("printed")
        print("printed", file=sys.stderr)
        return os.read(0, 1).decode()


@pytest.fixture(scope="module")
def family():
    unpicklable = lambda: "a closure's"  # noqa: E731
    with Family(lambda: "loaded", lambda key: Work(f"{unpicklable()} {key}")) as made:
        yield made


def asked(family, method, seconds=SECONDS, memory=1 << 30, **params):
    return family.worker(["key"], memory).ask(method, seconds, **params)


def test_data_come_back_from_functions_that_no_file_has(family):
    got = asked(family, "doubled", x=np.array([[1.0, np.inf], [np.nan, -0.0]]))
    np.testing.assert_array_equal(got["y"], [[2.0, np.inf], [np.nan, -0.0]])
    assert np.signbit(got["y"][1, 1])
    assert got["held"] == "a closure's key"
    assert family.loaded() == "loaded"


def test_an_exception_is_one_line_and_the_worker_stays(family):
    worker = family.worker(["key"], 1 << 30)
    with pytest.raises(Raised, match=r"^ValueError: no value$"):
        worker.ask("raises", SECONDS)
    with pytest.raises(Raised, match=r"^SystemExit: 4$"):
        worker.ask("exits", SECONDS)
    assert worker.ask("doubled", SECONDS, x=2)["y"] == 4


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("killed", "killed by SIGKILL"),
        ("crashes", "killed by SIGSEGV"),
        ("ends", "ended itself with exit status 3"),
    ],
)
def test_a_process_that_ends_is_a_failure_in_words(family, method, words):
    with pytest.raises(Failed, match=words):
        asked(family, method)
    assert asked(family, "doubled", x=1)["y"] == 2


def test_what_never_ends_is_killed_at_its_limit(family):
    with pytest.raises(TimedOut, match=r"within 0\.2 s"):
        asked(family, "hangs", seconds=0.2)


def test_what_eats_memory_is_stopped(family):
    with pytest.raises(Failed, match=r"MemoryError|more than 32 MiB"):
        asked(family, "eats", memory=1 << 25)


def test_children_in_sessions_of_their_own_are_killed_too(family):
    with pytest.raises(TimedOut):
        asked(family, "leaves_a_child", seconds=0.5)
    workers = {w.pid for w in family._workers}
    assert eventually(lambda: set(descendants(family.pid)) <= workers)


def test_nothing_is_printed_and_nothing_is_read(family, capfd):
    assert asked(family, "prints") == ""
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: os._exit(5), "exit status 5"),
        (lambda: time.sleep(1000), "loading did not end"),
    ],
)
def test_a_library_that_cannot_be_loaded_says_so_as_often_as_it_is_asked(load, words):
    with Family(load, Work) as made:
        for _ in range(2):
            with pytest.raises(Failed, match=words):
                made.loaded(0.5)
        with pytest.raises(Failed, match=words):
            made.worker(["key"], 1 << 30)


def test_a_process_that_is_gone_is_not_killed_again(monkeypatch):
    # Its number may be that of another process by then.
    killed = []
    kill = children.kill_tree
    with Family(lambda: None, Work) as made:
        closed, ended = (made.worker(["key"], 1 << 30) for _ in range(2))
        os.kill(ended.pid, signal.SIGKILL)
        assert eventually(lambda: made.has_ended(ended.pid))
        monkeypatch.setattr(
            children, "kill_tree", lambda pid, **options: (killed.append(pid), kill(pid, **options))
        )
        for worker in (closed, ended, closed, ended):
            worker.close()
        made.close()
    assert killed == [closed.pid, made.pid]


def test_a_process_that_ended_by_itself_while_it_was_loaded_is_not_killed(monkeypatch):
    killed = []
    monkeypatch.setattr(children, "kill_tree", killed.append)
    with Family(lambda: os._exit(5), Work) as made, pytest.raises(Failed):
        made.loaded()
    assert killed == []


def test_a_process_that_cannot_be_started_says_why_and_the_others_stay(monkeypatch):
    fork, calls = children._fork, []

    def failing_once():
        calls.append(1)
        if len(calls) == 3:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return fork()

    monkeypatch.setattr(children, "_fork", failing_once)
    with Family(lambda: None, Work) as made:
        first = made.worker(["key"], 1 << 30)
        with pytest.raises(Failed, match=r"started: BlockingIOError: .*temporarily unavailable"):
            made.worker(["key"], 1 << 30)
        for worker in (first, made.worker(["key"], 1 << 30)):
            assert worker.ask("doubled", SECONDS, x=1)["y"] == 2


def test_nothing_is_left_when_a_family_is_closed():
    before = set(descendants(os.getpid()))
    with Family(lambda: None, Work) as made:
        worker = made.worker(["key"], 1 << 30)
        assert {made.pid, worker.pid} <= set(descendants(os.getpid()))
    assert set(descendants(os.getpid())) <= before


def test_nothing_is_left_when_the_parent_is_killed():
    code = (
        "import os, time; from admodes.lab.children import Family\n"
        "class Idle:\n"
        "    pass\n"
        "f = Family(lambda: None, Idle); w = f.worker([], 2**30)\n"
        "print(f.pid, w.pid, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert eventually(lambda: not any(map(runs, pids)))


def eventually(holds):
    """Whether something comes to hold."""
    deadline = time.monotonic() + 30
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def runs(pid):
    """Whether a process is there and no corpse that nobody has asked for."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except FileNotFoundError:
        return False


def test_a_message_is_data_only():
    class Danger:
        def __reduce__(self):
            return os._exit, (1,)

    with pytest.raises(TypeError):
        wire.encoded({"x": Danger()})


@pytest.mark.parametrize("x", [np.array([1.0, 1j]), np.complex128(1j), 1j])
def test_a_message_has_no_complex_numbers(x):
    with pytest.raises(TypeError):
        wire.encoded({"x": x})


def test_memory_of_a_job():
    assert 8e6 <= allocated(lambda: np.ones(10**6)) < 9e6
    code = (
        "import numpy as np\n"
        "from admodes.lab.memory import grown\n"
        "print(grown(lambda: np.ones(10**7)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(run.stdout) > 7e7
