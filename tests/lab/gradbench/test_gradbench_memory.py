"""A session of 10 000 messages takes bounded time and leaves nothing behind."""

import gc
import json
import tracemalloc

from gradbench_driver import strict
from gradbench_examples import EXAMPLES

from admodes.lab.gradbench.programs import KEPT, LARGE, PROGRAMS, Programs
from admodes.lab.gradbench.protocol import serve

MESSAGES = 10_000
SLOW = ("saddle", "particle")


def messages():
    """All kinds of messages, good ones and bad ones, in turn; now and then of a new size."""
    good = [(m, f, data) for m, f, data, _ in EXAMPLES if m not in SLOW]
    for k in range(MESSAGES):
        module, function, data = good[k // 4 % len(good)]
        if k % 100 == 3:
            yield {"kind": "evaluate", "module": "lse", "function": "gradient", "id": k} | {
                "input": {"x": [0.5] * (1 + k // 100)}
            }
        elif k % 4 == 3:
            yield {"id": k, "kind": "evaluate", "module": module, "function": function} | {
                "input": data
            }
        elif k % 4 == 2:
            yield {"id": k, "kind": "analysis", "of": k - 1, "valid": True}
        elif k % 4 == 1:
            yield {"id": k, "kind": "define", "module": [module, "unknown"][k // 4 % 2]}
        else:
            yield {"id": k, "kind": "evaluate", "module": module, "input": [k]}


def test_ten_thousand_messages():
    held, answers = [], []

    def lines():
        for k, message in enumerate(messages()):
            if k in (MESSAGES - 2000, MESSAGES - 1):
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
            if k == MESSAGES - 3000:
                tracemalloc.start(1)
            yield json.dumps(message).encode()

    def write(line):
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        answers.append(strict(line)["id"])

    serve(lines(), write, 60.0)
    tracemalloc.stop()
    assert answers == list(range(MESSAGES))
    assert held[1] - held[0] < 2e6, held
    assert len(PROGRAMS) <= KEPT


def test_a_large_program_is_kept_alone():
    import numpy as np

    programs = Programs()
    for k in range(KEPT + 5):
        programs.ready((k,), lambda: np.sin, 1.0)
    assert len(programs) == KEPT
    programs.ready(("large",), lambda: np.sin, np.ones(LARGE // 8))
    assert len(programs) == 1
