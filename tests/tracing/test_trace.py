"""Traces: section A of the source material through the public interface, and the JSON contract."""

import json
import math

import numpy as np
import pytest

import admodes as ad
from admodes.tracing.matrices import named_gradient, named_hessian, named_jacobian

VALUES = [2, 1, 2, 7.389056, 1, 3, 0.14112, 0.28224, 7.671296, 2, 0.731059, 2.731059]
TANGENTS = {
    "x1": [1, 0, 0, 0, 0, 0, 0, 0.14112, 0.14112, 1, 0, 1],
    "x2": [0, 1, 2, 14.778112, 2, 6, -5.939955, -11.87991, 2.898202, 2, 0.196612, 2.196612],
}
ADJOINTS = {  # v11 down to v0
    "y1": [0, 0, 0, 1, 1, 2, -1.979985, -5.939955, 1, 7.389056, 2.898202, 0.14112],
    "y2": [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2.196612, 1],
}
JACOBIAN = [[0.14112, 2.898202], [1, 2.196612]]
OPS = [
    "input",
    "input",
    "multiply",
    "exp",
    "square",
    "multiply",
    "sin",
    "multiply",
    "add",
    "multiply",
    "sigmoid",
    "add",
]


def section_a(x1, x2):
    return ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)


@pytest.fixture
def a():
    return ad.trace(section_a, 2.0, 1.0)


def test_section_a_rows_and_figures(a):
    assert [row.op for row in a.rows] == OPS
    assert [row.name for row in a.rows] == [f"v{i}" for i in range(12)]
    assert [row.value for row in a.rows] == pytest.approx(VALUES, abs=5e-7)
    for name, expected in TANGENTS.items():
        assert [row.tangents[name] for row in a.rows] == pytest.approx(expected, abs=5e-7)
    for name, expected in ADJOINTS.items():
        got = [row.adjoints[name] for row in reversed(a.rows)]
        assert got == pytest.approx(expected, abs=5e-7)
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(a.jacobian[mode], JACOBIAN, atol=5e-7)


def test_section_a_symbols_and_rules(a):
    assert [row.symbolic for row in a.rows] == [
        "x1", "x2", "2 v1", "e^v2", "v1²", "3 v4", "sin v5", "v0 v6", "v3 + v7", "v0 v1", "σ(v1)",
        "v9 + v10",
    ]  # fmt: skip
    rules = {"v2": "Chain", "v3": "Chain", "v4": "Chain", "v5": "Chain", "v6": "Chain"}
    rules |= {"v7": "Product", "v8": "Sum", "v9": "Product", "v10": "Chain", "v11": "Sum"}
    for row in a.rows[2:]:
        assert row.rule == f"{rules[row.name]} Rule"
    assert [row.rule for row in a.rows[:2]] == ["-", "-"]


@pytest.mark.parametrize(
    "line",
    [
        "v2 = 2 v1       2 × 1 = 2",
        "v7 = v0 v6      2 × 0.14112 = 0.28224",
        "∂v2/∂x1 = ∂v2/∂v1 ∂v1/∂x1      Chain Rule    2 × 0 = 0",
        "∂v6/∂x2 = ∂v6/∂v5 ∂v5/∂x2      Chain Rule    (-0.989992) × 6 = -5.939955",
        "v̄7 = v̄8 ∂v8/∂v7                     1 × 1 = 1",
        "v̄5 = v̄6 ∂v6/∂v5                     2 × (-0.989992) = -1.979985",
        "∂v10/∂v1 = σ(v1)(1 - σ(v1))  σ(1)(1 - σ(1)) = 0.196612",
    ],
)
def test_section_a_printed_lines(a, line):
    squeezed = [" ".join(text.split()) for text in str(a).splitlines()]
    assert " ".join(line.split()) in squeezed


def test_the_row_with_four_contributions_shows_all_of_them(a):
    wide = a.to_table("text", width=300, tables=["reverse"], outputs=["y1"])
    assert "v̄1 = v̄2 ∂v2/∂v1 + v̄4 ∂v4/∂v1 + v̄9 ∂v9/∂v1 + v̄10 ∂v10/∂v1" in wide
    assert "[7.389056 × 2] + [(-5.939955) × 2] + [0 × 2] + [0 × 0.196612] = 2.898202" in wide
    kept = a.rows[1].contributions["y1"]
    assert [c["row"] for c in kept] == [2, 4, 9, 10]
    assert math.fsum(c["value"] for c in kept) == pytest.approx(2.898202, abs=5e-7)


