"""The LLVM IR of a function of Python, through which calls of compiled functions go: it takes the
arguments apart, runs a segment and puts the results together, without running any Python.

There is one such function, for all compiled functions. What a call does is in a table of 64-bit
words (direct.py writes it): sections of records, each of which is a condition, an argument or a
result. Where anything is not as the table says, the arguments are handed to Python's way of the
same call, which finds out what is the matter; so nothing is decided here.

From the first argument that is read to the last number that is taken out of the arena nothing runs
that gives the interpreter's lock to another thread, or could call the same function again: what
Python may run is asked for before, containers are made after that.

Python is used by the functions of its stable ABI, and the two structures that belong to that: where
an object keeps its class, and a method's definition. Of arrays the fields are read that NumPy's
headers read in every extension. Both are looked at before they are relied on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

CLASS = 8
"""Where an object keeps its class, in bytes from its address."""

FIELDS = {"data": 16, "ndim": 24, "shape": 32, "dtype": 56, "flags": 64}
"""Where an array keeps what is read of it."""
WHOLE = 0x101
"""Flags of an array whose entries lie one after the other, at addresses that are multiples of 8."""

DOUBLE, NEW_ARRAY = 12, 93
"""NumPy's number of the dtype, and of the function in its table that makes an array."""

SECTIONS = {
    "asked": ("ptr", "ptr", "ptr", "ptr"),
    "opened": ("ptr", "ptr", "ptr", "i64", "ptr", "ptr"),
    "number": ("ptr", "ptr", "ptr", "ptr"),
    "same": ("ptr", "ptr"),
    "array": ("ptr", "ptr", "i64", "ptr", "i64", "ptr"),
    "finite": ("ptr", "i64"),
    "made": ("i64", "ptr"),
    "copied": ("i64", "i64", "ptr", "i64", "ptr"),
    "kept": ("i64", "ptr"),
    "filled": ("i64", "ptr", "ptr", "i64", "i64"),
}
"""The sections in their order, with the types of the words of a record:

asked: a function of Python's, its two arguments, and the object that it has to give.
opened: a class, its functions for the length and for an item, the length; where the container
    stands, and where its items go.
number: where an argument stands, the two classes that it may have, where its value goes.
same: where an argument stands, and the object that it has to be.
array: where an argument stands, its dtype, number of axes, lengths, bytes, and where these go.
finite: where numbers are of which each has to be finite, and how many.
made: the position of a result, and where its number is.
copied: the position of a result, its number of axes, lengths, bytes, and where these are.
kept: the position of a result, and the object that it is.
filled: the position of a container, the functions that make it and put an item in, its length, the
    position of the first item."""

HEADER = 2 * len(SECTIONS)
"""Before the sections: where each begins and ends; then the words that follow here."""
RUN, SEGMENT, CALLS, RESULTS, ROOT, WORDS = range(HEADER, HEADER + 6)
"""The function that runs a segment, and the segment; the number of calls so far; the number of
positions of results; where the tuple of the arguments is put; the words up to here."""

FUNCTIONS = {
    "PyTuple_GetItem": "ptr (ptr, i64)",
    "PyLong_AsVoidPtr": "ptr (ptr)",
    "PyObject_Call": "ptr (ptr, ptr, ptr)",
    "PyErr_Clear": "void ()",
    "Py_IncRef": "void (ptr)",
    "Py_DecRef": "void (ptr)",
    "PyFloat_AsDouble": "double (ptr)",
    "PyFloat_FromDouble": "ptr (double)",
}


_DROPPED = """
%left = getelementptr ptr, ptr %results, i64 %r
%object = load ptr, ptr %left
%gone = icmp eq ptr %object, null
br i1 %gone, label %ron, label %drop
drop:
call void @Py_DecRef(ptr %object)
br label %ron
"""


def _field(name: str, base: str, at: int, kind: str) -> str:
    return f"%{name}p = getelementptr i8, ptr {base}, i64 {at}\n%{name} = load {kind}, ptr %{name}p"


def _word(name: str, at: int, kind: str) -> str:
    return _field(name, "%table", 8 * at, kind)


def _series(sections: Iterator[str], before: str, count: int) -> Iterator[str]:
    """The loops over the next sections, so many, after a label."""
    for section in islice(sections, count):
        yield _records(section, before)
        before = f"{section}.done"


