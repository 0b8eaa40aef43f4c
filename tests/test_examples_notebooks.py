"""The notebooks run from clean kernels and show what they promise, without a word of warning."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "examples" / "notebooks").glob("*.py"))
SECTIONS = "abcde"


def test_there_is_a_notebook_for_each_section_of_the_source_material():
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{letter}_" for letter in SECTIONS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_needs_numpy_and_nothing_else(path):
    tree = ast.parse(path.read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    assert names <= {"math", "numpy", "admodes"}


def test_a_newcomer_sees_a_picture_with_nothing_more_installed():
    """Without any package of the extras, and the picture is drawn by no program either."""
    extras = ("matplotlib", "resvg_py", "scipy", "llvmlite", "IPython", "PIL")
    code = f"""
import os, sys
sys.modules.update(dict.fromkeys({extras}))
os.environ["PATH"] = ""
import admodes as ad
shown = ad.graph(lambda x1, x2: x1 * ad.sin(x2), 1.0, 2.0)._repr_mimebundle_()
assert shown["image/svg+xml"].startswith("<svg"), shown
assert "v3" in shown["text/plain"], shown
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def ran(path):
    """The outputs of a notebook, cell by cell, from a kernel of its own."""
    jupytext = pytest.importorskip("jupytext", reason="needs admodes[notebooks]")
    nbclient = pytest.importorskip("nbclient", reason="needs admodes[notebooks]")
    pytest.importorskip("ipykernel", reason="needs admodes[notebooks]")
    book = jupytext.read(path)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    return [output for cell in book.cells for output in cell.get("outputs", [])]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_a_clean_kernel(path):
    outputs = ran(path)
    kinds = [output["output_type"] for output in outputs]
    assert "error" not in kinds
    assert not [output for output in outputs if output.get("name") == "stderr"]
    shown = [output["data"] for output in outputs if "data" in output]
    assert shown
    assert all("text/plain" in data for data in shown)
    pictures = [data for data in shown if "image/svg+xml" in data]
    assert pictures, "no graph"
    assert any("text/html" in data for data in shown)
