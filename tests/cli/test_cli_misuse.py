"""What a new user types, right and wrong: every wrong input is one line and exit status 2; what is
too large to print is refused at once."""

import re

import numpy as np
import pytest

import admodes as ad
from admodes.checkpointing.binomial import repetition

MINE = """
import numpy as np
W = np.arange(4.0)
def f(x): return np.sum(x ** 2)
def v(x): return np.sin(x) * 2
def g(x, y): return x * y, x + y
def bad(x): raise ValueError("no")
def base(x): raise GeneratorExit
def cycle(x): return x[0] * np.sum(x)
def each(x): return x * x
def warns(x): return np.log(np.array([-1.0]))[0] + x
"""

WRONG = [
    ("nosuch",),
    ("trace",),
    ("trace", "x*", "--at", "x"),
    ("trace", "x", "--at", "x="),
    ("trace", "x", "--at", "x=abc"),
    ("trace", "x", "--at", "x=1e400"),
    ("trace", "x", "--at", "x=[]"),
    ("trace", "x", "--at", "x=[[1,2],[3]]"),
    ("trace", "x", "--at", "x=normal(99999)"),
    ("trace", "x", "--at", "y=1"),
    ("trace", "x", "--at", "x=1,x=2"),
    ("trace", "x", "--at", "x=1;y=2"),
    ("trace", "x", "--at"),
    ("trace", "x", "--at", "x=1", "--digits", "99"),
    ("trace", "x", "--at", "x=1", "--format", "pdf"),
    ("trace", "x", "--at", "x=1", "--mode", "sideways"),
    ("trace", "x", "--at", "x=1", "--tables", "chairs"),
    ("trace", "x", "--at", "x=1", "--tables", ""),
    ("trace", "x", "--at", "x=1", "--mode", "forward", "--tables", "reverse"),
    ("trace", "x", "--at", "x=1", "--seed", "q=1"),
    ("trace", "x", "--at", "x=1", "--seed", "x"),
    ("trace", "x", "--at", "x=1", "--input", "q"),
    ("trace", "x", "--at", "x=1", "--output", "q"),
    ("trace", "x", "--at", "x=1", "--nosuch"),
    ("trace", "x", "--at", "x=1", "-o", "/nonexistent/x.txt"),
    ("trace", "3", "--tables", "forward"),
    ("trace", "@nosuch"),
    ("trace", "@cpsc532s-network", "--tables", "forward"),
    ("trace", "@cpsc532s-network", "--mode", "forward"),
    ("trace", "MINE"),
    ("trace", "MINE:nothing", "--at", "x=1"),
    ("trace", "MINE:W", "--at", "x=1"),
    ("trace", "MINE:f"),
    ("trace", "MINE:bad", "--at", "x=1"),
    ("trace", "MINE:base", "--at", "x=1"),
    ("trace", "nosuch.py:f"),
    ("trace", "nosuch.module:f"),
    ("gradient", "x*[1,2]", "--at", "x=1"),
    ("gradient", "MINE:g", "--at", "x=1,y=2"),
    ("hessian", "MINE:v", "--at", "x=[1,2]"),
    ("jacobian", "x", "--at", "x=1", "--layout", "diagonal"),
    ("count", "x", "--at", "x=1", "--of", "integral"),
    ("code", "x", "--at", "x=1", "-f", "svg"),
    ("sparsity", "x*y", "--at", "x=1,y=2", "-o", "/nonexistent/p.png"),
    ("explain", "x*y", "--at", "x=1,y=2", "--wrt", "q"),
    ("explain", "x*y", "--at", "x=1,y=2"),
    ("explain", "MINE:f", "--at", "x=[1,2]", "--wrt", "x1"),
    ("explain", "x", "--at", "x=1", "-o", "/nonexistent/p.svg"),
    ("report", "x", "--at", "x=1", "-o", "/nonexistent/sheet.html"),
    ("report", "x", "--at", "x=1", "-o", "sheet.docx"),
    ("report", "x", "--at", "x=1", "--preset", "nosuch"),
    ("chain", "1,2,x"),
    ("chain", "1"),
    ("chain", ""),
    ("scale", "--sizes", "0"),
    ("scale", "--sizes", "a"),
    ("scale", "--repeats", "0"),
    ("problems", "@nosuch"),
    ("ops", "--format", "svg"),
    ("revolve", "abc"),
    ("revolve", "-5"),
    ("revolve", "10", "--snapshots", "0"),
    ("revolve", "1" + "0" * 40),
    ("revolve", "99999999999999999999", "-f", "json"),
]
RIGHT = [
    ("trace", "x1*x2 + sin(x1)", "--at", "x1=1,x2=2"),
    ("trace", "-x1*x2", "--at", "x1=1,x2=2", "--mode", "reverse"),
    ("trace", "x", "--at", "x=normal(3,3)"),
    ("trace", "x*w", "--at", "x=[1,2],w=[3,4]", "--rows", "scalar"),
    ("trace", "@cpsc532s-network", "--tables", "forward", "--seed", "x=1"),
    ("trace", "1/x", "--at", "x=0"),
    ("trace", "exp(x)", "--at", "x=1000"),
    ("trace", "MINE:warns", "--at", "x=1"),
    ("jacobian", "x*w", "--at", "x=[1,2],w=[3,4]"),
    ("jacobian", "MINE:g", "--at", "x=1,y=2"),
    ("jacobian", "ln(x)", "--at", "x=-1"),
    ("gradient", "sqrt(x)", "--at", "x=0"),
    ("gradient", "MINE:warns", "--at", "x=1"),
    ("hessian", "x*y", "--at", "x=1e308,y=1e308"),
    ("hessian", "x**2 - y**2", "--at", "x=0,y=0"),
    ("hessian", "1/x", "--at", "x=inf"),
    ("count", "MINE:f", "--at", "x=[1,2,3]"),
    ("count", "x*y", "--at", "x=1,y=2", "--of", "grad"),
    ("program", "x*y", "--at", "x=1,y=2", "--of", "hessian", "--explain"),
    ("equations", "MINE:f", "--at", "x=[1,2,3]"),
    ("sparsity", "MINE:each", "--at", "x=normal(250,200)"),
    ("code", "MINE:v", "--at", "x=[1,2]"),
    ("chain", "10,10,1,10,10", "--steps"),
    ("revolve", "99999999999999999999"),
    ("revolve", "0"),
    ("problems",),
    ("problems", "cpsc532s"),
]
LARGE = "x=normal(250,200)"
TOO_LARGE = [
    ("trace", "MINE:f", "--rows", "scalar"),
    ("trace", "MINE:each", "--rows", "scalar", "--mode", "reverse"),
    ("trace", "MINE:each", "--rows", "scalar", "--tables", "evaluation"),
    ("trace", "MINE:each", "--rows", "scalar", "-f", "json"),
    ("jacobian", "MINE:each"),
    ("hessian", "MINE:f"),
    ("gradient", "MINE:f"),
]


