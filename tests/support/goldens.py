"""What the toolkit prints and computes, kept in tests/data/goldens so that a redesign can be held
to it: python tests/support/goldens.py --write [NAME …]

Each file holds records: the command line, or what was called, with what came out
(golden_records.py). Without --write they are compared, as tests/test_goldens.py does. --write keeps
the records that still hold and replaces the others, for a change that is meant.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from golden_records import GOLDENS, Golden
from golden_text import alike, dumped, first_differences

DATA = Path(__file__).resolve().parents[1] / "data" / "goldens"
RAISED = "raised"


def missing(name: str) -> str:
    """Why a file cannot be compared here, if it cannot."""
    if absent(name):
        return absent(name)
    kept = kept_data(name)["versions"]
    other = [f"{p} {v}" for p, v in versions(GOLDENS[name]).items() if kept.get(p, v) != v]
    return f"{name}: written with another version than {', '.join(other)}" if other else ""


def absent(name: str) -> str:
    """Why a file cannot be made here, if it cannot."""
    peers = [p for p in GOLDENS[name].peers if importlib.util.find_spec(p) is None]
    return f"{name}: needs {', '.join(peers)}" if peers else ""


def versions(golden: Golden) -> dict[str, str]:
    """The versions, but for their last numbers, on which the content depends."""
    return {p: ".".join(importlib.metadata.version(p).split(".")[:2]) for p in golden.same}


def made(name: str) -> dict[str, Any]:
    """The records of a file, as they come out now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {key: _attempted(job) for key, job in GOLDENS[name].records()}


def _attempted(job: Callable[[], Any]) -> Any:
    """What a record holds, or the error, which no file holds: the other records are compared."""
    try:
        return job()
    except Exception as error:
        return {RAISED: f"{type(error).__name__}: {error}"}


def kept_data(name: str) -> dict[str, Any]:
    path = DATA / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {"versions": {}, "records": {}}


def difference(name: str, shown: int = 4) -> str:
    """In what the records of a file differ from those kept, the first of them with their lines;
    empty where all hold."""
    found, kept = made(name), kept_data(name)["records"]
    both = found.keys() & kept.keys()
    keys = [k for k in {**kept, **found} if k not in both or not alike(found[k], kept[k])]
    if not keys:
        return ""
    parts = [f"tests/data/goldens/{name}.json: {len(keys)} of {len(kept)} records differ"]
    for key in keys[:shown]:
        if key in found and key in kept:
            parts.append(f"{key}\n{first_differences(found[key], kept[key])}")
        else:
            parts.append(f"{key}: {'is no longer made' if key in kept else 'is new'}")
    parts += [f"also: {'; '.join(keys[shown:][:20])}"] if keys[shown:] else []
    parts.append(f"where this is meant: python tests/support/goldens.py --write {name}")
    return "\n\n".join(parts)


def write(name: str) -> str:
    """Write a file anew, with the records that still hold as they are; what was done."""
    found, kept = made(name), kept_data(name)["records"]
    raised = [k for k, v in found.items() if isinstance(v, dict) and RAISED in v]
    if raised:
        return f"{name}: not written, since {raised[0]} raised {found[raised[0]][RAISED]}"
    held = {k for k in found if k in kept and alike(found[k], kept[k])}
    records = {k: kept[k] if k in held else found[k] for k in found}
    data = {"versions": versions(GOLDENS[name]), "records": records}
    DATA.mkdir(parents=True, exist_ok=True)
    path = DATA / f"{name}.json"
    path.write_text(dumped(data) + "\n", "utf-8")
    gone = len(kept.keys() - found.keys())
    return (
        f"{name}: {len(held)} records hold, {len(found) - len(held)} written, {gone} removed, "
        f"{path.stat().st_size / 1000:.0f} kB"
    )


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help="files without .json (all)")
    options.add_argument("--write", action="store_true", help="write them anew")
    chosen = options.parse_args()
    unknown = [name for name in chosen.names if name not in GOLDENS]
    if unknown:
        options.error(f"no golden {', '.join(unknown)}: choose from {', '.join(GOLDENS)}")
    failed = False
    for name in chosen.names or GOLDENS:
        reason = absent(name) if chosen.write else missing(name)
        if reason:
            print(f"left out: {reason}")
        elif chosen.write:
            print(write(name))
        else:
            found = difference(name)
            failed |= bool(found)
            print(found or f"{name}: all hold")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
