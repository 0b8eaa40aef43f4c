"""The command line: what is printed, and what bad input gets."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from wcwidth import wcswidth

import admodes

SECTION_A = ["exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)", "--at", "x1=2,x2=1"]


def test_trace_prints_every_table_of_section_a(run):
    status, out, _ = run("trace", *SECTION_A)
    assert status == 0
    squeezed = re.sub(r" +", " ", out)
    for line in (
        "v7 = v0 v6 2 × 0.14112 = 0.28224",
        "∂v6/∂x2 = ∂v6/∂v5 ∂v5/∂x2 Chain Rule (-0.989992) × 6 = -5.939955",
        "v̄7 = v̄8 ∂v8/∂v7 1 × 1 = 1",
        "y1 0.14112 2.898202",
        "y2 1 2.196612",
    ):
        assert line in squeezed
    assert max(map(wcswidth, out.splitlines())) <= 80


def test_the_named_problem_prints_the_same_tables(run):
    _, by_expression, _ = run("trace", *SECTION_A)
    _, by_name, _ = run("trace", "@cpsc532s")
    assert by_expression.splitlines()[-20:] == by_name.splitlines()[-20:]


def test_options_of_trace(run, tmp_path):
    _, out, _ = run("trace", *SECTION_A, "--mode", "forward", "--input", "x2", "--notation", "dot")
    assert "v̇6 = ∂v6/∂v5 v̇5" in out
    assert "v̄" not in out
    _, out, _ = run("trace", *SECTION_A, "--mode", "reverse", "--output", "y2", "--steps")
    assert "v̄9 += v̄11 ∂v11/∂v9" in out
    _, out, _ = run("trace", *SECTION_A, "--numbering", "griewank", "--digits", "2")
    assert "v₋₁ = x1" in out
    assert "7.39" in out
    _, out, _ = run("trace", *SECTION_A, "--seed", "x1=1,x2=0.5")
    assert "x\u03071 = 1, x\u03072 = 0.5" in out
    _, out, _ = run("trace", *SECTION_A, "--seed", "y1=1,y2=2")
    assert "y\u03041 = 1, y\u03042 = 2" in out
    _, out, _ = run("trace", *SECTION_A, "--layout", "transposed", "--tables", "jacobian")
    assert re.search(r"x2 +2.898202 +2.196612", out)
    _, out, _ = run("trace", *SECTION_A, "--symbolic", "--tables", "jacobian")
    assert "sin(3*x2**2)" in out


def test_json_is_the_contract_at_full_precision(run):
    _, out, _ = run("trace", *SECTION_A, "--format", "json")
    data = json.loads(out)
    assert data["schema"] == "admodes.trace/1"
    assert data["rows"][3]["value"] == 7.38905609893065


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv", "json"])
def test_every_command_prints_every_format(run, format):
    for command in ("trace", "jacobian", "count", "verify"):
        status, out, err = run(command, *SECTION_A, "--format", format)
        assert (status, err) == (0, "")
        assert out.endswith("\n")
    for command in ("gradient", "hessian"):
        status, out, _ = run(command, "x*y^2", "--at", "x=1,y=2", "--format", format)
        assert status == 0


def test_an_expression_that_begins_with_a_minus(run):
    status, out, _ = run("trace", "-x1*x2", "--at", "x1=1,x2=2")
    assert status == 0
    assert "v2 = -v0" in out
    status, out, _ = run("gradient", "-f*o", "--at", "f=1,o=2")
    assert status == 0
    status, out, _ = run("gradient", "--x", "--at", "x=1")
    assert status == 2


def test_save_is_atomic_and_names_what_fails(run, tmp_path):
    target = tmp_path / "t.txt"
    status, out, _ = run("trace", "@cpsc532s", "-o", str(target))
    assert (status, out) == (0, "")
    assert "Evaluation trace" in target.read_text(encoding="utf-8")
    assert os.listdir(tmp_path) == ["t.txt"]
    status, _, err = run("trace", "@cpsc532s", "-o", str(tmp_path / "no" / "t.txt"))
    assert status == 2
    assert "cannot write" in err


def test_jacobian_shows_both_modes_sweeps_and_counts(run):
    _, out, _ = run("jacobian", "x1^2", "x1*x2*x3", "--at", "x1=1,x2=2,x3=3")
    assert "forward: 3 sweeps" in out
    assert "reverse: 2 sweeps" in out
    assert "Exact operation counts" in out


def test_count_of_speelpennings_product(run):
    _, out, _ = run("count", "@speelpenning", "--format", "json")
    data = json.loads(out)
    assert data["totals"]["forward"]["multiplications"] == 480
    assert data["totals"]["reverse"]["multiplications"] == 30


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        ("x1=0,x2=0", "undecided"),
        ("x1=0,x2=-1", "saddle"),
        ("x1=1,x2=-1", "saddle"),
        ("x1=3/8,x2=-3/4", "local maximum"),
        ("x1=1,x2=1", "not stationary"),
    ],
)
def test_hessian_names_the_kind_of_the_point(run, at, kind):
    f = "(x1 + x2)*(x1*x2 + x1*x2^2)"
    _, out, _ = run("hessian", f, "--at", at, "--format", "json")
    assert json.loads(out)["kind"] == kind


def test_gradient_of_two_outputs_is_refused(run):
    status, _, err = run("gradient", *SECTION_A)
    assert status == 2
    assert "one output" in err
    assert "y1, y2" in err


def test_verify_passes_and_fails_with_its_own_status(run, file):
    status, out, _ = run("verify", "@cpsc532s")
    assert status == 0
    wrong = file(
        "import admodes as ad, numpy as np\n"
        "bad = ad.custom_rule('bad_sine', np.sin, [lambda x: -ad.cos(x)], symbol='sin')\n"
        "def f(x, y):\n    return x * bad(y)\n"
    )
    status, out, _ = run("verify", f"{wrong}:f", "--at", "x=1,y=2")
    assert status == 1
    assert "bad_sine" in out
    status, _, _ = run("verify", "ln(x)", "--at", "x=-1")
    assert status == 1


def test_domain_errors_are_values(run):
    status, out, _ = run("trace", "ln(x) + 1/y", "--at", "x=-1,y=0")
    assert status == 0
    assert "the first that is not finite" in out


def test_ops_and_problems(run):
    _, out, _ = run("ops")
    assert "sigmoid" in out
    assert "½" in out
    _, out, _ = run("problems")
    for name in ("@cpsc532s", "@osu-eq4", "@rosenbrock", "@speelpenning"):
        assert name in out
    _, out, _ = run("problems", "@cpsc532s")
    assert "2.898202" in out
    status, _, err = run("problems", "@cpsc")
    assert status == 2
    assert "cpsc532s" in err


def test_python_functions(run, file):
    path = file("import numpy as np\ndef f(x):\n    return np.sin(x[0]) * x[1]\n")
    status, out, _ = run("gradient", f"{path}:f", "--at", "x=[0, 3]")
    assert status == 0
    assert re.search(r"x1 +0 +3", out)
    path = file("def g(a, b):\n    return a * b\n", "two.py")
    _, out, _ = run("trace", f"{path}:g", "--at", "a=2,b=pi/2")
    assert "1.570796" in out


def test_debug_shows_the_traceback(run, file):
    path = file("def f(x):\n    raise KeyError('lost')\n")
    _, _, err = run("trace", f"{path}:f", "--at", "x=1", "--debug")
    assert "Traceback" in err
    assert "mine.py" in err


def test_version(run):
    assert run("--version") == (0, f"admodes {admodes.__version__}\n", "")


def test_help_has_examples_for_each_command(run):
    for command in ("trace", "jacobian", "count", "gradient", "hessian", "verify", "ops", "scale"):
        status, out, _ = run(command, "--help")
        assert status == 0
        assert f"admodes {command}" in out


def test_the_checkout_and_the_module_run_the_same_command():
    root = Path(__file__).parents[2]
    outputs = [
        subprocess.run(
            [sys.executable, *how, "gradient", "x*y", "--at", "x=2,y=3"],
            capture_output=True,
            text=True,
            cwd=root,
            check=True,
        ).stdout
        for how in (["cli.py"], ["-m", "admodes"])
    ]
    assert outputs[0] == outputs[1]
    assert "3" in outputs[0]


def test_a_closed_pipe_is_no_error():
    code = "import sys; from admodes.cli import main; main(['trace', '@cpsc532s'])"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()


def test_what_the_users_code_prints_stays_out_of_the_output(run, file):
    path = file("print('loading')\ndef f(x):\n    print('running')\n    return x * x\n")
    status, out, err = run("gradient", f"{path}:f", "--at", "x=3", "-f", "json")
    assert status == 0
    assert json.loads(out)["gradient"] == {"x": 6.0}
    assert "loading" in err
    assert "running" in err


def test_a_lost_derivative_is_said_without_its_class(run, file):
    for body in ("return float(x)", "B[0] = x\n    return B"):
        path = file(f"import numpy as np\nB = np.zeros(2)\ndef f(x):\n    {body}\n")
        _, _, err = run("trace", f"{path}:f", "--at", "x=1")
        assert err.startswith("admodes: f: ")
        assert "LostDerivative" not in err


def test_notes_of_the_trace_stand_under_the_derivatives(run):
    for command in ("gradient", "jacobian", "hessian"):
        _, out, _ = run(command, "ln(x1)", "--at", "x1=-2")
        assert "v1: the value is nan" in out
        _, out, _ = run(command, "ln(x1)", "--at", "x1=-2", "-f", "json")
        assert json.loads(out)["notes"][0].startswith("v1: the value is nan")


@pytest.mark.parametrize(
    ("f", "x", "why"),
    [
        ("ln(x)", "-2", "the value is not finite"),
        ("sqrt(x)", "0", "the gradient is not finite"),
        ("abs(x)", "0", "v1: "),
        ("7", None, "there are no inputs"),
    ],
)
def test_hessian_does_not_classify_where_the_test_does_not_apply(run, f, x, why):
    _, out, _ = run("hessian", f, *(["--at", f"x={x}"] if x else []))
    assert f"not classified: {why}" in out


@pytest.mark.parametrize("format", ["text", "latex", "json"])
@pytest.mark.parametrize("command", ["trace", "jacobian", "count", "gradient", "hessian", "verify"])
def test_a_constant_works_in_every_command(run, command, format):
    status, out, err = run(command, "7", "-f", format)
    assert (status, err) == (0, "")
    assert out


def test_several_points_are_one(run):
    _, together, _ = run("gradient", "x*y", "--at", "x=1,y=2")
    assert run("gradient", "x*y", "--at", "x=1", "--at", "y=2")[1] == together


def test_a_dash_is_standard_output(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, printed, _ = run("gradient", "x^2", "--at", "x=1")
    for name in ("-", "/dev/stdout"):
        assert run("gradient", "x^2", "--at", "x=1", "-o", name)[1] == printed
    assert not list(tmp_path.iterdir())


def test_a_seed_and_an_input_show_both_tables(run):
    _, out, _ = run("trace", *SECTION_A, "--seed", "x1=1", "--input", "x2", "--tables", "forward")
    assert "x\u03071 = 1" in out
    assert "trace for x2" in out


def test_verify_begins_with_the_title(run):
    assert run("verify", "x*y", "--at", "x=1,y=2")[1].startswith("x*y\n\n")


def test_chain_prints_the_three_orders(run):
    status, out, err = run("chain", "1,2,3,3,5,5,4")
    assert (status, err) == (0, "")
    squeezed = [" ".join(line.split()) for line in out.splitlines()]
    assert "left to right reverse (((((J1 J2) J3) J4) J5) J6) 75" in squeezed
    assert "right to left forward (J1 (J2 (J3 (J4 (J5 J6))))) 228" in squeezed
    assert "optimal reverse (((((J1 J2) J3) J4) J5) J6) 75" in squeezed
    assert max(map(wcswidth, out.splitlines())) <= 80
    _, out, _ = run("chain", "10, 10, 1, 10, 10", "--steps", "-f", "json")
    assert json.loads(out)["optimal"]["mode"] == "mixed"
    _, out, _ = run("chain", "10,10,1,10,10", "--steps")
    assert "Steps optimal, mixed mode" in out


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv", "json"])
def test_chain_prints_every_format(run, format):
    status, out, err = run("chain", "100,50,50,1", "--format", format)
    assert (status, err) == (0, "")
    assert out.endswith("\n")
    assert "255000" in out


@pytest.mark.parametrize(
    ("dims", "message"),
    [
        ("", "'' is no dimension"),
        ("3", "1 given"),
        ("1,x", "'x' is no dimension: give d0,d1"),
        ("1,,2", "'' is no dimension"),
        ("1,2.5", "'2.5' is no dimension"),
        ("-1,2", r"dims\[0\] is -1"),
        ("1," + "9" * 5000, "is no dimension"),
        (",".join(["2"] * 600), "limit is 500"),
    ],
)
def test_chain_refuses_bad_dimensions_in_one_line(run, dims, message):
    status, out, err = run("chain", dims)
    assert (status, out) == (2, "")
    assert re.search(message, err), err
    assert len(err.splitlines()) == 1
    assert len(err) < 200


def test_help_of_chain_has_examples(run):
    assert "admodes chain 1,2,3,3,5,5,4" in run("chain", "--help")[1]


def test_ops_lists_the_numpy_functions_that_are_covered(run):
    status, out, _ = run("ops", "--numpy")
    assert status == 0
    for word in ("numpy.linalg", "einsum", "cholesky", "argmax", "fill_diagonal"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("command", ["gradient", "jacobian", "hessian"])
def test_the_function_runs_once(run, file, command):
    path = file("def f(x, y):\n    print('running')\n    return x * y + abs(x)\n")
    _, out, err = run(command, f"{path}:f", "--at", "x=3,y=2")
    assert "2" in out
    assert err.count("running") == 1


def test_results_of_programs_have_all_formats(run):
    for command in (["code", "x*y", "--at", "x=1,y=2"], ["revolve", "5"]):
        for format in ("markdown", "latex", "html", "csv"):
            status, out, err = run(*command, "-f", format)
            assert (status, err) == (0, "")
            assert out
