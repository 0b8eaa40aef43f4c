"""Compiled functions among threads, locks, forks, interrupts and pickles."""

import os
import pickle
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import compile

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

X = np.array([1.0, 2.0, 3.0])


def test_other_threads_write_while_a_function_is_recorded():
    w, inside, wrote = np.ones(3), threading.Event(), []

    def f(x):
        inside.set()
        for _ in range(100):
            x = x * 1.0
        return (w * x).sum()

    def write():
        inside.wait(10)
        try:
            w[0] = 1.0
            wrote.append(True)
        except ValueError as error:
            wrote.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    compile(f, "interpreter")(X)
    thread.join()
    assert wrote == [True]
    assert w.flags.writeable


def test_a_lock_that_another_caller_holds():
    lock, inside = threading.RLock(), threading.Event()

    def f(x):
        inside.set()
        with lock:
            return x * 2

    c, found = compile(f, "numpy"), []
    with lock:
        thread = threading.Thread(target=lambda: found.append(c(3.0)), daemon=True)
        thread.start()
        assert inside.wait(10)
        assert c(2.0) == 4.0
    thread.join(10)
    assert found == [6.0]


FORK = """
import os, threading, time
import admodes as ad
inside, go = threading.Event(), threading.Event()
def f(x):
    if threading.current_thread() is not threading.main_thread():
        inside.set()
        go.wait(20)
    return x * 2
c = ad.compile(f, backend="numpy")
thread = threading.Thread(target=c, args=(1.0,), daemon=True)
thread.start()
inside.wait(20)
child = os.fork()
if not child:
    os._exit(0 if c(3.0) == 6.0 else 1)
_, status = os.waitpid(child, 0)
go.set()
thread.join()
print(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_while_a_function_is_recorded():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "0", done.stderr


def test_interrupts_leave_arrays_writeable(request):
    # A shell that starts the tests in the background has them ignore interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    big, w = np.ones(2**16), np.ones(3)

    def f(x):
        signal.raise_signal(signal.SIGINT)
        return (x * x).sum() * w[0]

    for g in (ad.grad(f), compile(f, "numpy"), compile(ad.grad(f), "numpy")):
        with pytest.raises(KeyboardInterrupt):
            g(big)
        assert big.flags.writeable
        assert w.flags.writeable


@compile(backend="numpy")
def decorated(x):
    return x * x


def plain(x):
    return x * x * x


@pytest.mark.parametrize(
    "c",
    [
        decorated,
        compile(plain),
        compile(ad.grad(plain), "numpy"),
        compile(ad.hessian(plain)),
        compile(ad.jacobian(ad.grad(decorated))),
        compile(ad.value_and_grad(plain)),
        compile(ad.vmap(ad.grad(plain))),
    ],
)
def test_pickles(c):
    again = pickle.loads(pickle.dumps(c))
    x = np.ones(2) if "vmap" in repr(c) else 2.0
    np.testing.assert_equal(again(x), c(x))
    assert (again is c) == (c is decorated)