def _records(section: str, before: str) -> str:
    """A loop over the records of a section, after the label `before`. In its body %0., %1., … are
    the words of a record, and %next is the label to go to."""
    kinds, body = SECTIONS[section], BODIES[section]
    place = 2 * list(SECTIONS).index(section)
    name = f"{section}."
    for k in range(len(kinds)):
        body = body.replace(f"%{k}.", f"%{name}{k}")
    return "\n".join(
        [
            _word(f"{name}first", place, "ptr"),
            _word(f"{name}end", place + 1, "ptr"),
            f"br label %{name}test",
            f"{name}test:",
            f"%{name}at = phi ptr [ %{name}first, %{before} ], [ %{name}more, %{name}next ]",
            f"%{name}over = icmp eq ptr %{name}at, %{name}end",
            f"br i1 %{name}over, label %{name}done, label %{name}run",
            f"{name}run:",
            *(_field(f"{name}{k}", f"%{name}at", 8 * k, kind) for k, kind in enumerate(kinds)),
            body.replace("%next", f"%{name}next"),
            f"{name}next:",
            f"%{name}more = getelementptr i64, ptr %{name}at, i64 {len(kinds)}",
            f"br label %{name}test",
            f"{name}done:",
        ]
    )


def _times(name: str, before: str, count: str, body: str) -> str:
    """A loop in which %{name} counts up to `count`. It ends at the label {name}end; body goes on
    to {name}on."""
    return f"""
br label %{name}try
{name}try:
%{name} = phi i64 [ 0, %{before} ], [ %{name}up, %{name}on ]
%{name}less = icmp slt i64 %{name}, {count}
br i1 %{name}less, label %{name}do, label %{name}end
{name}do:
{body}
{name}on:
%{name}up = add i64 %{name}, 1
br label %{name}try
{name}end:
"""


BODIES = {
    "asked": """
%found = call ptr %0.(ptr %1., ptr %2.)
%none = icmp eq ptr %found, null
br i1 %none, label %raised, label %gave
gave:
call void @Py_DecRef(ptr %found)
%as = icmp eq ptr %found, %3.
br i1 %as, label %next, label %otherwise
""",
    "opened": f"""
%box = load ptr, ptr %4.
{_field("boxed", "%box", CLASS, "ptr")}
%known = icmp eq ptr %boxed, %0.
br i1 %known, label %measure, label %otherwise
measure:
%size = call i64 %1.(ptr %box)
%fits = icmp eq i64 %size, %3.
br i1 %fits, label %items, label %otherwise
items:
{
        _times(
            "i",
            "items",
            "%3.",
            '''
%item = call ptr %2.(ptr %box, i64 %i)
%cell = getelementptr ptr, ptr %5., i64 %i
store ptr %item, ptr %cell
br label %ion
''',
        )
    }
br label %next
""",
    "number": f"""
%given = load ptr, ptr %0.
{_field("kind", "%given", CLASS, "ptr")}
%one = icmp eq ptr %kind, %1.
%two = icmp eq ptr %kind, %2.
%either = or i1 %one, %two
br i1 %either, label %taken, label %otherwise
taken:
%value = call double @PyFloat_AsDouble(ptr %given)
store double %value, ptr %3.
br label %next
""",
    "same": """
%it = load ptr, ptr %0.
%is = icmp eq ptr %it, %1.
br i1 %is, label %next, label %otherwise
""",
    "array": f"""
%a = load ptr, ptr %0.
{_field("aclass", "%a", CLASS, "i64")}
%aright = icmp eq i64 %aclass, ARRAY
br i1 %aright, label %look, label %otherwise
look:
{_field("adtype", "%a", FIELDS["dtype"], "ptr")}
{_field("andim", "%a", FIELDS["ndim"], "i32")}
{_field("aflags", "%a", FIELDS["flags"], "i32")}
{_field("ashape", "%a", FIELDS["shape"], "ptr")}
{_field("adata", "%a", FIELDS["data"], "ptr")}
%a1 = icmp eq ptr %adtype, %1.
%axes = sext i32 %andim to i64
%a2 = icmp eq i64 %axes, %2.
%abits = and i32 %aflags, {WHOLE}
%a3 = icmp eq i32 %abits, {WHOLE}
%a4 = and i1 %a1, %a2
%a5 = and i1 %a4, %a3
br i1 %a5, label %lengths, label %otherwise
lengths:
{
        _times(
            "d",
            "lengths",
            "%2.",
            '''
%dfound = getelementptr i64, ptr %ashape, i64 %d
%dwanted = getelementptr i64, ptr %3., i64 %d
%dhas = load i64, ptr %dfound
%dwants = load i64, ptr %dwanted
%dis = icmp eq i64 %dhas, %dwants
br i1 %dis, label %don, label %otherwise
''',
        )
    }
call void @llvm.memcpy.p0.p0.i64(ptr %5., ptr %adata, i64 %4., i1 false)
br label %next
""",
    "finite": """
br label %finitebegin
finitebegin:
"""
    + _times(
        "e",
        "finitebegin",
        "%1.",
        """
%entry = getelementptr double, ptr %0., i64 %e
%y = load double, ptr %entry
%nothing = fsub double %y, %y
%lost = fcmp uno double %nothing, %nothing
br i1 %lost, label %otherwise, label %eon
""",
    )
    + "br label %next",
    "made": """
%number = load double, ptr %1.
%float = call ptr @PyFloat_FromDouble(double %number)
%spot = getelementptr ptr, ptr %results, i64 %0.
store ptr %float, ptr %spot
%missing = icmp eq ptr %float, null
br i1 %missing, label %failed, label %next
""",
    "copied": f"""
%rank = trunc i64 %1. to i32
%copy = call ptr NEW(ptr inttoptr (i64 ARRAY to ptr), i32 %rank, ptr %2., i32 {DOUBLE}, ptr null, \
ptr null, i32 0, i32 0, ptr null)
%copyspot = getelementptr ptr, ptr %results, i64 %0.
store ptr %copy, ptr %copyspot
%uncopied = icmp eq ptr %copy, null
br i1 %uncopied, label %failed, label %fill
fill:
{_field("copydata", "%copy", FIELDS["data"], "ptr")}
call void @llvm.memcpy.p0.p0.i64(ptr %copydata, ptr %4., i64 %3., i1 false)
br label %next
""",
    "kept": """
call void @Py_IncRef(ptr %1.)
%keptspot = getelementptr ptr, ptr %results, i64 %0.
store ptr %1., ptr %keptspot
br label %next
""",
    "filled": """
%new = call ptr %1.(i64 %3.)
%newspot = getelementptr ptr, ptr %results, i64 %0.
store ptr %new, ptr %newspot
%unmade = icmp eq ptr %new, null
br i1 %unmade, label %failed, label %put
put:
%children = getelementptr ptr, ptr %results, i64 %4.
"""
    + _times(
        "j",
        "put",
        "%3.",
        """
%child = getelementptr ptr, ptr %children, i64 %j
%part = load ptr, ptr %child
store ptr null, ptr %child
%putting = call i32 %2.(ptr %new, i64 %j, ptr %part)
br label %jon
""",
    )
    + "br label %next",
}


