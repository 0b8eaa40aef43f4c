"""grade_code: an autograd module of a student's, run in a process of its own and judged by the
operations of the registry."""

from __future__ import annotations

import errno
import random
from collections.abc import Sequence
from pathlib import Path

from admodes.errors import BadValue, choices
from admodes.grading.modules.accumulation import Accumulation
from admodes.grading.modules.findings import KINDS, Finding
from admodes.grading.modules.promises import promises
from admodes.grading.modules.result import CodeGrade
from admodes.grading.modules.rules import Rules
from admodes.grading.modules.session import Loaded, NotLoaded, Session, Stopped
from admodes.grading.modules.student import Limits, TooLate

INTERFACES = ("DIY-autograd", "micrograd")

LARGEST = 2 * 2**20
"""Bytes of a module that is read."""


def grade_code(
    path: str | Path,
    *,
    interface: str | None = None,
    adapter: str | Path | None = None,
    also: Sequence[str | Path] = (),
    accumulates: bool = False,
    seconds: float = 40.0,
    memory: int = 2**30,
    seed: int | None = None,
    limits: Limits | None = None,
) -> CodeGrade:
    """Judge a module that differentiates, such as a student's homework: which operation's rule is
    wrong, or which case of accumulating gradients, with the smallest graph that shows it.

    The module runs in a process that has given up what it can (see `isolation` of the result); it
    gets numbers and returns numbers, at random points that are drawn after it was loaded.

    path: its file. interface: "DIY-autograd" (a class Variable with value, grad and backward(),
    operations as operators, as classes with forward and backward, or as functions) or "micrograd"
    (a class Value with data); told by what the module defines unless named. adapter: a file that
    says how to use any other module, as described in docs/grade-code.md. also: files that the
    module imports. accumulates: adding to the gradients of an earlier backward() is intended, and a
    note instead of a finding. seconds: after which there is an answer, whatever the module does.
    memory: bytes that it may use. seed: of the random points, to see the same ones again.
    limits: for loading and for single questions too.

    Raises FileNotFoundError where there is no such file, ValueError for an unknown interface and
    for an adapter that lacks something.

    >>> import admodes as ad, os, tempfile
    >>> file = os.path.join(tempfile.mkdtemp(), "mine.py")
    >>> with open(file, "w") as module:
    ...     _ = module.write("x = 1")
    >>> result = ad.grade_code(file)
    >>> result.verdict, result.findings[0].text
    ('refused', 'the module defines no class Variable and no class Value')
    """
    if interface is not None and interface not in INTERFACES:
        raise BadValue(f"interface {interface!r}: {choices(interface, INTERFACES)}")
    path = Path(path)
    limits = limits or _limits(seconds, memory)
    given = [path, *map(Path, also), *([Path(adapter)] if adapter else [])]
    files = {file.name: _read(file) for file in given}
    if len(files) < len(given):
        raise BadValue("two of the files have the same name")
    for name, data in files.items():
        if len(data) > LARGEST:
            error = NotLoaded("refused", f"{name} has more than {LARGEST // 2**20} MiB")
            return _not_run(path, error, {}, limits)
    with Session(files, limits, interface, Path(adapter).name if adapter else None) as session:
        try:
            loaded = session.load()
        except NotLoaded as error:
            return _not_run(path, error, session.holds, limits)
        return _examined(path, session, loaded, accumulates, random.Random(seed))


def _limits(seconds: float, memory: int) -> Limits:
    if not 1 <= seconds <= 55:
        raise BadValue(f"seconds {seconds!r}: give a number from 1 to 55")
    if not memory >= 2**26:
        raise BadValue(f"memory {memory!r}: give at least 64 MiB, in bytes")
    return Limits(seconds, min(20.0, seconds), min(8.0, seconds), memory)


def _read(file: Path) -> bytes:
    """The beginning of a file, one byte more than may be; of a file alone, since a device or a pipe
    may have no end."""
    if not file.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(file))
    with file.open("rb") as stream:
        return stream.read(LARGEST + 1)


def _not_run(path: Path, error: NotLoaded, holds: dict, limits: Limits) -> CodeGrade:
    finding = Finding("not loaded", None, error.verdict, "", None, None, str(error))
    isolation = promises(holds, limits)
    return CodeGrade(path.name, error.interface, error.verdict, [finding], [], isolation)


def _examined(
    path: Path, session: Session, loaded: Loaded, accumulates: bool, points: random.Random
) -> CodeGrade:
    course = loaded.interface == "DIY-autograd"
    rules = Rules(session, loaded.forms, points, course, notes=list(loaded.notes))
    notes = rules.notes
    try:
        rules.examine()
        Accumulation(rules, loaded.can, accumulates).examine()
    except Stopped:
        notes.append(
            "not everything was tried: the module's process ended too often, or time was up"
        )
    session.close()
    findings = sorted(rules.findings, key=lambda f: KINDS.index(f.kind))
    notes.append(f"operations that the module has: {', '.join(sorted(loaded.forms)) or 'none'}")
    if session.strays:
        notes.append("the module wrote where its process answers; that is passed over")
    verdict = _verdict(session, findings)
    isolation = promises(session.holds, session.limits)
    return CodeGrade(path.name, loaded.interface, verdict, findings, notes, isolation)


def _verdict(session: Session, findings: list[Finding]) -> str:
    if session.ends:
        late = all(isinstance(end, TooLate) for end in session.ends)
        return "timeout" if late else "crash"
    return "fail" if findings else "pass"