@pytest.fixture
def typed(run, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)

    def typed_command(argv):
        return run(*(a.replace("MINE", f"{tmp_path}/mine.py") for a in argv))

    return typed_command


@pytest.mark.parametrize("argv", WRONG, ids=" ".join)
@pytest.mark.filterwarnings("error")
def test_a_wrong_input_is_one_line(typed, argv):
    status, out, err = typed(argv)
    assert (status, out) == (2, "")
    first, *more = err.splitlines()
    assert first.startswith("admodes: ")
    # An expression that cannot be read is shown with a mark under the place.
    assert not more or (len(more) == 2 and more[1].strip() == "^")


@pytest.mark.parametrize("argv", RIGHT, ids=" ".join)
@pytest.mark.filterwarnings("error")
def test_a_right_input_prints_something(typed, argv):
    status, out, err = typed(argv)
    assert (status, err) == (0, "")
    assert len(out.splitlines()) > 2


@pytest.mark.parametrize("argv", TOO_LARGE, ids=" ".join)
def test_what_is_too_large_to_print_is_refused_at_once(typed, argv):
    status, out, err = typed((*argv, "--at", LARGE))
    assert (status, out) == (2, "")
    assert "too many to print" in err
    assert any(word in err for word in ("--rows array", "sparse_jacobian", "ad.grad"))
    assert len(err.splitlines()) == 1


