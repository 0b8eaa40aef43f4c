"""The command graph: files by their ending, parts of large graphs, and what is refused."""

import json
import re

import pytest

COURSE = ("graph", "@cpsc532s")

LONG = """
import admodes as ad
import numpy as np

def loop(x):
    for _ in range(100_000):
        x = ad.sin(x)
    return x

def shorter(x):
    for _ in range(20_000):
        x = ad.sin(x)
    return x

def arrays(x):
    for _ in range(500):
        x = np.sin(x) * 2.0
    return np.sum(x)

DRAW = np.random.default_rng(1).integers(0, 6, 1500)
OPERATIONS = (ad.sin, ad.cos, ad.tanh, ad.exp, ad.square, ad.sqrt)

def mixed(x):
    for k in DRAW:
        x = OPERATIONS[k](x)
    return x

LINES = [f"x = OPERATIONS[{k}](x)" for k in DRAW]
exec("\\n    ".join(["def straight(x):", *LINES, "return x"]))
"""


def test_the_picture_of_the_course_goes_into_a_file(run, tmp_path):
    path = tmp_path / "g.svg"
    assert run(*COURSE, "--kind", "both", "-o", str(path)) == (0, "", "")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert text.count('class="node"') == 14
    status, out, _ = run(*COURSE, "--kind", "both", "--format", "svg")
    assert (status, out) == (0, text)


def test_one_output_has_its_adjoints_alone(run):
    _, out, _ = run(*COURSE, "--kind", "backpropagation", "-f", "svg", "--output", "y2")
    assert "2.196612" in out
    assert "2.898202" not in out


def test_around_a_row_there_are_the_rows_near_it(run):
    def rows(*options):
        _, out, _ = run(*COURSE, "-f", "svg", "--around", *options)
        return [int(row) for row in re.findall('data-row="(\\d+)"', out)]

    assert rows("v6", "--depth", "0") == [6]
    assert rows("v6", "--depth", "1") == [5, 6, 7]
    assert rows("y1", "--depth", "1") == [3, 7, 8]
    assert rows("8", "--depth", "1") == [3, 7, 8]
    assert rows("x1", "--depth", "2") == [0, 1, 6, 7, 8, 9, 11]


def test_a_part_of_a_long_list_is_drawn(run, file):
    mine = file(LONG)
    status, out, err = run("graph", f"{mine}:loop", "--at", "x=1")
    assert (status, err) == (0, "")
    assert "rounds 3 … 99998: v3 … v99998  99996 rows" in out
    at = ("--at", "x=1", "--around", "v50000", "--depth", "3", "-f", "svg")
    status, out, _ = run("graph", f"{mine}:loop", *at)
    assert status == 0
    assert [int(r) for r in re.findall('data-row="(\\d+)"', out)] == [*range(49997, 50004)]
    at = ("--at", "x=1", "--around", "v10000", "--depth", "3", "-f", "svg")
    for more in (at, at[:2]):
        status, _, err = run("graph", f"{mine}:shorter", *more, "--kind", "gradient")
        assert (status, err.count("\n")) == (2, 1)
    status, out, _ = run(
        *("graph", f"{mine}:arrays", "--at", "x=[1, 2]", "--around", "v500", "--kind", "both"),
        *("-f", "svg"),
    )
    assert status == 0
    assert "(2,)" in out


def test_what_repeats_nothing_is_too_much(run, file):
    mine = file(LONG)
    status, out, _ = run("graph", f"{mine}:mixed", "--at", "x=1")
    assert status == 0
    assert "rounds 3 … 1498: v3 … v1498  1496 rows" in out
    for more in ((), ("--collapse", "function"), ("--collapse", "none")):
        status, out, err = run("graph", f"{mine}:straight", "--at", "x=1", *more)
        assert (status, out) == (2, "")
    assert re.fullmatch(
        r"admodes: graph: \d+ nodes are too many .* --around NODE --depth K.*\n", err
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--kind", "tree"), "tree"),
        (("--format", "gif"), "--format gif: this command prints text, markdown, "),
        (("-o", "g.gif"), "-o g.gif: this command writes .txt, .md, "),
        (("-o", "graph"), "-o graph: this command writes .txt"),
        (("--format", "png"), "png is written into a file: add -o NAME.png"),
        (("--format", "png", "-o", "nosuch/g.png"), "cannot write nosuch/g.png"),
        (("-o", "nosuch/g.svg"), "cannot write nosuch/g.svg"),
        (("--output", "y3"), "no output y3: choose from y1, y2"),
        (("--around", "v99"), "around 'v99': there is no such node; choose from x1, x2"),
        (("--around", "v1", "--depth", "-1"), "--depth"),
        (("--around", "\x1b[31m\u202e"), r"\\u001b[31m\\u202e"),
    ],
)
def test_what_is_wrong_is_one_line(run, tmp_path, monkeypatch, options, message):
    pytest.importorskip("resvg_py")
    monkeypatch.chdir(tmp_path)
    status, out, err = run(*COURSE, *options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not [*tmp_path.iterdir()]


def test_programs_and_traces_are_drawn_as_the_function_is():
    import admodes as ad

    def f(x1, x2):
        return x1 * ad.sin(x2)

    drawn = ad.graph(f, 2.0, 0.5, kind="both").to_dict()
    assert ad.trace(f, 2.0, 0.5).graph("both").to_dict() == drawn
    assert ad.record(f, 2.0, 0.5).graph("both").to_dict() == drawn
    assert json.loads(json.dumps(drawn)) == drawn
    assert set(drawn) == {"schema", "kind", "nodes", "edges"}
    assert set(drawn["nodes"][0]) == {
        *("id", "row", "kind", "name", "op", "value", "shape", "adjoints")
    }
    assert set(drawn["edges"][0]) == {"from", "to", "arg", "value", "partial", "adjoints"}
