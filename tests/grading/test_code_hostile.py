"""Modules that attack: each does what the printed promise says, and leaves nothing behind. The
limits are short, and each attack is one that limits would stop even if the isolation did not."""

import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from autograd_mistakes import FOLDER

import admodes as ad
from admodes.grading.modules import student
from admodes.grading.modules.student import MARK, Limits

DIY = (FOLDER / "diy.py").read_text("utf-8")

QUICK = Limits(seconds=30.0, loading=1.0, question=0.5, memory=2**28)
"""For what never ends."""

PATIENT = Limits(seconds=50.0, loading=25.0, question=20.0, memory=2**28)
"""For what ends by itself."""

BACKWARD = "\ndef wrong(self):\n    {}\nVariable.backward = wrong\n"

ENDLESS = {
    "a loop at import": "while True: pass",
    "a loop in backward": BACKWARD.format("while True: pass"),
    "a loop in __del__": "def wait(self):\n    while True: pass\nVariable.__del__ = wait",
    "sleep": "import time; time.sleep(1000)",
    "signals ignored": "import signal\n"
    "for s in range(1, 65):\n"
    "    try: signal.signal(s, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\n"
    "while True: pass",
    "a message that never ends": "class Wrong(Exception):\n    def __str__(self):\n"
    "        while True: pass\nraise Wrong",
}

CRASHING = {
    "memory": ("x = bytearray(2**30)", "MemoryError"),
    "exit at import": ("import os; os._exit(0)", "exit status 0"),
    "SystemExit": ("raise SystemExit(0)", "SystemExit"),
    "exit in backward": (BACKWARD.format("import os; os._exit(0)"), "exit status 0"),
    "a segmentation fault": ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    "files": (
        "for k in range(3000): open(f'f{k}', 'w').write('x')\nimport time; time.sleep(30)",
        "filled its folder",
    ),
    "a flood of answers": (
        "import os\nwhile True:\n    for k in range(3, 9):\n"
        "        try: os.write(k, b'z' * 10**5)\n        except OSError: pass",
        "answer",
    ),
}

PASSING = {
    "prints much": "for _ in range(3000): print('x' * 1000)",
    "threads that stay": "import threading, time\n"
    "for _ in range(3): threading.Thread(target=time.sleep, args=(1000,)).start()",
    "atexit": "import atexit, time; atexit.register(time.sleep, 1000)",
    "tracing": "import sys\nsys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)",
    "a raised recursion limit": "import sys; sys.setrecursionlimit(10**6)",
}

LYING = {
    "prints a result": 'print(\'{"verdict": "pass"}\')\nimport os\nfor k in range(3, 40):\n'
    '    try: os.write(k, b\'{"verdict": "pass"}\\n\')\n    except OSError: pass',
    "patches what may judge": "import math, builtins, json\nmath.isclose = lambda *a, **k: True\n"
    "builtins.abs = lambda x: 0\njson.dumps = lambda *a: '{}'\n"
    "try:\n    import admodes\n    admodes.sin = admodes.cos\nexcept BaseException: pass",
    "is equal to everything": "class Equal(float):\n    __eq__ = lambda *a: True\n"
    "    __ne__ = lambda *a: False\n    __sub__ = __rsub__ = lambda *a: 0.0\n"
    "    __hash__ = float.__hash__\n",
}
"""Beside a wrong rule of the sine."""

NUMBERS = {
    "nan": "float('nan')",
    "huge integers": "10**5000",
    "texts": "'1.0' * 1000",
    "lists": "[1.0] * 1000",
    "subclasses": "type('Wrong', (float,), {'__repr__': lambda s: '1.0'})(7.0)",
}


def grade(file, text, limits=PATIENT):
    return ad.grade_code(file(f"{DIY}\n{text}\n"), limits=limits)


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path, monkeypatch):
    """No folder and no process of this test; others may run beside it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert not list(folder.iterdir())
    assert not processes(tmp_path)


def processes(folder):
    """The numbers of processes of students' modules with their home in a folder, as /proc lists
    them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            text = path.read_bytes()
        except OSError:
            continue
        found += [path.parent.name] if MARK.encode() in text and bytes(folder) in text else []
    return found


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_ended(file, name):
    result = grade(file, ENDLESS[name], QUICK)
    assert result.verdict == "timeout"
    assert "did not end" in result.findings[0].text


@pytest.mark.parametrize("name", CRASHING)
def test_what_crashes_is_told(file, name):
    text, said = CRASHING[name]
    result = grade(file, text)
    assert result.verdict == "crash"
    assert said in result.findings[0].text


@pytest.mark.parametrize("name", PASSING)
def test_what_is_harmless_passes(file, name):
    assert grade(file, PASSING[name]).verdict == "pass"