def test_adjoint_rows_run_strictly_from_last_to_first(a):
    text = a.to_table("csv", tables=["reverse"], outputs=["y2"])
    order = [line.split(",")[1].split(" ")[0] for line in text.splitlines()[1:]]
    assert order == [f"v̄{i}" for i in range(11, -1, -1)]


def test_json_contract(a):
    data = json.loads(a.to_json())
    assert data["schema"] == "admodes.trace/1"
    assert data["inputs"] == [
        {"name": "x1", "row": 0, "value": 2.0},
        {"name": "x2", "row": 1, "value": 1.0},
    ]
    assert [o["name"] for o in data["outputs"]] == ["y1", "y2"]
    assert [o["row"] for o in data["outputs"]] == [8, 11]
    assert set(data["rows"][3]) == {
        "row", "name", "op", "args", "symbolic", "substituted", "value", "shape", "rule",
        "partials", "tangents", "adjoints", "contributions", "notes",
    }  # fmt: skip
    assert data["rows"][2]["args"] == [{"const": 2}, {"row": 1}]
    assert data["rows"][2]["partials"] == [None, 2]
    assert data["rows"][3]["value"] == math.exp(2.0)
    assert data["rows"][6]["tangents"]["x2"] == math.cos(3.0) * 6.0
    assert data["jacobian"]["forward"][0][1] == a.rows[8].tangents["x2"]
    assert data["jacobian"]["symbolic"] is None
    assert data["seeds"]["forward"]["x1"] == {"x1": 1.0, "x2": 0.0}


def test_json_writes_nan_and_infinities_as_strings():
    data = json.loads(ad.trace(lambda x: (ad.ln(x), ad.ln(-x), 1 / x), 0.0).to_json())
    assert [o["value"] for o in data["outputs"]] == ["-inf", "-inf", "inf"]
    data = json.loads(ad.trace(lambda x: ad.ln(x), -1.0).to_json())
    assert data["outputs"][0]["value"] == "nan"


def test_the_trace_and_the_engines_agree_to_the_last_bit(a):
    for mode in ("forward", "reverse"):
        engine = ad.jacobian(section_a, argnums=(0, 1), mode=mode)(2.0, 1.0)
        assert [list(row) for row in engine] == a.jacobian[mode]


def test_griewank_numbering_and_dot_notation():
    t = ad.trace(section_a, 2.0, 1.0, numbering="griewank")
    assert [row.name for row in t.rows][:4] == ["v-1", "v0", "v1", "v2"]
    assert [row.row for row in t.rows] == list(range(12))
    assert "v̇1 = ∂v1/∂v0 v̇0" in t.to_table(notation="dot")


def test_seeds_add_a_direction():
    t = ad.trace(section_a, 2.0, 1.0, seeds={"x1": 1, "x2": 0.5}, weights={"y1": 2, "y2": -1})
    j = np.array(t.jacobian["forward"])
    tangents = [t.rows[o["row"]].tangents["seed"] for o in t.outputs]
    np.testing.assert_allclose(tangents, j @ [1, 0.5], rtol=1e-15)
    adjoints = [t.rows[i["row"]].adjoints["seed"] for i in t.inputs]
    np.testing.assert_allclose(adjoints, np.array([2, -1]) @ j, rtol=1e-15)
    with pytest.raises(ValueError, match="no z; choose from x1, x2"):
        ad.trace(section_a, 2.0, 1.0, seeds={"z": 1})


def test_step_by_step_accumulation():
    text = ad.trace(lambda x: x * x, 3.0).to_table(steps=True, tables=["reverse"])
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines.count("v̄0 += v̄1 ∂v1/∂v0 1 × 3 = 3") == 2
    assert "v̄0 = 6" in lines


def test_transposed_layout_has_inputs_as_rows(a):
    table = a.to_table("csv", tables=["jacobian"], layout="transposed")
    assert ",x1,0.14112,1" in table
    assert ",x2,2.898202,2.196612" in table