def test_a_large_trace_by_arrays_is_printed(typed):
    status, out, _ = typed(("trace", "MINE:each", "--at", LARGE))
    assert status == 0
    assert len(out.splitlines()) < 60


def test_the_function_itself_refuses_too():
    x = np.ones(50_000)
    with pytest.raises(ValueError, match="too many to print"):
        ad.trace(lambda x: x[0] * np.sum(x), x)
    with pytest.raises(ValueError, match="too many to print"):
        ad.trace(lambda x: np.sum(x), x, rows="scalar")


def test_a_mode_that_is_left_out_is_not_computed(typed):
    vector = "x=normal(1,1000)"
    status, _, err = typed(("trace", "MINE:f", "--rows", "scalar", "--at", vector))
    assert status == 2
    assert "tables" in err
    argv = ("trace", "MINE:f", "--rows", "scalar", "--mode", "reverse", "--at", vector)
    status, out, _ = typed(argv)
    assert status == 0
    assert "Reverse" in out


def test_names_of_the_entries_of_an_output(typed):
    _, out, _ = typed(("jacobian", "x*w", "--at", "x=[1,2],w=[3,4]", "-f", "csv"))
    lines = [line.split(",")[-5:] for line in out.splitlines() if "forward" in line]
    assert ["y1", "3", "0", "1", "0"] in lines
    assert ["y2", "0", "4", "0", "2"] in lines
    t = ad.trace(lambda x: (x, np.sum(x)), np.ones(2), outputs=["a", "b"], rows="scalar")
    assert [y["name"] for y in t.outputs] == ["a1", "a2", "b"]


@pytest.mark.parametrize("what", ["KeyboardInterrupt", "SystemExit(3)", "BaseException('x')"])
def test_a_module_that_ends_while_it_is_imported(typed, tmp_path, what):
    (tmp_path / "mine.py").write_text(MINE)
    ending = tmp_path / "ending.py"
    ending.write_text(f"raise {what}\n")
    status, out, err = typed(("trace", f"{ending}:f", "--at", "x=1"))
    assert (status, out) == (130 if what == "KeyboardInterrupt" else 2, "")
    assert len(err.splitlines()) == 1


def test_an_interrupt_inside_the_function(typed, tmp_path):
    mine = tmp_path / "stops.py"
    mine.write_text("def f(x):\n    raise KeyboardInterrupt\n")
    assert typed(("trace", f"{mine}:f", "--at", "x=1")) == (130, "", "admodes: interrupted\n")


def test_repetitions_in_closed_form():
    for snapshots in (1, 2, 3, 7, 50):
        for n in range(200):
            r = 0
            while ad.revolve(0, 1) and _reach(snapshots, r) < n:
                r += 1
            assert repetition(n, snapshots) == r
    assert ad.revolve(10**20, 1).advances == 10**20 * (10**20 - 1) // 2
    with pytest.raises(ValueError, match="not listed"):
        ad.schedule(10**20)


def _reach(snapshots, r):
    from math import comb

    return comb(snapshots + r, r)


