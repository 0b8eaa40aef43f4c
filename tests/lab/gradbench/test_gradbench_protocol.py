"""The protocol of GradBench: one answer a line, strict JSON, nothing else on standard output."""

import contextlib
import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from gradbench_driver import ROOT, ask, assert_close, error, session, strict

from admodes.errors import Error
from admodes.lab.gradbench.evals import EVALS
from admodes.lab.gradbench.protocol import answer
from admodes.lab.limits import TimeLimit, within

SQUARE = {"id": 2, "kind": "evaluate", "module": "hello", "function": "square", "input": 3.0}


def reply(line):
    return answer(line if isinstance(line, bytes) else json.dumps(line).encode(), 60.0)


def test_a_session_answers_each_line_with_its_id():
    messages = [
        {"id": 0, "kind": "start", "eval": "hello", "config": {"x": [1]}},
        {"id": "one", "kind": "define", "module": "hello", "more": None},
        SQUARE,
        {"id": 3, "kind": "analysis", "of": 2, "valid": True},
        {"id": 4, "kind": "evaluate", "module": "hello", "function": "cube", "input": 3.0},
        {"id": 5, "kind": "farewell"},
        b"\n",
        b"  \r\n",
        b'{"id": 6, "kind": "define", "module": "nbody"}',
    ]
    lines, _, status = session(messages)
    answers = list(map(strict, lines))
    assert status == 0
    assert [a["id"] for a in answers] == [0, "one", 2, 3, 4, 5, 6]
    assert answers[0]["tool"] == "admodes"
    assert "compiled" in answers[0]["config"]["prepare"]
    assert answers[1] == {"id": "one", "success": True}
    assert answers[2]["output"] == 9.0
    assert answers[3] == {"id": 3}
    assert answers[4] == {"id": 4, "success": False, "error": "hello has no function cube"}
    assert answers[5] == {"id": 5}
    assert answers[6]["success"] is False
    assert "nbody" in answers[6]["error"]


@pytest.mark.parametrize("name", EVALS)
def test_every_module_is_defined_and_refuses_functions_that_it_does_not_have(name):
    assert reply({"id": 1, "kind": "define", "module": name}) == {"id": 1, "success": True}
    assert name in error(name, "nothing", {})


@pytest.mark.parametrize("name", EVALS)
def test_no_function_takes_an_input_without_its_entries(name):
    for function in EVALS[name]:
        for data in ({}, [], "x", None, True, [{}], {"x": None}):
            assert ask(name, function, data)["success"] is False


MALFORMED = [
    b"nonsense",
    b"{",
    b'{"id": 1, "kind": "start"} {}',
    b"[1, 2]",
    b"3",
    b'"start"',
    b"null",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b'{"id": -Infinity}',
    b"[" * 100_000,
    b'{"id": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("line", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_line_gets_one_answer_without_id(line):
    found = reply(line)
    assert found["id"] is None
    assert found["success"] is False
    assert 0 < len(found["error"]) <= 500
    assert "\n" not in json.dumps(found)


def test_what_is_no_json_for_its_numbers_alone_keeps_its_id():
    found = reply(b'{"id": 1, "kind": "evaluate", "input": [NaN, Infinity]}')
    assert found == {
        "id": 1,
        "success": False,
        "error": "the line is not JSON: NaN is no number there",
    }


def test_malformed_lines_do_not_end_the_session():
    lines, err, status = session([x + b"\n" for x in MALFORMED] + [SQUARE])
    assert status == 0
    assert "Traceback" not in err
    assert len(lines) == len(MALFORMED) + 1
    assert strict(lines[-1])["output"] == 9.0


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "define"},
        {"kind": "define", "module": 3},
        {"kind": "define", "module": ["hello"]},
        {"kind": "evaluate"},
        {"kind": "evaluate", "module": None, "function": "square", "input": 1},
        {"kind": "evaluate", "module": "hello", "function": {}, "input": 1},
        {"kind": "evaluate", "module": "hello", "function": "square"},
        {"kind": "evaluate", "module": "hello", "function": "square", "input": "3"},
        {"kind": "evaluate", "module": "hello", "function": "square", "input": True},
        {"kind": "evaluate", "module": "hello", "function": "square", "input": 10**400},
        {"kind": "evaluate", "module": "hello", "function": "square", "input": 1e200},
    ],
)
def test_a_message_that_lacks_something_fails_under_its_id(message):
    found = reply({"id": [1], **message})
    assert found["id"] == [1]
    assert found["success"] is False
    assert found["error"]


@pytest.mark.parametrize("message", [{"id": 4}, {"id": 4, "kind": 7}, {"id": 4, "kind": "Start"}])
def test_an_unknown_kind_is_answered_with_the_id_alone(message):
    assert reply(message) == {"id": 4}


def test_a_message_without_id_is_answered_with_null():
    assert reply({"kind": "start"})["id"] is None
    lines, _, status = session([b'{"id": 1e999, "kind": "analysis"}\n'])
    assert (lines, status) == (['{"id": null}'], 0)


X = {"x": [0.5, -1.0, 2.0]}


@pytest.mark.parametrize("runs", [0, 1, 5])
def test_runs_are_repeated_so_often_as_is_asked_for(runs):
    timings = ask("lse", "gradient", X, runs)["timings"]
    assert [t["name"] for t in timings] == ["prepare"] + ["evaluate"] * max(runs, 1)
    assert all(type(t["nanoseconds"]) is int and t["nanoseconds"] >= 0 for t in timings)


