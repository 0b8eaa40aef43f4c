"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> Path:
    """Let write fill a temporary file beside path, then move it there in one step.

    A failure, or an interrupt, leaves the old file as it was and no temporary one behind. Raises
    whatever write raises, OSError where the folder cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_atomically(f"{folder}/a.txt", lambda p: p.write_text("whole"))
    ...     path.read_text()
    'whole'
    """
    path = Path(path)
    # In the same folder, because a rename is atomic only within one file system.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.")
    os.close(handle)
    try:
        write(Path(temporary))
        # mkstemp makes private files; a report should be as readable as any other new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path


def write_text(path: str | Path, text: str) -> Path:
    """Write text as UTF-8, whole or not at all."""
    return write_atomically(path, lambda p: p.write_bytes(text.encode("utf-8")))