def test_vector_input_is_one_row_per_component():
    t = ad.trace(lambda x: np.sum(np.sin(x)) * x[1], np.array([1.0, 2.0, 3.0]))
    assert [i["name"] for i in t.inputs] == ["x1", "x2", "x3"]
    assert [row.shape for row in t.rows] == [[], [], [], [3], [3], [], []]
    x = np.array([1.0, 2.0, 3.0])
    expected = np.cos(x) * 2 + [0, np.sin(x).sum(), 0]
    np.testing.assert_allclose(t.jacobian["forward"][0], expected, rtol=1e-14)
    np.testing.assert_allclose(t.jacobian["reverse"][0], expected, rtol=1e-14)


def test_indexing_an_input_vector_is_the_component_itself():
    t = ad.trace(lambda x: x[0] * x[-1], np.array([2.0, 5.0]))
    assert [row.symbolic for row in t.rows] == ["x1", "x2", "v0 v1"]


def test_vector_outputs_are_one_output_per_entry():
    t = ad.trace(lambda x: ad.stack([x * 2, x * x]), 3.0)
    assert [o["value"] for o in t.outputs] == [6.0, 9.0]
    t = ad.trace(lambda x: x * np.array([1.0, 2.0]), 3.0)
    assert t.jacobian["reverse"] == [[1.0], [2.0]]


def test_branches_and_kinks_are_noted_on_their_row():
    def f(x, y):
        z = x * y
        if z > 1:
            z = z + 1
        return ad.maximum(z, 7.0) + ad.abs(x - 2)

    t = ad.trace(f, 2.0, 3.0)
    assert t.rows[2].notes == ["branch taken: v2 > 1 is True"]
    assert t.rows[4].notes == ["max: a tie, each argument gets ½"]
    assert t.rows[6].notes == ["|·| at its kink 0"]
    assert [note.kind for row in t.rows for note in row.notes] == ["branch", "kink", "kink"]


def test_notes_know_their_kinds():
    def kinds(f, x):
        return [note.kind for row in ad.trace(f, x).rows for note in row.notes]

    assert kinds(ad.ln, -1.0) == ["value", "domain"]
    assert kinds(ad.sqrt, 0.0) == ["kink", "partial"]
    recorded = ad.record(lambda x: x * ad.value(x), 2.0)
    assert [note.kind for note in recorded.notes] == ["constant"]
    assert recorded.to_dict()["notes"] == list(map(str, recorded.notes))


def test_builtin_max_follows_one_branch_and_says_so():
    t = ad.trace(lambda x, y: max(x, y) * 2, 1.0, 5.0)
    assert any("v1 > v0 is True" in note for note in t.rows[1].notes)


def test_a_comparison_that_is_used_is_a_row():
    t = ad.trace(lambda x: ad.where(x > 1, x * 2, x), 3.0)
    assert [row.op for row in t.rows] == ["input", "greater", "multiply", "where"]
    assert t.rows[1].value is True
    assert t.rows[1].tangents == {"x": None}
    assert t.jacobian == {"forward": [[2.0]], "reverse": [[2.0]], "symbolic": None}


def test_the_first_non_finite_row_is_marked():
    t = ad.trace(lambda x: ad.exp(ad.ln(x)) + 1, -1.0)
    assert t.rows[1].notes == ["the value is nan, the first that is not finite"]
    assert t.rows[2].notes == ["the value is nan"]


def test_constants_fold_and_constant_outputs_have_no_row():
    t = ad.trace(lambda x: (x, 3.0, 2.0 * 5.0 + x), 1.0)
    assert [row.symbolic for row in t.rows] == ["x", "10 + v0"]
    assert t.outputs[1] == {"name": "y2", "row": None, "value": 3.0}
    assert t.jacobian["forward"] == [[1.0], [0.0], [1.0]]
    assert "y2" in str(t)


def test_negative_numbers_are_bracketed():
    t = ad.trace(lambda x, y: (x * y, x**2, ad.sin(x), x - y, ad.exp(y)), -1.5, -2.0)
    shown = [row.substituted for row in t.rows[2:]]
    assert shown == ["(-1.5) × (-2)", "(-1.5)²", "sin(-1.5)", "(-1.5) - (-2)", "e^(-2)"]


