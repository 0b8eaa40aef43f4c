"""A folder goes in; what each student has handed in comes out: whose it is, and the files."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from admodes.errors import BadValue

ENDINGS = (".md", ".markdown", ".txt", ".csv", ".tsv", ".tex", ".html", ".htm", ".ipynb", ".json")
"""The files that are read."""

LARGEST = 5_000_000
"""Bytes of the files of one submission: a filled sheet has some thousands."""

CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<id>\d+)_\d+_.+")
"""How Canvas names what students hand in: name, LATE, the ID of the student, that of the file, and
the name of the file."""


@dataclass(frozen=True)
class Submission:
    """What one student has handed in. name: what the file or folder is called, without its ending;
    problem: why it cannot be read, empty where it can; missing: whether nothing was handed in."""

    name: str
    files: tuple[Path, ...]
    problem: str = ""
    missing: bool = False

    @property
    def student(self) -> str:
        """The student as far as the name tells."""
        match = CANVAS.fullmatch(self.name)
        return match["name"] if match else self.name

    @property
    def identity(self) -> str:
        """The ID in the name that Canvas gives; empty in other names."""
        match = CANVAS.fullmatch(self.name)
        return match["id"] if match else ""


def submissions_in(folder: str | Path) -> list[Submission]:
    """The submissions in a folder, by name: each file is one, and each folder with its files; of a
    file the one that it is.

    Hidden files are left out. What cannot be read is a submission with a problem. Raises ValueError
    where folder is none, or is empty.
    """
    folder = Path(folder)
    if folder.is_file():
        return [_submission(folder, folder.resolve().parent)]
    if not folder.is_dir():
        raise BadValue(f"{folder} is no folder of submissions")
    entries = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    if not entries:
        raise BadValue(f"{folder} has no submissions in it")
    made = [_submission(entry, folder.resolve()) for entry in entries]
    stems: dict[str, int] = {}
    for one in made:
        stems[one.name] = stems.get(one.name, 0) + 1
    # Two files that differ in their endings alone keep them, so that each has a name of its own.
    return [
        one if stems[one.name] == 1 else Submission(entry.name, one.files, one.problem)
        for one, entry in zip(made, entries, strict=True)
    ]


def _submission(entry: Path, root: Path) -> Submission:
    """The submission that an entry of the folder is."""
    try:
        if not entry.resolve().is_relative_to(root):
            return Submission(entry.stem, (), "it is a link to a place outside the folder")
        if not entry.is_dir():
            return Submission(entry.stem, (entry,), _problem(entry))
        files = sorted(p for p in entry.rglob("*") if p.suffix.lower() in ENDINGS)
        inside = tuple(p for p in files if p.resolve().is_relative_to(root) and not _problem(p))
        if not inside:
            return Submission(entry.name, (), f"it has no file ending in {' '.join(ENDINGS)}")
        if sum(p.stat().st_size for p in inside) > LARGEST:
            return Submission(entry.name, (), _too_large())
        return Submission(entry.name, inside)
    except (OSError, RuntimeError) as error:
        return Submission(entry.stem, (), f"it cannot be read: {_reason(error)}")


def _problem(path: Path) -> str:
    """Why a file is not read."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return "it is no file"
    if path.suffix.lower() not in ENDINGS:
        return f"{path.suffix or 'what has no ending'} is not read"
    if status.st_size == 0:
        return "it is empty"
    return _too_large() if status.st_size > LARGEST else ""


def _too_large() -> str:
    return f"it has more than {LARGEST // 1_000_000} MB"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
