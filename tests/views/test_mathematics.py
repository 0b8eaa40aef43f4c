"""Pages and Markdown show mathematics, with indices below, for all named problems; LaTeX that is
pasted compiles."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest

import admodes as ad
from admodes.problems import PROBLEMS
from admodes.tracing.matrices import named_hessian, named_jacobian
from admodes.views.dialects import dialect_of
from admodes.views.documents import document
from admodes.views.mathml import mathml
from admodes.views.render import render
from admodes.views.tables import MOST_COLUMNS, Table, matrix_of


def traces():
    for name, problem in sorted(PROBLEMS.items()):
        point = {k: np.array(v) if np.ndim(v) else v for k, v in problem.at.items()}
        yield ad.trace(problem.function, *point.values(), names=None, title=name)


@pytest.fixture(scope="module")
def shown():
    """A trace of every named problem."""
    return list(traces())


def formulas(page):
    return [ElementTree.fromstring(x) for x in re.findall(r"<math>.*?</math>", page, re.DOTALL)]


def test_pages_show_mathematics(shown):
    for t in shown:
        page = t.to_table("html")
        found = formulas(page)
        assert found
        written = "".join("".join(element.itertext()) for element in found)
        assert not set(written) & set("\\{}_$&"), t.title
        prose = re.sub(r"<math>.*?</math>", "", page, flags=re.DOTALL)
        assert not re.search(r"\\[a-z(]|_\{", prose), t.title


def test_markdown_shows_mathematics(shown):
    for t in shown:
        text = t.to_table("markdown", math=True)
        assert "\\(" not in text
        assert "\u0304" not in text
        for line in text.splitlines():
            bare = line.replace(r"\$", "")
            assert bare.count("$") % 2 == 0, line
            # A pipe in a formula would end the cell of the table.
            assert all("|" not in formula for formula in bare.split("$")[1::2]), line
    assert "$v_{2} = 2 v_{1}$" in ad.trace(lambda a, b: a + ad.exp(2 * b), 1.0, 2.0).to_table(
        "markdown", math=True
    )
    with pytest.raises(ValueError, match="math is for markdown, and the format is text"):
        shown[0].to_table("text", math=True)


def test_fragments_of_all_problems_compile_in_one_document(shown, tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("needs pdflatex")
    body = "\n".join(t.to_table("latex", fragment=True) for t in shown)
    (tmp_path / "all.tex").write_text(document(body, "latex"), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    ("tex", "elements"),
    [
        ("v_{2}", "<msub><mi>v</mi><mn>2</mn></msub>"),
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("x^23", "<msup><mi>x</mi><mn>2</mn></msup><mn>3</mn>"),
        (r"\frac{1}{x}", "<mfrac><mn>1</mn><mi>x</mi></mfrac>"),
        (r"\sqrt[3]{x}", "<mroot><mi>x</mi><mn>3</mn></mroot>"),
        (r"\text{a < b}", "<mtext>a &lt; b</mtext>"),
        ("-1", "<mo>−</mo><mn>1</mn>"),
        ("1,-2", '<mn>1</mn><mo>,</mo><mo form="prefix">−</mo><mn>2</mn>'),
        (
            r"\left(x\right)",
            '<mrow><mo stretchy="false">(</mo><mrow><mi>x</mi></mrow>'
            '<mo stretchy="false">)</mo></mrow>',
        ),
        (
            r"\left(\frac{1}{x}\right)",
            "<mrow><mo>(</mo><mrow><mfrac><mn>1</mn><mi>x</mi></mfrac></mrow><mo>)</mo></mrow>",
        ),
        ("f'", "<msup><mi>f</mi><mo>′</mo></msup>"),
        ("", ""),
    ],
)
def test_elements(tex, elements):
    assert mathml(tex) == f"<math>{elements}</math>"


@pytest.mark.parametrize(
    "tex", ["{", "}", "x^", r"\left(", r"\frac", "_", r"\begin{pmatrix} 1 &", "]"]
)
def test_what_is_cut_off_is_still_a_page(tex):
    for part in re.findall("<math>.*?</math>", mathml(tex)):
        ElementTree.fromstring(part)


def test_lines_are_broken_after_signs_between_terms():
    parts = mathml("a = -b + \\left(c + d\\right)").split(" <math>")
    assert [re.sub("<.*?>", "", part) for part in parts] == ["a=", "−b+", "(c+d)"]


def test_a_jacobian_is_a_matrix():
    t = named_jacobian(lambda x, y: (x * y, x + y), (2.0, 3.0))
    matrix = r"\begin{pmatrix} 3 & 2 \\ 1 & 1 \end{pmatrix}"
    left = r"\frac{\partial(f_{1}, f_{2})}{\partial(x, y)} = "
    assert rf"\[{left}{matrix}\]" in t.to_table("latex")
    assert f"$$\n{left}{matrix}\n$$" in t.to_table("markdown", math=True)
    assert "<mtable><mtr><mtd><mn>3</mn></mtd>" in t.to_table("html")
    transposed = t.to_table("latex", layout="transposed")
    assert r"\[D[f] = \begin{pmatrix} 3 & 1 \\ 2 & 1 \end{pmatrix}\]" in transposed
    hessian = named_hessian(lambda x, y: x * x * y, (2.0, 3.0)).to_table("latex")
    assert r"\[\nabla^{2} f(x, y) = \begin{pmatrix} 6 & 4 \\ 4 & 0 \end{pmatrix}\]" in hessian


def test_a_wide_matrix_stays_a_table():
    names = [f"x{k}" for k in range(MOST_COLUMNS + 1)]
    wide = Table("J", ["", *names], [["y", *("1" for _ in names)]], [False, *(True for _ in names)])
    wide.matrix = "J"
    assert matrix_of(wide) == ""
    assert "longtable" in render([wide], "latex")


def test_prose_between_formulas_is_escaped():
    write = dialect_of("html")
    table = Table(f"a < b & {write.math('x_{1}')}", ["A"], [["<i>"]], [False], [r"cost $5"])
    page = render([table], "html")
    assert "a &lt; b &amp; <math><msub><mi>x</mi><mn>1</mn></msub></math>" in page
    assert "<td>&lt;i&gt;</td>" in page
    markdown = render([table], "markdown+math")
    assert "$x_{1}$" in markdown
    assert r"cost \$5" in markdown


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("exp(2*x2) + x1*sin(3*x2^2)", r"e^{2 x_{2}} + x_{1} \sin \left(3 x_{2}^2\right)"),
        ("x1 - (x2 - 3)", r"x_{1} - \left(x_{2} - 3\right)"),
        ("(x1 + x2)/x2", r"\frac{x_{1} + x_{2}}{x_{2}}"),
        ("2*x1*(-3)", r"2 x_{1} \times \left(-3\right)"),
        ("a = sin(x1); y = a*x2", r"a = \sin x_{1},\quad y = a x_{2}"),
        ("7", "7"),
        ("2 x1 x2 + (x+1)(x-1)", r"2 x_{1} x_{2} + \left(x + 1\right)\left(x - 1\right)"),
        ("xᵀ W x - x·y", r"x^{\top} W x - x \cdot y"),
        ("W*(x·(y·z))", r"W \times \left(x \cdot \left(y \cdot z\right)\right)"),
        ("norm(W x)^2 + mean(x) + x[0]", r"\left\Vert W x\right\Vert^2 + \mathrm{mean}(x) + x[0]"),
        ("sum([1, x + y]) (A B)ᵀ", r"\mathrm{sum}([1, x + y])\left(A B\right)^{\top}"),
    ],
)
def test_an_expression_is_mathematics(text, latex):
    assert re.sub(r"\s", "", ad.parse(text).latex) == re.sub(r"\s", "", latex)


def test_the_title_is_mathematics(run):
    room = '<mspace width="0.17em"></mspace>'
    function = ("x1*sin(x2)", "--at", "x1=1,x2=2")
    for command in ("trace", "jacobian", "gradient", "verify", "report"):
        _, latex, _ = run(command, *function, "-f", "latex")
        assert r"\section*{$x_{1} \sin x_{2}$}" in latex
        _, page, _ = run(command, *function, "-f", "html")
        assert f"<h1><math><msub><mi>x</mi><mn>1</mn></msub>{room}<mi>sin</mi>" in page
    assert run("gradient", *function, "-f", "markdown", "--math")[1].startswith(
        "# $x_{1} \\sin x_{2}$\n"
    )
    assert run("gradient", *function)[1].startswith("x1*sin(x2)\n")
