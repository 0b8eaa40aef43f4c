"""Documents become tables with the numbers that are in them, whatever the format and the layout."""

import json

import numpy as np
import pytest

import admodes as ad
from admodes.auditing.plain_mathematics import plain_text
from admodes.auditing.reading import tables_of
from admodes.errors import BadType, BadValue
from admodes.views.presets import PRESETS

FUNCTIONS = {
    "scalars": (("y1 = x1 x2 + sin(x1) / x2", "y2 = exp(-x1) x2^2 + 1e-7 x1"), (2.0, -3.25)),
    "courses": (("y1 = e^(2 x2) + x1 sin(3 x2^2)", "y2 = x1 x2 + sigmoid(x2)"), (2.0, 1.0)),
    "names": (("loss = ln(rate) sqrt(rate) max(w_in, 1/3)",), (0.8, 12345.678)),
}
FORMATS = ("text", "markdown", "markdown+math", "latex", "html", "csv")


def written(trace: ad.Trace, format: str, preset: str) -> str:
    base, _, math = format.partition("+")
    return trace.to_table(base, preset=preset, **({"math": True} if math else {}))


def number(text: str) -> float | None:
    try:
        return float(text.rpartition("=")[2])
    except ValueError:
        return None


def numbers(table) -> list[list[float]]:
    """The numbers of each row, after the last sign of equality of a cell."""
    values = ([number(cell.text) for cell in row] for row in table.rows)
    return [[x for x in row if x is not None] for row in values]


def texts(table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


@pytest.fixture(scope="module")
def traces() -> dict[str, ad.Trace]:
    return {name: ad.trace(ad.parse(*f), *point) for name, (f, point) in FUNCTIONS.items()}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_all_formats_of_a_preset_hold_the_same_numbers(traces, function, preset):
    read = {f: tables_of(written(traces[function], f, preset)) for f in FORMATS}
    expected = [numbers(table) for table in read["csv"]]
    assert sum(map(len, expected)) > 2
    for format, tables in read.items():
        assert [numbers(table) for table in tables] == expected, format
        assert [len(table.rows) for table in tables] == [len(t.rows) for t in read["csv"]], format
        assert all(table.heading for table in tables), format


def test_the_numbers_of_a_preset_are_those_of_the_trace(traces):
    trace = traces["courses"].to_dict()
    evaluation, partials, *sweeps = tables_of(written(traces["courses"], "html", "ubc"))
    assert numbers(evaluation)[:12] == [
        [pytest.approx(row["value"], abs=1e-6)] for row in trace["rows"]
    ]
    held = [
        partial
        for row in trace["rows"]
        for arg, partial in zip(row["args"], row["partials"])
        if "row" in arg
    ]
    assert [row[-1] for row in numbers(partials)] == pytest.approx(held, abs=1e-6)
    forward = [[pytest.approx(row["tangents"]["x2"], abs=1e-6)] for row in trace["rows"]]
    assert numbers(sweeps[1])[:12] == forward
    backward = [[pytest.approx(row["adjoints"]["y1"], abs=1e-6)] for row in trace["rows"][::-1]]
    assert numbers(sweeps[2]) == backward
    assert numbers(sweeps[4]) == [
        pytest.approx(row, abs=1e-6) for row in trace["jacobian"]["forward"]
    ]


@pytest.mark.parametrize("format", ["markdown+math", "latex", "html"])
def test_formulas_become_those_of_text_tables(traces, format):
    for preset in ("ubc", "griewank", "naumann", "tapenade", "cs231n"):
        for name in ("courses", "names"):
            plain = tables_of(written(traces[name], "text", preset))
            for table, other in zip(plain, tables_of(written(traces[name], format, preset))):
                assert texts(table) == texts(other)
                assert [c.text for c in table.head] == [c.text for c in other.head]


def test_a_trace_is_read_from_data_from_json_and_from_a_file(traces, tmp_path):
    trace = traces["courses"]
    path = tmp_path / "trace.json"
    path.write_text(trace.to_json() if hasattr(trace, "to_json") else json.dumps(trace.to_dict()))
    read = [tables_of(d) for d in (trace.to_dict(), path.read_text(), path)]
    assert read[0] == read[1] == read[2]
    headings = [table.heading for table in read[0]]
    assert headings[0] == "Evaluation trace"
    assert "Reverse adjoint trace for y2" in headings
    values = [row["value"] for row in trace.to_dict()["rows"]]
    assert [row[-1] for row in numbers(read[0][0])][:12] == values  # all digits


def test_a_trace_of_arrays_is_read():
    trace = ad.trace(lambda W, x: W @ x, np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.0]))
    assert texts(tables_of(trace.to_dict())[0])[-1][-1] == "[5, 11]"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (
            r"$\bar{v}_{1} = \dfrac{\partial v_2}{\partial v_1} \cdot 2 = −5$",
            "v̄1 = ∂v2/∂v1 × 2 = -5",
        ),
        (r"\(\dot v_3 = \mathrm{e}^{2 v_1}\,\dot v_1\)", "v̇3 = e^(2 v1) v̇1"),
        (r"$\frac{dy}{dx}$", "dy/dx"),
        (r"\frac{1 - v_1}{2 v_2}", "(1 - v1) / (2 v2)"),
        (r"2\frac{a}{b}", "2 (a / b)"),
        (r"\left[3 \times 1\right] + \left[2\cdot(-4)\right]=-5", "[3 × 1] + [2 × (-4)] = -5"),
        (r"\operatorname{relu}\left(v_1\right)", "relu(v1)"),
        (r"\sigma(v_1)\,(1-\sigma(v_1))", "σ(v1) (1 - σ(v1))"),
        (r"\overline{\mathit{loss}}", "adj(loss)"),
        (r"v_{-1}", "v₋₁"),
        ("v₂ = x₁²", "v2 = x1²"),
        ("e^v2", "e^v2"),
        (r"x_1^{12}", "x1¹²"),
        (r"\sqrt{v_1} + \sqrt[3]{8} + \sqrt{a + b}", "√v1 + ∛8 + √(a + b)"),
        (r"W_{1,2} + (W_1)_{1,2}", "W[1,2] + W1[1,2]"),
        (r"W_2^\top \hat{h} \odot \bar{y}", "W2ᵀ h\u0302 ⊙ y\u0304"),
        (r"1.5 \times 10^{-7}", "1.5e-07"),
        ("10⁻⁷", "1e-07"),
        (r"2 \times 10^2 = 200", "2 × 10² = 200"),
        (r"14.1\,\%", "0.141"),
        (r"12\,345.5", "12345.5"),
        (r"\textcolor{red}{$-0.5$}", "-0.5"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "[[1, 2], [3, 4]]"),
        ("‐0.5 – 2", "-0.5 - 2"),
        ("forward-mode", "forward-mode"),
        ("–", "-"),
        ("x1x2", "x1 x2"),
    ],
)
def test_mathematics_becomes_plain_text(written, text):
    assert plain_text(written) == text


