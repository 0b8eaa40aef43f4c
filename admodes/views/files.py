"""Writing a file so that it appears whole or not at all: into a temporary file beside it, which
then takes its name.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> Path:
    """Let write fill a temporary file beside path, then move it there in one step.

    A failure, or an interrupt, leaves the old file as it was and no temporary one behind. A
    symbolic link stays one, an existing file keeps its mode, and a device or pipe is written to as
    it is. Raises whatever write raises, OSError where the folder cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_atomically(f"{folder}/a.txt", lambda p: p.write_text("whole"))
    ...     path.read_text()
    'whole'
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        write(path)  # a device or a pipe takes what it is given
        return path
    target = Path(os.path.realpath(path))
    # In the same folder, because a rename is atomic only within one file system.
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}.")
    os.close(handle)
    try:
        write(Path(temporary))
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        # An interrupt too leaves no temporary file behind.
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def _mode(path: Path) -> int:
    """The file's mode, or that of any new file; mkstemp makes private ones."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def write_text(path: str | Path, text: str) -> Path:
    """Write text as UTF-8, whole or not at all."""
    return write_atomically(path, lambda p: p.write_bytes(text.encode("utf-8")))
