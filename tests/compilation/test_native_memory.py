"""Native compilations leave nothing behind, and what cannot be built leaves NumPy's code."""

import gc
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")
from threads import together

from admodes.compilation.llvm import driver, jit

STATUS = Path("/proc/self/statm")
LOOP = """define i64 @NAME(ptr %base, ptr %cells) {{
start:
br label %test
test:
%i = phi i64 [ 0, %start ], [ %n, %test ]
%p = getelementptr double, ptr %base, i64 %i
%v = load double, ptr %p
%w = fmul double %v, {}
store double %w, ptr %p
%n = add i64 %i, 1
%c = icmp eq i64 %n, 50
br i1 %c, label %done, label %test
done:
ret i64 0
}}"""


def resident():
    """KiB of this process in memory."""
    return int(STATUS.read_text().split()[1]) * 4


if STATUS.exists():

    def test_compilations_are_freed():
        counts = iter(range(1000))

        def compile_some(n):
            for _ in range(n):
                jit.compiled([LOOP.format(float(next(counts) + 2))], loops=True)
            gc.collect()
            return resident()

        before = compile_some(60)
        assert (compile_some(200) - before) / 200 < 20


TIGHT = """
import resource
import numpy as np
import admodes as ad
import admodes.compilation.llvm
admodes.compilation.llvm.llvm()
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + ROOM * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
f = lambda x: np.sum(np.abs(x) * x + np.where(x > 0, x, 2.0))
for backend in ("llvm", "auto", "numpy"):
    try:
        print(backend, ad.compile(f, backend=backend)(np.ones(10)))
    except MemoryError as error:
        print(backend, "use backend='numpy'" in str(error))
"""

if STATUS.exists():

    @pytest.mark.parametrize("room", [8, 24, 400])
    def test_too_little_memory_is_an_error_and_does_not_end_the_process(room):
        code = TIGHT.replace("ROOM", str(room))
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        llvm, *others = run.stdout.splitlines()
        assert llvm == ("llvm 20.0" if room == 400 else "llvm True")
        assert others == ["auto 20.0", "numpy 20.0"]


def test_threads_that_begin_together_have_one_driver(monkeypatch):
    """Native code holds addresses of the driver: a second one would be freed under those who got
    it."""
    made = []

    def slowly(texts, loops):
        made.append(texts)
        time.sleep(0.05)
        return jit.compiled(texts, loops)

    monkeypatch.setattr(driver, "_driver", [])
    monkeypatch.setattr(driver, "compiled", slowly)
    found = together(lambda k: driver.driver())
    assert len(made) == len({id(one) for one in found}) == 1
