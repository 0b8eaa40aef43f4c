"""The scaling experiment as files in a folder: its data (JSON, CSV), its tables (Markdown) and its
picture.
"""

from __future__ import annotations

from pathlib import Path

from admodes.lab.plot import plot
from admodes.lab.scaling import scale
from admodes.lab.scaling_result import Scaling
from admodes.views.files import write_text


def write_reports(directory: str | Path, scaling: Scaling | None = None) -> list[Path]:
    """Write scaling.json, scaling.csv, scaling.md and scaling.png into directory, measuring first
    unless a result is given. Each file appears whole or not at all; the paths are returned.

    Raises RuntimeError where matplotlib is missing (the other files are written by then), OSError
    where the directory cannot be written.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    if scaling is None:
        scaling = scale()
    written = [
        write_text(folder / "scaling.json", scaling.to_json() + "\n"),
        write_text(folder / "scaling.csv", scaling.to_table("csv")),
        write_text(folder / "scaling.md", scaling.to_table("markdown")),
    ]
    return [*written, plot(scaling, folder / "scaling.png")]
