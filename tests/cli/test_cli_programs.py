"""The commands program, code, count --of, sparsity and revolve."""

import json
import re
import subprocess
import sys

import pytest
from wcwidth import wcswidth

SECTION_A = ["exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)", "--at", "x1=2,x2=1"]
PRODUCT = ["x1*sin(x2)", "--at", "x1=2,x2=1"]
NETWORK = """
import numpy as np

def loss(W, x):
    z = W @ x
    h = np.tanh(z) if z.sum() > 0 else z
    return np.sum(h ** 2)
"""


@pytest.fixture
def network(tmp_path):
    """A file whose name needs a quote in a shell."""
    path = tmp_path / "my network.py"
    path.write_text(NETWORK, encoding="utf-8")
    return [f"{path}:loss", "--at", "W=[[1, 2, 0], [0, 1, 1]],x=[1, 0.5, 2]"]


def fits(text):
    return max(map(wcswidth, text.splitlines())) <= 80


class TestProgram:
    def test_the_list(self, run):
        status, out, err = run("program", *SECTION_A)
        assert (status, err) == (0, "")
        assert "  v7 = v0 * v6\n" in out
        assert out.endswith("  y1 = v8\n  y2 = v11\n")

    def test_arrays_names_and_guards(self, run, network):
        status, out, _ = run("program", *network)
        assert status == 0
        assert re.search(r"  z = matmul\(W, x\) +\(2,\)\n", out)
        assert "  guard v3 > 0 is True\n" in out
        assert "h = tanh(z)" in out
        assert fits(out)

    @pytest.mark.parametrize("of", ["f", "grad", "jacobian", "hessian", "hvp"])
    def test_derivatives(self, run, of, network):
        for target in (PRODUCT, network, ["@rosenbrock"]):
            status, out, err = run("program", *target, "--of", of)
            assert (status, err) == (0, "")
            assert fits(out)
        _, out, _ = run("program", *PRODUCT, "--of", of)
        ends = {"grad": "x2_bar = v", "hvp": "x2_bar_dot = v"}
        assert ends.get(of, "y") in out.splitlines()[-1]

    @pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv", "json"])
    def test_formats(self, run, network, format):
        status, out, _ = run("program", *network, "--of", "grad", "--format", format)
        assert status == 0
        assert "matmul" in out
        assert out.endswith("\n")

    def test_json_is_the_contract(self, run):
        _, out, _ = run("program", *PRODUCT, "--format", "json")
        data = json.loads(out)
        assert data["schema"] == "admodes.program/1"
        assert [row["op"] for row in data["rows"]] == ["input", "input", "sin", "multiply"]

    def test_explain_shows_the_counts_before_and_after_each_pass(self, run, network):
        status, out, _ = run("program", *network, "--of", "grad", "--explain")
        assert status == 0
        assert out.startswith("Passes of the optimiser\n")
        assert re.search(r"dead rows +\d+ → \d+", out)
        assert fits(out)
        _, out, _ = run("program", *network, "--explain", "--format", "json")
        first = json.loads(out)["effects"][0]
        assert set(first) >= {"name", "rows_before", "rows_after", "before", "after"}

    def test_optimised(self, run, network):
        rows = [
            int(run("program", *network, "--of", "grad", *more)[1].split(": ")[1].split()[0])
            for more in ([], ["--optimised"])
        ]
        assert rows[1] < rows[0]
        _, out, _ = run("program", *network, "--optimised", "--explain")
        assert out.index("loss(W, x)") < out.index("Passes of the optimiser")

    def test_rolled(self, run, tmp_path):
        path = tmp_path / "mine.py"
        path.write_text(
            "def orbit(q, p):\n    for _ in range(100):\n        p = p - q * q\n"
            "        q = q + 0.1 * p\n    return q\n",
            encoding="utf-8",
        )
        target = (f"{path}:orbit", "--at", "q=1,p=0", "--rolled")
        for more in ([], ["--optimised"], ["--of", "grad"]):
            status, out, _ = run("program", *target, *more)
            assert status == 0
            assert out.count("  for i = ") == 1 + ("grad" in more)
            assert len(out.splitlines()) <= 50

    def test_save(self, run, tmp_path):
        path = tmp_path / "list.txt"
        assert run("program", *PRODUCT, "-o", str(path))[:2] == (0, "")
        assert "sin(v1)" in path.read_text(encoding="utf-8")

    def test_misuse(self, run):
        status, out, err = run("program", *SECTION_A, "--of", "grad")
        assert (status, out) == (2, "")
        assert "one number as its result" in err
        assert run("program", *PRODUCT, "--of", "tensor")[0] == 2
        assert run("program", "@nowhere")[0] == 2
        assert run("program")[0] == 2


class TestCode:
    def test_it_prints_the_three_functions(self, run):
        status, out, err = run("code", *SECTION_A)
        assert (status, err) == (0, "")
        assert re.findall(r"def (\w+)\(", out) == ["sigmoid", "f", "f_tangent", "f_adjoint"]
        assert fits(out)

    @pytest.mark.parametrize("of", ["f", "tangent", "adjoint"])
    def test_one_of_them(self, run, of):
        _, out, _ = run("code", *PRODUCT, "--of", of)
        assert re.findall(r"def (\w+)\(", out) == ["y" if of == "f" else f"y_{of}"]
        assert out.startswith("import numpy as np\n")

    def test_what_it_prints_runs(self, run, network, tmp_path):
        path = tmp_path / "derivatives.py"
        assert run("code", *network, "-o", str(path))[0] == 0
        script = (
            "import sys; sys.modules['admodes'] = None\n"
            "import numpy as np; from derivatives import loss, loss_adjoint\n"
            "W, x, t = np.array([[1., 2, 0], [0, 1, 1]]), np.array([1., .5, 2]), 1e-6\n"
            "_, bar = loss_adjoint(W, x, 1.0)\n"
            "moved = (loss(W, x + t * bar) - loss(W, x - t * bar)) / (2 * t)\n"
            "print(abs(moved - bar @ bar) < 1e-6)"
        )
        found = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert found.stdout == "True\n"

    def test_json_and_misuse(self, run):
        _, out, _ = run("code", *PRODUCT, "--format", "json")
        data = json.loads(out)
        assert data["schema"] == "admodes.code/1"
        assert data["adjoint"].startswith("def y_adjoint(")
        assert run("code", *PRODUCT, "--format", "pdf")[0] == 2
        assert run("code", *PRODUCT, "--of", "hessian")[0] == 2
        assert run("code", "x1*", "--at", "x1=1")[:2] == (2, "")


