"""The native side of a run: a loop over the records of a segment, and the call of NumPy's loops.

A segment is a list of 64-bit words: the arena's address, the end of the list, then the records:
a function's address, how many cells follow, the cells. A function gives 0, or ends the run with
the position of a guard that fails; then the run gives that, and in higher bits the distance of the
record from the begin of the segment in bytes (`failure`).
"""

from __future__ import annotations

import ctypes
from typing import Any

from admodes.compilation.beside import UNFORKED
from admodes.compilation.llvm.jit import MachineCode, compiled
from admodes.compilation.llvm.loops import MOST_DIMS, MOST_OPERANDS, MOST_STEPS, LoopCall

HEADER = 2
"""Words before the first record."""

OPERANDS = 4
OUTERS = OPERANDS + MOST_OPERANDS
DIMS = OUTERS + 2 * MOST_OPERANDS
STEPS = DIMS + MOST_DIMS

DISPATCH = """
define i64 @NAME(ptr %segment) {
start:
  %base = load ptr, ptr %segment
  %q = getelementptr i64, ptr %segment, i64 1
  %end = load ptr, ptr %q
  %first = getelementptr i64, ptr %segment, i64 2
  br label %test
test:
  %at = phi ptr [ %first, %start ], [ %next, %run ]
  %over = icmp eq ptr %at, %end
  br i1 %over, label %done, label %run
run:
  %function = load ptr, ptr %at
  %r = getelementptr i64, ptr %at, i64 1
  %count = load i64, ptr %r
  %cells = getelementptr i64, ptr %at, i64 2
  %next = getelementptr i64, ptr %cells, i64 %count
  %failed = call i64 %function(ptr %base, ptr %cells)
  %stop = icmp ne i64 %failed, 0
  br i1 %stop, label %missed, label %test
missed:
  %here = ptrtoint ptr %at to i64
  %begin = ptrtoint ptr %segment to i64
  %distance = sub i64 %here, %begin
  %high = shl i64 %distance, 16
  %which = or i64 %high, %failed
  ret i64 %which
done:
  ret i64 0
}"""


def _call_text() -> str:
    """A call as in loops.LoopCall, whose cells are the loop, its data, count, operands, outer
    strides, dims and steps."""
    lines = ["define i64 @NAME(ptr %base, ptr %cells) {", "start:"]
    lines.append(f"%args = alloca [{MOST_OPERANDS} x ptr]")
    for k in range(DIMS):
        kind = "ptr" if k < 2 else "i64"
        lines.append(f"%q{k} = getelementptr i64, ptr %cells, i64 {k}")
        lines.append(f"%w{k} = load {kind}, ptr %q{k}")
    lines.append(f"%dims = getelementptr i64, ptr %cells, i64 {DIMS}")
    lines.append(f"%steps = getelementptr i64, ptr %cells, i64 {STEPS}")
    for k in range(MOST_OPERANDS):
        lines.append(f"%p{k} = getelementptr i8, ptr %base, i64 %w{OPERANDS + k}")
        lines.append(f"%s{k} = getelementptr ptr, ptr %args, i64 {k}")
    lines.append("%all = mul i64 %w2, %w3")
    lines += ["br label %test", "test:", "%i = phi i64 [ 0, %start ], [ %n, %run ]"]
    lines += ["%more = icmp slt i64 %i, %all", "br i1 %more, label %run, label %done", "run:"]
    lines += ["%i0 = udiv i64 %i, %w3", "%i1 = urem i64 %i, %w3"]
    for k in range(MOST_OPERANDS):
        lines.append(f"%m{k} = mul i64 %i0, %w{OUTERS + k}")
        lines.append(f"%n{k} = mul i64 %i1, %w{OUTERS + MOST_OPERANDS + k}")
        lines.append(f"%d{k} = add i64 %m{k}, %n{k}")
        lines.append(f"%o{k} = getelementptr i8, ptr %p{k}, i64 %d{k}")
        lines.append(f"store ptr %o{k}, ptr %s{k}")
    lines.append("call void %w0(ptr %args, ptr %dims, ptr %steps, ptr %w1)")
    lines += ["%n = add i64 %i, 1", "br label %test", "done:", "ret i64 0", "}"]
    return "\n".join(lines)


TURN_CELLS = 7
"""Cells of a loop: how many turns, how many words the segment of a turn has, how many of them with
its moves, how many moves; the function that runs a segment; the address of the segment as it is
before the first turn, and of the one that is run. A move is a word, by how many bytes it changes
from turn to turn, and whether back and forth."""


