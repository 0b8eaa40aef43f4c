"""admodes presets, and the option --preset of admodes trace."""

import csv
import io
import json

import pytest

from admodes.views.presets import PRESETS

SECTION_A = ["exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)", "--at", "x1=2,x2=1"]


def titles(out):
    return list(dict.fromkeys(line[0] for line in csv.reader(io.StringIO(out))))


def test_presets_are_listed_and_one_is_a_file_to_start_from(run, tmp_path):
    status, out, err = run("presets")
    assert (status, err) == (0, "")
    assert all(f"\n{name} " in out for name in PRESETS)
    status, out, _ = run("presets", "naumann")
    assert status == 0
    path = tmp_path / "mine.toml"
    path.write_text(out.replace("Tangent-linear code", "Mein Code"), "utf-8")
    _, mine, _ = run("trace", *SECTION_A, "--preset", str(path))
    _, known, _ = run("trace", *SECTION_A, "--preset", "naumann")
    assert mine == known.replace("Tangent-linear code", "Mein Code")


def test_json_has_the_names_of_the_preset(run):
    _, out, _ = run("trace", *SECTION_A, "--preset", "wikipedia", "--format", "json")
    assert [row["name"] for row in json.loads(out)["rows"]][:3] == ["w1", "w2", "w3"]


def test_options_that_are_given_win(run):
    _, out, _ = run("trace", *SECTION_A, "--preset", "ubc")
    assert out == run("trace", *SECTION_A)[1]
    _, out, _ = run("trace", *SECTION_A, "--preset", "griewank", "--numbering", "zero", "-f", "csv")
    assert "v0 = x1" in out
    assert "v-1" not in out
    _, out, _ = run("trace", *SECTION_A, "--preset", "osu", "--mode", "forward", "-f", "csv")
    assert titles(out) == ["Evaluation", *(f"Forward tangent trace for x{i}" for i in (1, 2))]
    _, out, _ = run("trace", *SECTION_A, "--preset", "bu", "--mode", "forward", "-f", "csv")
    assert titles(out) == ["Jacobian (rows inputs, columns outputs), forward: 2 sweeps"]
    _, out, _ = run("trace", *SECTION_A, "--preset", "auto-ed", "--symbolic", "-f", "csv")
    assert [title.partition(":")[0] for title in titles(out)] == [
        *("Evaluation table for x1, x2", "Jacobian, forward", "Jacobian, reverse"),
        "Jacobian, symbolic",
    ]
    _, out, _ = run("trace", *SECTION_A, "--layout", "side-by-side", "--mode", "reverse")
    assert "Reverse adjoint trace for y1, y2" in out


def test_tables_stand_in_the_order_of_a_users_own(run, tmp_path):
    path = tmp_path / "mine.toml"
    out = run("presets", "ubc")[1]
    head, *sheets = out.split("[[sheets]]")
    path.write_text("[[sheets]]".join([head, *(s + "\n" for s in reversed(sheets))]), "utf-8")
    firsts = [title.split()[0] for title in titles(run("trace", *SECTION_A, "-f", "csv")[1])]
    _, mine, _ = run("trace", *SECTION_A, "--preset", str(path), "-f", "csv")
    in_order = [title.split()[0] for title in titles(mine)]
    assert list(dict.fromkeys(in_order)) == list(dict.fromkeys(firsts))[::-1]
    _, out, _ = run("trace", *SECTION_A, "--preset", str(path), "--mode", "forward", "-f", "csv")
    in_order = list(dict.fromkeys(title.split()[0] for title in titles(out)))
    assert in_order == ["Jacobian,", "Forward", "Local", "Evaluation"]


def test_an_array_function_is_traced_by_scalars_for_a_preset(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import numpy as np\n\ndef f(x):\n    return np.sum(x * x)\n", "utf-8")
    _, out, _ = run("trace", f"{path}:f", "--at", "x=[2, 3]", "--preset", "wikipedia")
    assert "w1 = x1" in out
    assert "w4 = x · x" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--preset", "nobody"], "preset 'nobody' is unknown; choose from ubc, griewank"),
        (["--preset", "none.toml"], "none.toml: cannot be read"),
        (["--preset", "osu", "--input", "x1"], "--preset osu leaves out"),
        (["--preset", "osu", "--rows", "array"], "--preset: only with --rows scalar"),
        (["--preset", "cs231n", "--steps"], "cs231n"),
    ],
)
def test_misuse_is_one_line(run, options, said):
    status, out, err = run("trace", *SECTION_A, *options)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_broken_file_is_one_line(run, tmp_path):
    path = tmp_path / "mine.toml"
    for text in ("letter =", "colour = 1", "tangent = 3", "\x00"):
        path.write_text(text, "utf-8")
        status, out, err = run("trace", *SECTION_A, "--preset", str(path))
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "mine.toml" in err
