"""Results of points as they come, in a file that only ever grows: JSON lines, a header first.

The header says what the points belong to: the schema, the experiment, versions, machine and
command. Each line after it is one point under a key, the hash of everything that decides its
figures. Every line is flushed and synced before the next point begins, so that nothing is lost that
has been measured, whatever ends the process.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Store(f"{folder.name}/a.jsonl", "admodes.example/1", "example") as store:
    ...     key = store.key("squares", {"n": 3}, "forward")
    ...     store.put(key, {"status": "ok", "result": 9})
    >>> with Store(f"{folder.name}/a.jsonl", "admodes.example/1", "example") as store:
    ...     store.get(key)["result"], store.notes
    (9, [])
    >>> folder.cleanup()
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from admodes.errors import BadValue
from admodes.lab.timing import machine, versions_of
from admodes.views.result import plain

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

PACKAGES = ("admodes", "numpy", "sympy")
"""Whose versions decide figures."""

MARK = '{"schema": "admodes.'
"""How every results file begins."""


def versions() -> dict[str, str]:
    """The versions that figures belong to.

    >>> sorted(versions())
    ['admodes', 'numpy', 'python', 'sympy']
    """
    unknown = dict.fromkeys(PACKAGES, "not installed as a package")
    return {"python": str(machine()["python"]), **unknown, **versions_of(PACKAGES)}


class Store:
    """The points of an experiment, in memory and, where a path is given, in that file.

    A file of another experiment, version or machine is not touched: it is renamed to a name that is
    free, and a new file begins. A file that was cut off (its last line is not whole), or damaged
    elsewhere, is renamed too, and its whole lines go on in a new file. notes says what was done.

    Raises BadValue where the file is no results file at all, or another process writes to it;
    OSError where it cannot be read or written.
    """

    def __init__(
        self, path: str | Path | None, schema: str, experiment: str, command: str = ""
    ) -> None:
        self.path = None if path is None else Path(path)
        self.belongs = {
            "schema": schema,
            "experiment": experiment,
            "versions": versions(),
            "machine": machine(),
        }
        self.command = command
        self.notes: list[str] = []
        self.points: dict[str, dict[str, Any]] = {}
        self._file: Any = None
        if self.path is not None:
            try:
                self._open(self.path)
            except BaseException:
                self.close()
                raise

    def key(self, experiment: str, sizes: Mapping[str, int], mode: str) -> str:
        """The key of a point; experiment names everything that decides its figures beside sizes and
        mode, such as the function and the number of rounds."""
        parts = [experiment, dict(sizes), mode, self.belongs["versions"], self.belongs["machine"]]
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def get(self, key: str) -> dict[str, Any] | None:
        """What was put last under a key."""
        return self.points.get(key)

    def put(self, key: str, record: Mapping[str, Any]) -> None:
        """Keep a record, plain data, under a key: when this returns it is on the disk."""
        line = {"key": key, **plain(dict(record))}
        self.points[key] = line
        if self._file is not None:
            # One write, so that an end of the process cuts the last line at most.
            self._file.write((json.dumps(line, ensure_ascii=False) + "\n").encode())
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let others write to the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, path: Path) -> None:
        self._file = _locked(path)
        if not path.stat().st_size:
            self._begin(path)
            return
        header, points, damage = _read(path)
        if header is None or any(header.get(k) != v for k, v in self.belongs.items()):
            points = {}
            damage = damage if header is None else f"it is of {_difference(header, self.belongs)}"
        if damage:
            self._keep_aside(path, damage, points)
        self.points = points

    def _begin(self, path: Path) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        header = {**self.belongs, "command": self.command, "started": now}
        self._file.write((json.dumps(header, ensure_ascii=False) + "\n").encode())
        self._file.flush()
        os.fsync(self._file.fileno())

    def _keep_aside(self, path: Path, why: str, points: dict[str, dict[str, Any]]) -> None:
        """Give the file another name, and go on in a new one that has the points. The old file
        keeps its bytes; the lock stays on it until the new file is there."""
        aside = _free_name(path)
        old = self._file
        if fcntl is None:
            old.close()  # Windows renames no file that is open
        os.rename(path, aside)
        self._file = _locked(path)
        old.close()
        self._begin(path)
        for key, line in points.items():
            self.put(key, {k: v for k, v in line.items() if k != "key"})
        kept = f", and its {len(points)} whole points are used" if points else ""
        self.notes.append(f"{path} is kept as {aside}: {why}{kept}")


def _locked(path: Path) -> Any:
    file = open(path, "ab")  # noqa: SIM115 (it stays open until the store is closed)
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise BadValue(f"{path}: another run is writing to it; give another file") from error
    return file


def _read(path: Path) -> tuple[dict[str, Any] | None, dict[str, dict[str, Any]], str]:
    """The header of a file, its points, and what is wrong with it, if anything is."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    if not (text.startswith(MARK) or MARK.startswith(text)):
        raise BadValue(f"{path} is no results file of admodes: give another name")
    first, *lines = text.split("\n")
    header = _parsed(first) if lines else None
    if header is None:
        return None, {}, "its header was cut off"
    points, damage = {}, ""
    last = lines.pop()
    for number, line in enumerate(lines, 2):
        point = _parsed(line)
        if point is None or not isinstance(point.get("key"), str):
            damage = damage or f"line {number} is damaged"
            continue
        points[point["key"]] = point
    return header, points, damage or ("its last line was cut off" if last else "")


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _difference(header: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What a file belongs to that this run does not."""
    for key, mine in wanted.items():
        theirs = header.get(key)
        if theirs == mine:
            continue
        if isinstance(theirs, dict):
            parts = [k for k in mine if theirs.get(k) != mine[k]]
            if key == "versions":
                return f"another version: {parts[0]} {theirs.get(parts[0])}, now {mine[parts[0]]}"
            return f"another machine: {theirs.get(parts[0])}, now {mine[parts[0]]}"
        return f"another {key}: {theirs}, now {mine}"
    raise AssertionError(header)


def _free_name(path: Path) -> Path:
    k = 1
    while (aside := path.with_name(f"{path.stem}.kept-{k}{path.suffix}")).exists():
        k += 1
    return aside
