"""Native compilations leave nothing behind, and what cannot be built leaves NumPy's code."""

import gc
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")
from admodes.native import jit

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
