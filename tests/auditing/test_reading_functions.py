"""The function that the rows of a table compute, read from them alone."""

import pytest

import admodes as ad
from admodes.auditing.function_of_rows import definitions_of, function_of_rows
from admodes.auditing.reading import tables_of
from admodes.errors import BadValue
from admodes.views.presets import PRESETS

F = ad.parse("y1 = x1 x2 + sin(x1) / x2", "y2 = exp(-x1) x2^2 + sigmoid(x2)")
POINT = (2.0, -3.25)
WITH_ROWS = [name for name, preset in PRESETS.items() if set(preset.kinds) - {"jacobian"}]


@pytest.mark.parametrize("preset", WITH_ROWS)
@pytest.mark.parametrize("format", ["csv", "text", "html", "latex"])
def test_every_preset_says_its_function_and_point(preset, format):
    trace = ad.trace(F, *POINT)
    read = function_of_rows(tables_of(trace.to_table(format, preset=preset)))
    assert read.names == ("x1", "x2")
    assert read.args == POINT
    assert read.function.outputs == ("y1", "y2")
    for point in (POINT, (0.3, 1.7)):
        assert read.function(*point) == pytest.approx(F(*point), rel=1e-14)


@pytest.mark.parametrize(
    ("document", "names", "args", "outputs"),
    [
        ("a|2\n-|-\nb|1\nt1 = a b|2\nw_3 = sin(t1) + b|1.9\n", ("a", "b"), (2, 1), 1.909297),
        ("E,V\ny = c,5\nc = a + b,5\nb = x2,3\na = x1,2\n", ("x1", "x2"), (2, 3), 5),
        ("x1 = 2\nx2 = 1\nz = log(x1 x2) sin(x2) = 0.58\n", ("x1", "x2"), (2, 1), 0.583263),
        ("name,op,formula,value\nv0,input,x1,2\nv1,square,v0²,2² = 4\n", ("x1",), (2,), 4),
        ("W[1,1] = 2\nW[1,2] = 3\ny = 5 W[1,1] + W[1,2]\n", ("W_1_1", "W_1_2"), (2, 3), 13),
        ("w = 2\nx = 3\nb = 1\ny = wx + b = 7\n", ("b", "w", "x"), (1, 2, 3), 7),
        ("v0 = x1,1/3 = 0.333\nv1 = 3 v0,1\n", ("x1",), (1 / 3,), 1),
        ("v0 = x1,2\nv1 = e^v0,7.389\nv2 = v1 - 2 v0^3,-8.611\n", ("x1",), (2,), -8.610944),
        (r"\begin{align}v_{-1}&=x_1=3\\v_0&=2\sqrt{v_{-1}}\end{align}", ("x1",), (3,), 3.464102),
    ],
)  # fmt: skip
def test_rows_by_hand(document, names, args, outputs):
    read = function_of_rows(tables_of(document))
    assert read.names == names
    assert read.args == args
    assert read.function(*read.args) == pytest.approx(outputs, abs=1e-6)


def test_the_definitions_have_their_places():
    tables = tables_of("E,V\nv0 = x1,2\nv1 = 2 v0,2 × 2 = 4\nv̇1 = 2 v̇0,2\nv0d = 1,1\n")
    read = [(d.name, d.formula, d.number, d.table, d.row) for d in definitions_of(tables)]
    assert read == [("v0", "x1", "2", 0, 0), ("v1", "2 v0", "4", 0, 1)]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("v0 = x1,2\nv8 = v3 + v0,3\n", "v8 = v3 . v0 uses v3, which no row computes"),
        ("E,V\nv0 = x1,\nv1 = 2 v0,3\n", "v0 = x1 has no number: write that of x1"),
        ("v0 = x1,2\nv1 = v2 + v0,3\nv2 = v1,3\n", "rows v1, v2 use each other"),
        ("v0 = x1,2\nv1 = v1 + v0,3\n", "v1 = v1 . v0 uses itself"),
        ("v0 = x1,2\nv1 = frob(v0),3\n", "v1 = frob.v0. cannot be read: .*frob"),
        ("v0 = x1,2\nv1 = __import__('os').system('true') + v0,3\n", "cannot be read"),
        ("a,b\n1,2\n3,4\n", "no row says what it computes"),
        (",x1,x2\ny1,1,2\n", "no row says what it computes"),
    ],
)
def test_what_is_missing_is_named(document, message):
    with pytest.raises(BadValue, match=message) as error:
        function_of_rows(tables_of(document))
    assert "\n" not in str(error.value)


def test_names_and_formulas_may_stand_in_columns_of_their_own():
    text = r"""\begin{tabular}{llllll}
    Name & Expression & Evaluation & Rule & $\partial/\partial x_1$ & $\bar v$ \\
    x1 & - & 2 & - & 1 & 36 \\ v1 & $x_1^3$ & $2^3 = 8$ & Power Rule & 12 & 3 \\
    v2 & $3 v_1$ & 24 & Chain Rule & 36 & 1 \end{tabular}"""
    read = function_of_rows(tables_of(text))
    assert (read.names, read.args, read.function(2.0)) == (("x1",), (2.0,), 24.0)


def test_a_gradient_is_no_point():
    text = "E,V\nv0 = x1,2\nv1 = v0²,4\n\nGradient,\nx1,4\n"
    assert function_of_rows(tables_of(text)).args == (2.0,)
    backward = (
        r"Going backward \begin{align}x_1&=2\\z_1&=x_1^2=4\\\bar z_1&=1\\\bar x_1&=4\end{align}"
    )
    assert function_of_rows(tables_of(backward)).args == (2.0,)


def test_letters_of_rows_are_no_products_inside_the_names_of_functions():
    rows = "x = 0.5\nt = x + 1 = 1.5\na = 2 t = 3\nn = a - t = 1.5\nh = tanh n = 0.905\n"
    assert function_of_rows(tables_of(rows)).function(0.5) == pytest.approx(0.905148, abs=1e-6)


def test_after_cc_dd_is_a_letter_twice_and_no_derivative_of_d():
    rows = "x1 = 2,2\nc = x1^2,4\nd = 3 c,12\ncc = sin d,-0.54\ndd = cc d,-6.44\n"
    assert function_of_rows(tables_of(rows)).function.outputs == ("dd",)
