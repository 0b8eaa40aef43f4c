"""A driver of GradBench's protocol, for tests: it sends messages to a tool in this process or to
one that runs as a child, and compares outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from admodes.lab.gradbench.protocol import answer

ROOT = Path(__file__).parent.parent.parent


def ask(module, function, data, runs=1, seconds=0.0, limit=60.0):
    """The answer to an evaluate message."""
    if isinstance(data, dict):
        data = {**data, "min_runs": runs, "min_seconds": seconds}
    message = {"id": 7, "kind": "evaluate", "module": module, "function": function, "input": data}
    reply = answer(json.dumps(message).encode(), limit)
    json.dumps(reply, allow_nan=False)
    assert reply["id"] == 7
    return reply


def output(module, function, data):
    """The output of an evaluation that has to succeed."""
    reply = ask(module, function, data)
    assert reply["success"], reply
    assert reply.keys() == {"id", "success", "output", "timings"}
    return reply["output"]


def error(module, function, data, **options):
    """The error of an evaluation that has to fail."""
    reply = ask(module, function, data, **options)
    assert reply.keys() == {"id", "success", "error"}
    assert reply["success"] is False
    return reply["error"]


def assert_close(found, expected, tolerance=1e-9):
    """Trees of the same structure, and numbers as near as GradBench measures, but nearer."""
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        assert found.keys() == expected.keys()
        for key in expected:
            assert_close(found[key], expected[key], tolerance)
        return
    assert not isinstance(found, dict)
    a, b = np.array(found, float), np.array(expected, float)
    assert a.shape == b.shape
    apart = np.abs(a - b) / np.maximum(1.0, np.abs(a) + np.abs(b))
    assert np.max(apart, initial=0.0) <= tolerance, (found, expected)


def session(lines, *options, **settings):
    """The lines that the command answers, the text of standard error and the exit status."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "gradbench", *options],
        input=b"".join(
            x if isinstance(x, bytes) else json.dumps(x).encode() + b"\n" for x in lines
        ),
        capture_output=True,
        timeout=300,
        cwd=ROOT,
        check=False,
        **settings,
    )
    return done.stdout.decode().splitlines(), done.stderr.decode(), done.returncode


def strict(text):
    """JSON without nan and infinities."""

    def refuse(word):
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)