@pytest.mark.parametrize(
    ("document", "head", "rows"),
    [
        ("E | Value\n--- | ---\n$v_0 = x_1$ | **2**\n", ["E", "Value"], [["v0 = x1", "2"]]),
        ("|f|v|\n|:-:|-:|\n|$|v_0|$|2\\|3|\n|a|", ["f", "v"], [["|v0|", "2|3"], ["a", ""]]),
        ("| v0 = x1 | 2 |\n|---|---|\n| v1 | 1.5 |\n", [], [["v0 = x1", "2"], ["v1", "1.5"]]),
        ("A;W\nv0;0,141\nv1;1.234,5\n", ["A", "W"], [["v0", "0.141"], ["v1", "1234.5"]]),
        ('A,W\nv0,"1,234.5"\nv1,2\n', ["A", "W"], [["v0", "1234.5"], ["v1", "2"]]),
        ("E,V\nv0,2\nv5 = max(v1, v0),3\n", ["E", "V"], [["v0", "2"], ["v5 = max(v1, v0)", "3"]]),
        ("\ufeffE\tV\nv0 = x1\t2\n", ["E", "V"], [["v0 = x1", "2"]]),
        ("E,V\nv-1 = x1,2\nv1 = 3*v-1,6\n", ["E", "V"], [["v₋₁ = x1", "2"], ["v1 = 3 × v₋₁", "6"]]),
        ("v0 = x1 = 2\nv1 = 2 v0 = 4\n", [], [["v0", "x1 = 2"], ["v1", "2 v0 = 4"]]),
        ("∂/∂x sin x = −cos x", [], [["∂/∂x sin x", "-cos x"]]),
        ("E      Value\nv0     2\nv1     1\n", ["E", "Value"], [["v0", "2"], ["v1", "1"]]),
    ],
)  # fmt: skip
def test_tables_by_hand(document, head, rows):
    (table,) = tables_of(document)
    assert [cell.text for cell in table.head] == head
    assert texts(table) == rows


def test_what_is_no_document_and_what_has_no_table():
    with pytest.raises(BadValue, match="no table can be read from the text"):
        tables_of("Nothing of this is a table, at all.")
    with pytest.raises(BadType, match="int is no document"):
        tables_of(3)
    with pytest.raises(BadValue, match="schema 'x'"):
        tables_of({"schema": "x"})
    with pytest.raises(BadValue, match="does not hold what"):
        tables_of({"schema": "admodes.trace/1", "rows": [{}]})