def turn_cells(n: int, words: int, moves: int) -> list[int]:
    """The cells of a loop, those of the addresses left 0."""
    return [n, words, words + 3 * moves, moves, driver().codes[0].address, 0, 0]


TURNS = """
define i64 @NAME(ptr %base, ptr %cells) {
start:
  %n = load i64, ptr %cells
  %q1 = getelementptr i64, ptr %cells, i64 1
  %words = load i64, ptr %q1
  %q2 = getelementptr i64, ptr %cells, i64 2
  %all = load i64, ptr %q2
  %q3 = getelementptr i64, ptr %cells, i64 3
  %count = load i64, ptr %q3
  %q4 = getelementptr i64, ptr %cells, i64 4
  %run = load ptr, ptr %q4
  %q5 = getelementptr i64, ptr %cells, i64 5
  %from = load ptr, ptr %q5
  %q6 = getelementptr i64, ptr %cells, i64 6
  %segment = load ptr, ptr %q6
  %moves = getelementptr i64, ptr %segment, i64 %words
  br label %copy
copy:
  %c = phi i64 [ 0, %start ], [ %cn, %copy ]
  %cf = getelementptr i64, ptr %from, i64 %c
  %ct = getelementptr i64, ptr %segment, i64 %c
  %cw = load i64, ptr %cf
  store i64 %cw, ptr %ct
  %cn = add i64 %c, 1
  %cm = icmp slt i64 %cn, %all
  br i1 %cm, label %copy, label %head
head:
  %end = getelementptr i64, ptr %segment, i64 1
  store ptr %moves, ptr %end
  br label %turn
turn:
  %t = phi i64 [ 0, %head ], [ %tn, %next ]
  %failed = call i64 %run(ptr %segment)
  %stop = icmp ne i64 %failed, 0
  br i1 %stop, label %missed, label %test
test:
  %m = phi i64 [ 0, %turn ], [ %mn, %move ]
  %more = icmp slt i64 %m, %count
  br i1 %more, label %move, label %next
move:
  %m3 = mul i64 %m, 3
  %e0 = getelementptr i64, ptr %moves, i64 %m3
  %e1 = getelementptr i64, ptr %e0, i64 1
  %e2 = getelementptr i64, ptr %e0, i64 2
  %at = load i64, ptr %e0
  %by = load i64, ptr %e1
  %turns = load i64, ptr %e2
  %word = getelementptr i64, ptr %segment, i64 %at
  %old = load i64, ptr %word
  %new = add i64 %old, %by
  store i64 %new, ptr %word
  %less = sub i64 0, %by
  %back = icmp ne i64 %turns, 0
  %then = select i1 %back, i64 %less, i64 %by
  store i64 %then, ptr %e1
  %mn = add i64 %m, 1
  br label %test
next:
  %tn = add i64 %t, 1
  %again = icmp slt i64 %tn, %n
  br i1 %again, label %turn, label %done
missed:
  ret i64 1
done:
  ret i64 0
}"""


class Driver:
    """quick keeps the interpreter's lock during the run, patient gives it to other threads."""

    def __init__(self, dispatch: MachineCode, call: MachineCode, turns: MachineCode) -> None:
        self.codes = dispatch, call, turns
        self.turns = turns.address
        self.call = call.address
        self.quick: Any = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(dispatch.address)
        self.patient: Any = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(dispatch.address)


_driver: list[Driver] = []


def driver() -> Driver:
    """Compiled once per process, by one thread alone: who runs native code has addresses of this
    one, which would be freed with it."""
    if not _driver:
        with UNFORKED:
            if not _driver:
                codes = compiled([DISPATCH, _call_text(), TURNS], loops=False)
                _driver.append(Driver(*codes))
    return _driver[0]


def failure(which: int) -> tuple[int, int]:
    """At which word the record begins that ended a run, and the position, from 0, of its guard."""
    return (which >> 16) // 8, (which & 0xFFFF) - 1


def call_cells(call: LoopCall) -> list[int]:
    """The cells of a call, those of the operands left 0."""

    def filled(words: tuple[int, ...], count: int) -> list[int]:
        return [*words, *(0,) * (count - len(words))]

    return [
        *(*call.loop, *call.times),
        *filled((), MOST_OPERANDS),
        *filled(call.outer[0], MOST_OPERANDS),
        *filled(call.outer[1], MOST_OPERANDS),
        *filled(call.dims, MOST_DIMS),
        *filled(call.steps, MOST_STEPS),
    ]