def test_digits_round_what_is_printed_and_nothing_else(a):
    assert "7.39" in a.to_table(digits=2)
    assert "7.389056098931" in a.to_table(digits=12)
    assert a.rows[3].value == math.exp(2.0)


def test_names_of_inputs_and_outputs():
    t = ad.trace(lambda p, q: (p, q), 1.0, 2.0, names=["a", "b"], outputs=["s", "t"])
    assert [i["name"] for i in t.inputs] == ["a", "b"]
    assert [o["name"] for o in t.outputs] == ["s", "t"]
    with pytest.raises(ValueError, match="2 different input names"):
        ad.trace(lambda p, q: p, 1.0, 2.0, names=["a"])
    with pytest.raises(ValueError, match="numbering 'one'"):
        ad.trace(lambda p: p, 1.0, numbering="one")


def test_an_unknown_word_in_a_table_option_is_named(a):
    for options in ({"tables": ["rows"]}, {"notation": "newton"}, {"outputs": ["y3"]}):
        with pytest.raises(ValueError, match=next(iter(options))):
            a.to_table(**options)
    with pytest.raises(ValueError, match="format 'pdf'"):
        a.to_table("pdf")


def test_lost_and_plain_values():
    with pytest.raises(TypeError, match=r"ad\.array"):
        ad.trace(lambda x: np.array([x, 1.0]), 1.0)
    with pytest.raises(TypeError, match="takes numbers"):
        ad.trace(lambda x: x, "1")


@pytest.mark.parametrize(
    ("exponent", "shown"),
    [
        (3, "∂v1/∂v0 = 3 v0²"),
        (2.0, "∂v1/∂v0 = 2 v0"),
        (-2, "∂v1/∂v0 = -2 v0⁻³"),
        (0.5, "∂v1/∂v0 = 0.5 v0^(-0.5)"),
        (1, "∂v1/∂v0 = 1"),
        (0, "∂v1/∂v0 = 0"),
    ],
)
def test_partials_of_a_constant_power_are_simplified(exponent, shown):
    table = ad.trace(lambda x: ad.power(x, exponent), 2.0).to_table("csv", tables=["partials"])
    assert shown in table.splitlines()[1].split(",")


def test_row_names_do_not_meet_the_names_of_the_user():
    t = ad.trace(ad.parse("v3 = sin(x1); w = v3*2; w + v3*x1"), 2.0)
    names = [row.name for row in t.rows]
    assert names == ["v0", "v1", "w", "v3", "v4"]
    t = ad.trace(lambda v1, v2: v1 * v2, 2.0, 3.0)
    assert t.rows[2].symbolic == "w0 w1"


def test_an_infinite_partial_is_noted_where_the_value_is_finite():
    t = ad.trace(lambda x: 0 * ad.sqrt(x), 0.0)
    assert any(n.startswith("∂v1/∂v0 is inf") for n in t.rows[1].notes)


def test_a_direction_named_seed_is_refused_beside_a_seed():
    with pytest.raises(ValueError, match="rename it"):
        ad.trace(lambda seed, x: seed * x, 2.0, 3.0, seeds={"x": 5.0})


def test_a_row_keeps_the_constant_that_it_was_computed_with():
    def f(x):
        c = np.array([1.0, 2.0])
        y = x + c
        c[:] = 9.0
        return y

    t = ad.trace(f, 3.0)
    assert t.rows[1].substituted == "3 + [1, 2]"
    assert ad.verify(f, 3.0).passed


@pytest.mark.parametrize("f", [lambda x: ad.sqrt(x * x), lambda x: ad.ln(x * x)])
def test_nan_of_a_reverse_sweep_is_told_where_it_begins(f):
    """An infinite adjoint times a partial of 0, where forward mode has an exact 0."""
    told = "reverse mode gives nan for ∂y/∂x: the adjoint that goes back from here is infinite"
    t = ad.trace(f, 0.0)
    assert any(note.startswith(told) for note in t.rows[2].notes)
    assert "the modes differ" in t.to_table(tables=["jacobian"])
    for named in (named_gradient, named_jacobian, named_hessian):
        assert any(note.startswith(f"v2: {told}") for note in named(f, (0.0,), outputs=["y"]).notes)
    assert "reverse mode" not in str(ad.trace(f, 1.0))
