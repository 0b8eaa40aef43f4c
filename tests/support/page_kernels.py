"""What the page's kernels and rules are asked, and what Python answers; and how Node is asked."""

from __future__ import annotations

import functools
import itertools
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import admodes
from admodes.core.op import REGISTRY, UNLISTED, Op
from admodes.core.structure import Entrywise
from admodes.explorer.rules import rules_of

ASSET = Path(admodes.__file__).parent / "explorer" / "page.js"

INF, NAN = float("inf"), float("nan")
EDGES = {
    1: (
        *(-INF, -710.0, -30.0, -3.5, -2.0, -1.5, -1.0, -0.5, -0.25, -1e-9, -0.0, 0.0, 1e-300),
        *(1e-9, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 12.0, 30.0, 710.0, INF, NAN),
    ),
    2: (-INF, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 1e-200, 1e200, INF, NAN),
    3: (-1.0, 0.0, 0.5, 1.0, INF, NAN),
}
"""Arguments beside those of an operation's domain: its edges, kinks and beyond."""

SAMPLES = 25


def as_text(x: Any) -> Any:
    """A number as JSON data has it."""
    return x if isinstance(x, (bool, int)) or abs(x) < INF else str(float(x))


def points(op: Op) -> list[tuple]:
    """Arguments of an operation: of its domain, and edges."""
    draw = random.Random(op.name)
    n = op.arity or 1
    intervals = op.domain.intervals or ((-3.0, 3.0),) * n
    inside = [tuple(draw.uniform(*i) for i in intervals) for _ in range(SAMPLES)]
    if op.name in ("both", "either", "differ", "opposite"):
        return list(itertools.product((False, True), repeat=n))
    if op.name == "where":
        return [(c, a, b) for c in (False, True) for a, b in itertools.product(EDGES[3], repeat=2)]
    return inside + list(itertools.product(EDGES[n], repeat=n))


EXEMPT = {
    "times_i": "it is of complex numbers, and a page refuses rows that are none of real ones",
    "modulus": "as times_i",
    "arg": "as times_i",
}
"""Operations on numbers that no page computes, and why."""


def on_numbers() -> list[Op]:
    """The operations that rows of numbers are made of: they work entry by entry. Those of a
    user's own rules make a page fixed."""
    listed = {op.name: op for op in REGISTRY.values()}
    return [
        op
        for op in listed.values()
        if isinstance(op.structure, Entrywise)
        and op.kind != "moves"
        and op.name not in EXEMPT
        and not op.custom
    ]


@functools.cache
def in_rules() -> set[str]:
    """The operations that occur in the rules of others."""
    found: set[str] = set()
    for op in on_numbers():
        rules = rules_of(op) or {"terms": [], "kink": None}
        for rule in (*rules["terms"], rules["kink"] and rules["kink"]["met"]):
            found.update(step[0] for step in (rule["steps"] if rule else ()))
    return found


def named(name: str) -> Op:
    """The operation of a name, of derivatives too."""
    return REGISTRY[name] if name in REGISTRY else UNLISTED[name]


class Failed(Exception):
    """Node ended with an error."""


ASK = """
(questions) => questions.map(({ op, xs, rules, k, t, y }) => {
  const number = (x) => typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x;
  const args = xs.map(number);
  const found = op ? admodes.apply(op, args) : admodes.term(rules, k, number(t), number(y), args);
  return typeof found === "boolean" ? found : found === found && Math.abs(found) < Infinity ? found
    : String(found).replace("Infinity", "inf").replace("NaN", "nan");
})
"""
"""The function that answers questions where the page's script has run."""


def ask_node(questions: list[dict]) -> list[Any]:
    """The answers of Node."""
    program = (
        "const read = (file) => require('fs').readFileSync(file, 'utf8');"
        f"require('vm').runInThisContext(read({json.dumps(str(ASSET))}));"
        f"process.stdout.write(JSON.stringify(({ASK})(JSON.parse(read(0)))))"
    )
    done = subprocess.run(
        ["node", "-e", program],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(done.stderr)
    return [float(x) if isinstance(x, str) else x for x in json.loads(done.stdout)]