class TestCount:
    def test_the_lines_below_the_table(self, run):
        _, out, _ = run("count", *SECTION_A)
        for word in ("critical path: 5", "bytes live at once: 40", "2.7 reverse; bound 8 to 10"):
            assert word in out
        assert fits(out)

    @pytest.mark.parametrize("of", ["f", "grad", "jacobian", "hessian", "hvp"])
    def test_of(self, run, of):
        status, out, err = run("count", *PRODUCT, "--of", of)
        assert (status, err) == (0, "")
        assert fits(out)
        _, out, _ = run("count", *PRODUCT, "--of", of, "--format", "json")
        data = json.loads(out)
        assert len(data["forward"]) == (4 if of == "hvp" else 2)
        assert data["length"] >= 2

    def test_the_gradient_costs_f_partials_and_a_sweep(self, run):
        _, out, _ = run("count", "@speelpenning", "--format", "json")
        f = json.loads(out)
        _, out, _ = run("count", "@speelpenning", "--of", "grad", "--format", "json")
        assert f["totals"]["reverse"]["multiplications"] == 30
        assert json.loads(out)["f"]["multiplications"] == 15 + 30


STENCIL = ["x1*x2", "x2*x3", "x3*x4", "--at", "x1=1,x2=2,x3=3,x4=4"]


class TestSparsity:
    @pytest.fixture(autouse=True)
    def packages(self):
        pytest.importorskip("scipy")
        pytest.importorskip("scipy")

    def test_the_pattern_as_text(self, run):
        status, out, err = run("sparsity", *STENCIL)
        assert (status, err) == (0, "")
        assert out == (
            "3 × 4, 6 entries (50 %)\nforward: 2 forward sweeps\n"
            "entries by their group, the sweep that finds them; · is always zero\n"
            "│ 01·· │\n│ ·10· │\n│ ··01 │\n"
        )

    def test_a_hessian_and_json(self, run):
        _, out, _ = run("sparsity", "x1*x2 + x3^2", "--at", "x1=1,x2=1,x3=1", "--of", "hessian")
        assert "3 entries" in out
        _, out, _ = run("sparsity", *STENCIL, "--format", "json")
        assert json.loads(out)["nnz"] == 6

    def test_one_array_stays_one(self, run, network):
        status, out, _ = run("sparsity", "@rosenbrock", "--of", "hessian")
        assert status == 0
        assert "2 × 2, 4 entries" in out

    @pytest.mark.parametrize("option", ["-o", "--save", "--output"])
    def test_a_picture(self, run, tmp_path, option):
        pytest.importorskip("matplotlib")
        path = tmp_path / "pattern.png"
        assert run("sparsity", *STENCIL, option, str(path))[:2] == (0, "")
        assert path.read_bytes().startswith(b"\x89PNG")
        text = tmp_path / "pattern.txt"
        assert run("sparsity", *STENCIL, option, str(text))[0] == 0
        assert "6 entries" in text.read_text(encoding="utf-8")

    def test_misuse(self, run, tmp_path):
        status, out, err = run("sparsity", *STENCIL, "--of", "hessian")
        assert (status, out) == (2, "")
        assert len(err.splitlines()) == 1
        assert run("sparsity", *STENCIL, "--of", "tensor")[0] == 2


class TestRevolve:
    def test_the_table(self, run):
        status, out, err = run("revolve", "100", "--snapshots", "5")
        assert (status, err) == (0, "")
        # C(5 + 4, 5) = 126 ≥ 100 > C(5 + 3, 5) = 56: four repetitions; 4·100 - C(9, 3) = 316.
        assert re.search(r"5 \* +6 +\S+ +4 +316 +417 ", out)
        assert fits(out)

    @pytest.mark.parametrize("format", ["markdown", "latex", "html", "csv", "json"])
    def test_formats(self, run, format):
        status, out, _ = run("revolve", "10", "--snapshots", "3", "--format", format)
        assert status == 0
        assert "advances" in out

    def test_a_picture(self, run, tmp_path):
        pytest.importorskip("matplotlib")
        path = tmp_path / "schedule.svg"
        assert run("revolve", "10", "-o", str(path))[:2] == (0, "")
        assert "<svg" in path.read_text(encoding="utf-8")
        status, _, err = run("revolve", "10", "-o", str(tmp_path / "no" / "schedule.svg"))
        assert status == 2
        assert "cannot write" in err

    def test_misuse(self, run):
        for argv in (["10", "--snapshots", "0"], ["-3"], ["ten"], []):
            status, out, err = run("revolve", *argv)
            assert (status, out) == (2, "")
            assert err


@pytest.mark.parametrize("command", ["program", "code", "count", "sparsity", "revolve"])
def test_help_has_examples(run, command):
    status, out, _ = run(command, "--help")
    assert status == 0
    assert f"admodes {command} " in out
    assert max(map(wcswidth, out.splitlines())) <= 80