def text(new_array: int) -> str:
    """The function, given where NumPy's function is that makes an array. What is handed over in
    self is a tuple: the address of the table, Python's way of the same call, and what has to be
    kept alive."""
    declared = (f"declare {kind.replace(' ', f' @{name}', 1)}" for name, kind in FUNCTIONS.items())
    sections = iter(SECTIONS)
    lines = [
        *declared,
        "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)",
        "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
        "define ptr @NAME(ptr %self, ptr %args, ptr %kwargs) {",
        "start:",
        "%key = call ptr @PyTuple_GetItem(ptr %self, i64 0)",
        "%table = call ptr @PyLong_AsVoidPtr(ptr %key)",
        "%positional = icmp eq ptr %kwargs, null",
        "br i1 %positional, label %begin, label %otherwise",
        "begin:",
        _records(next(sections), "begin"),
        "br label %take",
        "take:",
        _word("root", ROOT, "ptr"),
        "store ptr %args, ptr %root",
        *_series(sections, "take", 4),
        _word("run", RUN, "ptr"),
        _word("segment", SEGMENT, "ptr"),
        "%missed = call i64 %run(ptr %segment)",
        "%held = icmp eq i64 %missed, 0",
        "br i1 %held, label %ran, label %otherwise",
        "ran:",
        _word("count", RESULTS, "i64"),
        "%results = alloca ptr, i64 %count",
        "%room = mul i64 %count, 8",
        "call void @llvm.memset.p0.i64(ptr %results, i8 0, i64 %room, i1 false)",
        *_series(sections, "ran", 5),
        _word("calls", CALLS, "i64"),
        "%counted = add i64 %calls, 1",
        "store i64 %counted, ptr %callsp",
        "%result = load ptr, ptr %results",
        "ret ptr %result",
        "failed:",
        _times("r", "failed", "%count", _DROPPED),
        "ret ptr null",
        "raised:",
        "call void @PyErr_Clear()",
        "br label %otherwise",
        "otherwise:",
        "%slow = call ptr @PyTuple_GetItem(ptr %self, i64 1)",
        "%theirs = call ptr @PyObject_Call(ptr %slow, ptr %args, ptr %kwargs)",
        "ret ptr %theirs",
        "}",
    ]
    made = "\n".join(lines).replace("ARRAY", str(id(np.ndarray)))
    return made.replace("NEW", f"inttoptr (i64 {new_array} to ptr)")