BAD = {
    "syntax": (["trace", "x1 +* 2", "--at", "x1=1"], r"x1 \+\* 2\n.*\^"),
    "unknown function": (["trace", "sine(x)", "--at", "x=1"], r"sine.*(sin|sinh)"),
    "missing value": (["trace", "x1*x2", "--at", "x1=1"], "x2"),
    "no point": (["trace", "x1*x2"], "--at"),
    "extra value": (["trace", "x1", "--at", "x1=1,z=2"], "z"),
    "non-numeric value": (["trace", "x1", "--at", "x1=abc"], "x1|abc"),
    "import": (["trace", '__import__("os").system("echo hi")', "--at", "x=1"], r"\^"),
    "attribute": (["trace", "x.real", "--at", "x=1"], "attribute"),
    "indexing": (["trace", "x[0]", "--at", "x=1"], "index"),
    "lambda": (["trace", "(lambda: 1)()", "--at", "x=1"], "lambda|call"),
    "string": (["trace", "'a'", "--at", "x=1"], "string|text"),
    "comprehension": (["trace", "[x for x in y]", "--at", "y=1"], r"\^"),
    "tower": (["trace", "x + 9**9**9**9", "--at", "x=1"], "overflow|large|big"),
    "nested brackets": (
        ["trace", "(" * 100_000 + "x" + ")" * 100_000, "--at", "x=1"],
        "limit|most",
    ),
    "minuses": (["trace", "-" * 100_000 + "x", "--at", "x=1"], "limit|most"),
    "terms": (["trace", "+".join(["x"] * 100_000), "--at", "x=1"], "limit|most"),
    "two readings": (["trace", "1/2x", "--at", "x=1"], r"1/2\*x or as 1/\(2\*x\)"),
    "names beside each other": (["trace", "xy", "--at", "x=1,y=2"], r"did you mean x\*y"),
    "bars": (["trace", "|x|y|", "--at", "x=1,y=2"], r"abs\(…\)"),
    "no file": (["trace", "no_such_file.py:f", "--at", "x=1"], "no_such_file.py"),
    "no module": (["trace", "no.such.module:f", "--at", "x=1"], "no.such.module|no"),
    "no problem": (["trace", "@nothing"], "@nothing"),
    "bad seed": (["trace", "x", "--at", "x=1", "--seed", "q=1"], "q"),
    "bad sizes": (["scale", "--sizes", "a"], "--sizes"),
    "unknown input": (["trace", "x", "--at", "x=1", "--input", "z"], "--input z: choose from x"),
    "unknown seed": (["trace", "x", "--at", "x=1", "--seed", "q=1"], "inputs x; outputs y"),
    "empty seed": (["trace", "x", "--at", "x=1", "--seed", "x="], "--seed.*'x='"),
    "seed of letters": (["trace", "x", "--at", "x=1", "--seed", "x=a"], "--seed x=a: 'a' is not"),
    "mode without output": (
        ["trace", "x", "--at", "x=1", "--mode", "forward", "--output", "y"],
        "--output y is for the reverse table, which --mode leaves out",
    ),
    "mode without input": (
        ["trace", "x", "--at", "x=1", "--mode", "reverse", "--input", "x"],
        "--input x is for the forward table",
    ),
    "mode without table": (
        ["trace", "x", "--at", "x=1", "--mode", "forward", "--tables", "reverse"],
        "exclude each other",
    ),
    "seed without table": (
        ["trace", "x", "--at", "x=1", "--mode", "reverse", "--seed", "x=2"],
        "--seed x is for the forward table",
    ),
    "no tables": (["trace", "x", "--at", "x=1", "--tables", ""], "--tables"),
    "no sizes": (["scale", "--sizes", ""], "--sizes"),
    "large sizes": (["scale", "--sizes", "100000000000"], "100000000000 would take .* of memory"),
    "empty vector": (["trace", "x", "--at", "x=[]"], r"--at x=\[\]: a vector holds at least one"),
    "semicolon": (["trace", "x1*x2", "--at", "x1=2;x2=1"], "commas: write --at x1=2,x2=1"),
    "word": (["trace", "x", "--at", "lambda=3"], "--at lambda=3"),
    "tuple": (["trace", "(x1,x2)", "--at", "x1=1,x2=2"], "expression of its own"),
    "dots": (["trace", "...", "--at", "x=1"], "whole expression"),
    "prime": (["trace", "x'", "--at", "x=1"], "no prime"),
    "many digits": (["trace", "x", "--at", "x=1", "--digits", "99"], "--digits takes a number up"),
    "digits in words": (["trace", "x", "--digits", "few"], "--digits takes a whole number"),
    "no dimensions": (["chain"], "DIMENSIONS is missing: give them as 10,20,30"),
    "no gradient": (["check", "x", "--at", "x=1"], "--gradient is missing: give the derivative"),
    "a list by hand": (["check", "x*y", "--at", "x=1,y=2", "--gradient", "y,x"], r'"\[y,x\]"'),
    "twice": (["trace", "x", "--at", "x=1", "--at", "x=2"], "gives x twice"),
}