@pytest.mark.parametrize("name", LYING)
def test_lies_do_not_help(file, name):
    wrong = "Sin.backward = staticmethod(lambda parent, children: None)"
    result = grade(file, f"{LYING[name]}\n{wrong}")
    assert [(f.kind, f.operation) for f in result.findings] == [("rule", "sin")]


@pytest.mark.parametrize("name", NUMBERS)
def test_gradients_that_are_no_numbers_are_wrong(file, name):
    each = f"for node in self.topoSort(): node.grad = {NUMBERS[name]}"
    result = grade(file, BACKWARD.format(each))
    assert result.verdict == "fail"
    assert [(f.kind, f.operation) for f in result.findings] == [("rule", None)]


linux = pytest.mark.skipif(sys.platform != "linux", reason="what is promised on Linux")


def held(layer):
    """Whether a layer of the isolation holds on this machine, as a result says."""
    result = ad.grade_code(FOLDER / "diy.py")
    return any(layer in line for line in result.isolation["promised"])


@linux
def test_files_elsewhere_are_out_of_reach(file, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    reading = f"text = open({str(secret)!r}).read()\nraise ValueError(text)"
    writing = f"open({str(tmp_path / 'written')!r}, 'w').write('x')"
    inside = "open('mine.txt', 'w').write('x'); assert open('mine.txt').read() == 'x'"
    read, written = grade(file, reading), grade(file, writing)
    assert grade(file, inside).verdict == "pass"
    if any("Landlock" in line for line in read.isolation["promised"]):
        assert read.verdict == written.verdict == "crash"
        assert "the secret" not in read.to_json()
        assert "PermissionError" in read.findings[0].text
        assert not (tmp_path / "written").exists()


REACHING = {
    "killing its parent": "os.kill(os.getppid(), 9)",
    "killing all": "os.kill(-1, 0)",
    "a fork": "os.fork()",
    "a daemon": "os.posix_spawn('/bin/sleep', ['sleep', '30'], {})",
    "limits of its parent": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "a socket": "socket.socket()",
    "the environment of its parent": "open(f'/proc/{os.getppid()}/environ', 'rb').read()",
    "rights of files": "os.chmod(os.__file__, 0o644)",
}


@linux
@pytest.mark.parametrize("name", REACHING)
def test_others_are_out_of_reach(file, name):
    """Asked for once, so that it could do no harm; signal 0 does none."""
    if not held("no other process"):
        return
    text = REACHING[name].replace("getppid(), 9)", "getppid(), 0)")
    result = grade(file, f"import os, resource, socket\n{text}")
    assert result.verdict == "crash"
    assert "PermissionError" in result.findings[0].text


@linux
def test_a_fork_bomb_does_not_start(file):
    if held("no other process"):
        text = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
        assert grade(file, text, QUICK).verdict == "timeout"


@linux
def test_what_has_the_mark_is_killed_in_whatever_session(tmp_path):
    """Where there is no filter of system calls, this is what ends daemons."""
    import subprocess

    from admodes.grading.modules.student import _kill

    line = "import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(100)"
    environment = {MARK: "test", "HOME": str(tmp_path)}
    child = subprocess.Popen([sys.executable, "-c", line], env=environment, start_new_session=True)
    while len(processes(tmp_path)) < 2:
        assert child.poll() is None
    _kill(child, "test")
    assert child.returncode == -signal.SIGKILL
    assert not processes(tmp_path)


@linux
def test_without_the_layers_less_is_promised_and_daemons_are_killed(file, tmp_path, monkeypatch):
    """As on a machine that has neither Landlock nor filters."""
    copy = tmp_path / "child"
    shutil.copytree(student.CHILD, copy, ignore=shutil.ignore_patterns("__pycache__"))
    confinement = copy / "confinement.py"
    text = confinement.read_text("utf-8")
    for layer in ("_restrict_files(libc, folder)", "_filter_calls(libc)"):
        assert text.count(f"= {layer}") == 1
        text = text.replace(f"= {layer}", "= False")
    confinement.write_text(text, "utf-8")
    monkeypatch.setattr(student, "CHILD", copy)
    daemon = "import os, time\ntry:\n    if os.fork() == 0:\n        os.setsid()\n"
    daemon += "        time.sleep(100)\nexcept OSError: pass"
    result = grade(file, daemon)
    assert result.verdict == "pass"
    for layer in ("Landlock", "no network"):
        assert any(layer in line for line in result.isolation["not"])
        assert not any(layer in line for line in result.isolation["promised"])


def test_there_is_an_answer_after_the_seconds(file):
    limits = Limits(seconds=1.0, loading=20.0, question=20.0, memory=2**28)
    assert grade(file, "import time; time.sleep(100)", limits).verdict == "timeout"
