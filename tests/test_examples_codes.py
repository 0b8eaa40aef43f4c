"""NumPy code that was not written to be differentiated is differentiated as it is."""

import ast
import sys
from pathlib import Path

import pytest

CODES = Path(__file__).parent.parent / "examples" / "codes"
sys.path.insert(0, str(CODES))

import verify  # noqa: E402


@pytest.fixture(scope="module", params=verify.CODES)
def report(request):
    return verify.check(request.param)


def test_every_code_is_checked():
    assert {path.stem for path in CODES.glob("*.py")} == {*verify.CODES, "theory", "verify"}


@pytest.mark.parametrize("name", verify.CODES)
def test_a_code_imports_numpy_and_nothing_else(name):
    tree = ast.parse((CODES / f"{name}.py").read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["import numpy as np"]


def test_both_modes_agree_with_differences(report):
    assert report.forward < verify.DIFFERENCES
    assert report.reverse < verify.DIFFERENCES


def test_hessian_times_vector_agrees_in_all_compositions(report):
    assert report.hvp < verify.DIFFERENCES


def test_derivatives_agree_with_theory(report):
    assert len(report.statements) >= 2
    assert {s: e for s, e in report.statements.items() if not e < verify.THEORY} == {}


def test_the_script_prints_a_table(capsys, monkeypatch):
    monkeypatch.setattr(verify, "CODES", ("gaussian_process",))
    assert verify.main() == 0
    printed = capsys.readouterr().out
    assert "gaussian_process" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_the_script_fails_where_a_check_fails(capsys, monkeypatch):
    monkeypatch.setattr(verify, "CODES", ("gaussian_process",))
    monkeypatch.setattr(verify, "THEORY", 0.0)
    assert verify.main() == 1
    assert "FAILED" in capsys.readouterr().out
