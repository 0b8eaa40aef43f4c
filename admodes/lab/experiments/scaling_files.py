"""A scaling experiment as files: its data (JSON, CSV), its tables (Markdown), its picture (SVG and
PNG), and its times as pyperf has them.
"""

from __future__ import annotations

import json
from pathlib import Path

from admodes.errors import BadValue
from admodes.lab.experiments.measuring import WAYS
from admodes.lab.experiments.scaling_plot import plot
from admodes.lab.experiments.scaling_result import Scaling
from admodes.views.files import write_text


def write_reports(directory: str | Path, scaling: Scaling) -> list[Path]:
    """Write scaling.json, scaling.csv, scaling.md, scaling.svg and scaling.png into directory. Each
    file appears whole or not at all; the paths are returned.

    Raises RuntimeError where matplotlib is missing (the other files are written by then), OSError
    where the directory cannot be written.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    written = [
        write_text(folder / "scaling.json", scaling.to_json() + "\n"),
        write_text(folder / "scaling.csv", scaling.to_table("csv")),
        write_text(folder / "scaling.md", scaling.to_table("markdown")),
    ]
    return [*written, *(plot(scaling, folder / f"scaling.{kind}") for kind in ("svg", "png"))]


def write_pyperf(path: str | Path, scaling: Scaling) -> Path:
    """Write the times as pyperf's JSON, a benchmark for each way and size, so that `pyperf
    compare_to BEFORE AFTER` compares two runs. Raises BadValue where nothing was timed, OSError
    where the file cannot be written."""
    benchmarks = []
    for e in scaling.experiments:
        for p in e.points:
            for way in WAYS:
                time = p.time(way)
                if time is None:
                    continue
                sizes = ", ".join(f"{k}={v}" for k, v in p.sizes.items())
                name = f"{e.function}, {e.varied}: {sizes}: {way.replace('_', ' ')}"
                run = {"metadata": {"loops": time.loops}, "values": list(time.samples)}
                benchmarks.append({"metadata": {"name": name}, "runs": [run]})
    if not benchmarks:
        raise BadValue(f"{path}: nothing was timed")
    machine = scaling.machine
    metadata = {
        "unit": "second",
        "python_version": machine["python"],
        "python_implementation": machine["implementation"].lower(),
        "cpu_model_name": machine["cpu"],
        "cpu_count": machine["cores"],
    }
    data = {"version": "1.0", "metadata": metadata, "benchmarks": benchmarks}
    return write_text(path, json.dumps(data) + "\n")