@pytest.mark.parametrize(("argv", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_message_and_status_2(run, argv, message):
    status, out, err = run(*argv)
    assert status == 2
    assert out == ""
    assert re.search(message, err, re.DOTALL), err
    assert "Traceback" not in err
    assert len(err) < 1000


FILES = {
    "not Python": ("def f(:\n", "syntax|Python"),
    "lacks the function": ("def g(x):\n    return x\n", r"\bf\b.*\bg\b"),
    "raises on import": ("raise RuntimeError('broken')\n", "broken"),
    "raises": ("def f(x):\n    raise KeyError('lost')\n", "KeyError"),
    "math": ("import math\ndef f(x):\n    return math.sin(x)\n", r"ad\.sin"),
    "float": ("def f(x):\n    return float(x)\n", r"ad\.value"),
    "array": ("import numpy as np\ndef f(x):\n    return np.array([x, 1.0])\n", r"ad\.array"),
    "buffer": (
        "import numpy as np\nB = np.zeros(2)\ndef f(x):\n    B[0] = x\n    return B\n",
        r"ad\.stack",
    ),
    "unknown NumPy": ("import numpy as np\ndef f(x):\n    return np.i0(x)\n", r"np\.i0"),
    "exits": ("def f(x):\n    raise SystemExit(3)\n", "f raised SystemExit: 3"),
    "exits on import": ("raise SystemExit(3)\n", "mine.py raised SystemExit: 3"),
    "many lines": ("def f(x):\n    raise ValueError('a\\n  b')\n", "f raised ValueError: a b"),
    "no number": ("def f(x):\n    return 'text'\n", "numbers"),
}


@pytest.mark.parametrize(("text", "message"), FILES.values(), ids=FILES)
def test_a_bad_file_is_one_message_and_status_2(run, file, text, message):
    status, out, err = run("trace", f"{file(text)}:f", "--at", "x=1")
    assert status == 2
    assert out == ""
    assert re.search(message, err), err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_an_error_is_told_by_what_it_is_and_not_by_where_it_was_raised(run, tmp_path):
    """NumPy raises within a kernel of admodes too, and that is an error of the function; the
    message of an error of admodes stands alone."""
    cases = {
        "x[:2] + x": "f raised ValueError: operands could not be broadcast",
        "ad.power(x)": "power takes 2 argument(s), 1 given",
        "float(x)": "f: float(), the functions of math",
        "1 // 0": "f raised ZeroDivisionError: ",
    }
    for k, (body, message) in enumerate(cases.items()):
        path = tmp_path / f"mine{k}.py"
        path.write_text(f"import admodes as ad\ndef f(x):\n    return {body}\n", "utf-8")
        status, _, err = run("trace", f"{path}:f", "--at", "x=[1,2,3]", "--rows", "array")
        assert status == 2
        assert err.startswith(f"admodes: {message}"), err
