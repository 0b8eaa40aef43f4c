"""How long `admodes trace @cpsc532s` takes as a whole process, beside `python -c "import numpy"`.

    python benchmarks/startup.py [--rounds 15] [--json FILE]

The command is run as a user runs it: the installed console script where there is one beside the
interpreter, otherwise `python cli.py`. Both commands take their turn in every round. The modules of
both are there as bytecode, as pip leaves them: a first run writes it, to a folder of its own. A run
with -X importtime lists what was imported, and fails where sympy or scipy is among it.

Target: at most 2 × numpy plus 0.25 s.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from admodes.lab.timing import describe, interleaved, machine
from admodes.views.files import write_text

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = ["trace", "@cpsc532s"]
BANNED = ("sympy", "scipy", "mpmath", "matplotlib")


def launcher():
    """The console script of this interpreter's environment, or cli.py."""
    script = Path(sys.executable).with_name("admodes")
    return script if script.exists() else ROOT / "cli.py"


def run(command):
    """Run to the end; a failure ends the benchmark."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        shown = " ".join(map(str, command))
        raise SystemExit(f"{shown} failed with status {done.returncode}:\n{done.stderr[-2000:]}")
    return done


def imported(command):
    """The modules that a run imports, from the log of -X importtime."""
    log = run([sys.executable, "-X", "importtime", *command]).stderr
    return re.findall(r"^import time:.*\|\s*([\w.]+)$", log, re.MULTILINE)


def measure(rounds):
    """The figures as JSON data."""
    script = launcher()
    # The console script is run through its own first line; cli.py through the interpreter.
    ours = [str(script), *ARGUMENTS] if script.suffix != ".py" else None
    ours = ours or [sys.executable, str(script), *ARGUMENTS]
    if "Evaluation trace" not in run(ours).stdout:
        raise SystemExit(f"{' '.join(ours)} printed no evaluation trace")
    modules = imported([str(script), *ARGUMENTS])
    if "admodes.cli" not in modules:
        raise SystemExit("the import log does not name admodes.cli, so it proves nothing")
    found = sorted({m.partition(".")[0] for m in modules} & set(BANNED))
    if found:
        raise SystemExit(f"admodes {' '.join(ARGUMENTS)} imports {', '.join(found)}")
    run([sys.executable, "-c", "import numpy"])
    times = interleaved(
        {
            "python -c pass": lambda: run([sys.executable, "-c", "pass"]),
            "import numpy": lambda: run([sys.executable, "-c", "import numpy"]),
            "admodes trace @cpsc532s": lambda: run(ours),
        },
        rounds,
    )
    target = 2 * times["import numpy"].median + 0.25
    return {
        "schema": "admodes.benchmark.startup/1",
        "machine": machine(),
        "command": ours,
        "modules": len(modules),
        "seconds": {name: t.to_dict() for name, t in times.items()},
        "target": target,
        "met": times["admodes trace @cpsc532s"].median <= target,
    }


def report(data):
    """The figures for people."""
    print(describe(data["machine"]))
    for name, t in data["seconds"].items():
        low, high = t["lower"], t["upper"]
        print(f"{name:26}{t['median']:7.3f} s [{low:.3f}–{high:.3f}], {t['rounds']} rounds")
    verdict = "met" if data["met"] else "MISSED"
    print(f"target 2 × numpy + 0.25 s = {data['target']:.3f} s: {verdict}")
    print(f"{data['modules']} modules imported, none of {', '.join(BANNED)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        data = measure(options.rounds)
    report(data)
    if options.json:
        write_text(options.json, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