def test_runs_end_with_the_first_at_which_both_limits_hold():
    for seconds in (1e-3, 2e-2):
        timings = ask("lse", "primal", X, 2, seconds)["timings"]
        times = [t["nanoseconds"] for t in timings if t["name"] == "evaluate"]
        assert len(times) >= 2
        assert sum(times) >= seconds * 1e9
        assert len(times) == 2 or sum(times[:-1]) < seconds * 1e9


@pytest.mark.parametrize(
    "limits",
    [
        *({"min_runs": x} for x in (-1, 1.5, None, True)),
        *({"min_seconds": x} for x in ("1", None, [1])),
    ],
)
def test_limits_that_are_no_numbers_are_refused(limits):
    found = reply(
        {"id": 1, "kind": "evaluate", "module": "lse", "function": "primal", "input": X | limits}
    )
    assert found["success"] is False
    assert next(iter(limits)) in found["error"]


def test_limits_may_be_left_out():
    found = reply({"id": 1, "kind": "evaluate", "module": "lse", "function": "primal", "input": X})
    assert len(found["timings"]) == 2


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([], "x must have at least 1 entry"),
        (3.0, "x must be a list, not a number"),
        ([[1.0], [2.0]], "x[0] must be a number, not a list"),
        ([1.0, None], "x[1] must be a number, not null"),
        ([1.0, "2"], "x[1] must be a number, not a string"),
        ([True, 2.0], "x[0] must be a number, not a truth value"),
        ({"0": 1.0}, "x must be a list, not an object"),
        ([0, 10**400], "x has an entry that is too large for a float"),
    ],
)
def test_what_is_no_vector_is_refused_by_name(x, said):
    assert error("lse", "gradient", {"x": x}) == said


def test_infinite_numbers_are_refused():
    line = b'{"id": 1, "kind": "evaluate", "module": "lse", "function": "primal", "input": '
    assert reply(line + b'{"x": [1, 1e999]}}')["error"] == "x[1] is too large for a float"


def test_work_ends_at_the_time_limit():
    data = {"x": [1.0, 2.0], "n": 10**6}
    assert "--timeout" in error("llsq", "gradient", data, limit=1e-3)


@pytest.mark.parametrize("thread", [True, False])
def test_the_time_limit_is_an_ordinary_error_once_it_has_ended_the_work(thread):
    """In every thread; what catches exceptions in the work does not keep it alive."""

    def work():
        with within(0.05, "the work"):
            while True:
                with contextlib.suppress(Exception):
                    time.sleep(0.001)

    with ThreadPoolExecutor(1) as pool, pytest.raises(TimeLimit, match="the work took more than"):
        pool.submit(work).result() if thread else work()
    assert issubclass(TimeLimit, Error)


PRINTING = """
import os, sys
from admodes.lab.gradbench import evals, hello
def square(data):
    print("printed by Python")
    os.write(1, b"written by C\\n")
    os.system("echo said by a child")
    return hello.square(data)
evals.EVALS["hello"]["square"] = square
from admodes.cli import main
main(["gradbench"])
"""


def test_prints_go_to_standard_error():
    done = subprocess.run(
        [sys.executable, "-c", PRINTING],
        input=json.dumps(SQUARE),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=True,
    )
    assert strict(done.stdout)["output"] == 9.0
    assert done.stdout.count("\n") == 1
    for words in ("printed by Python", "written by C", "said by a child"):
        assert words in done.stderr


def test_answers_are_there_at_once_and_a_reader_who_leaves_is_no_error():
    tool = subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), "gradbench"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    line = json.dumps(SQUARE).encode() + b"\n"
    for _ in range(3):
        tool.stdin.write(line)
        tool.stdin.flush()
        assert strict(tool.stdout.readline())["output"] == 9.0
    tool.stdout.close()
    tool.stdin.write(line)
    tool.stdin.close()
    assert tool.wait(60) == 0
    assert tool.stderr.read() == b""
    tool.stderr.close()


def test_a_closed_input_ends_the_session():
    assert session([])[::2] == ([], 0)


def test_python_streams_serve_as_well(monkeypatch, capsys):
    import io

    from admodes.cli import main

    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(SQUARE) + "\n"))
    with pytest.raises(SystemExit) as end:
        main(["gradbench"])
    assert end.value.code == 0
    assert strict(capsys.readouterr().out)["output"] == 9.0


def test_a_timeout_that_is_none_is_misuse():
    lines, err, status = session([], "--timeout", "0")
    assert (lines, status) == ([], 2)
    assert "timeout" in err


def test_the_session_of_the_documentation():
    """Its answers, apart from the times."""
    text = (ROOT / "docs" / "gradbench.md").read_text("utf-8")
    lines = re.findall(r"^([<>]) (\{.*\})$", text, re.M)
    assert [sign for sign, _ in lines] == [">", "<"] * 3
    for (_, sent), (_, shown) in zip(lines[::2], lines[1::2]):
        found, expected = answer(sent.encode(), 60.0), strict(shown)
        assert found.keys() == expected.keys()
        assert_close(found.pop("output", 0.0), expected.pop("output", 0.0))
        times = [[t["name"] for t in x.pop("timings", [])] for x in (found, expected)]
        assert times[0] == times[1]
        assert found == expected


def test_the_folder_of_the_tool_names_all_evals():
    folder = ROOT / "examples" / "gradbench"
    assert (folder / "evals.txt").read_text("utf-8").split("\n")[:-1] == sorted(EVALS)
    last = (folder / "Dockerfile").read_text("utf-8").splitlines()[-1]
    assert last.startswith("LABEL org.opencontainers.image.source=")
