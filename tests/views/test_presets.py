"""Each preset prints a trace as its source does, with the source's figures; a user's own comes from
a file. The figures are typed from the sources: Griewank and Walther 2008, tables 1.2 and 1.3;
Baydin and others 2018, tables 2 and 3; the courses' own examples."""

import csv
import io
import json
import re
import unicodedata

import pytest

import admodes as ad
from admodes.views.preset_files import preset_of
from admodes.views.presets import PRESETS, UBC
from admodes.views.render import FORMATS

BABY = ad.parse("v1 = x1/x2; v2 = sin(v1); v3 = exp(x2); v4 = v1 - v3; y = (v2 + v4)*v4")
SURVEY = ad.parse("ln(x1) + x1*x2 - sin(x2)")
SECTION_A = ad.parse("exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)", inputs=["x1", "x2"])
OSU = ad.parse("ln(x1 + sin(x1)) * max(x2, x3) * 2")


def section_a():
    return ad.trace(SECTION_A, 2.0, 1.0)


def tables(t, preset, **options):
    """Title → lines of cells, the head first, as CSV has them; accents in one sign with letters."""
    found = {}
    text = unicodedata.normalize("NFC", t.to_table("csv", preset=preset, **options))
    for title, *cells in csv.reader(io.StringIO(text)):
        found.setdefault(title, []).append(cells)
    return found


def names(lines, column=0):
    """What is assigned in a column, from top to bottom."""
    return [line[column].partition(" = ")[0] for line in lines[1:]]


def figures(lines, column=0, value=1):
    """Name → the number that is printed beside it."""
    held = (line for line in lines[1:] if line[value])
    return {
        line[column].partition(" = ")[0]: float(line[value].rpartition("= ")[2]) for line in held
    }


def accented(names, sign):
    return [unicodedata.normalize("NFC", n[0] + sign + n[1:]) for n in names]


def dotted(names):
    return accented(names, "\u0307")


def barred(names):
    return accented(names, "\u0304")


def check(found, expected, digits=4):
    for name, figure in expected.items():
        assert found[name] == pytest.approx(figure, abs=0.51 * 10.0**-digits), name


def test_ubc_is_the_default():
    t = section_a()
    for format in FORMATS:
        assert t.to_table(format, preset="ubc") == t.to_table(format)
    assert preset_of("ubc") is UBC
    assert [line[0] for line in tables(t, "ubc")["Evaluation trace"][3:5]] == [
        "v2 = 2 v1",
        "v3 = e^v2",
    ]


def test_griewank():
    """The baby example at (1.5, 0.5), whose definitions have the book's numbers."""
    t = ad.trace(BABY, 1.5, 0.5)
    found = tables(t, "griewank", digits=4)
    forward = found["Forward-derived evaluation trace for x1"]
    rows = ["v-1", "v0", "v1", "v2", "v3", "v4", "v5", "v6"]
    assert names(forward)[::2] == [*rows, "y"]
    assert names(forward)[1::2] == dotted([*rows, "y"])
    assert forward[5:9] == [
        ["v1 = v-1 / v0", "1.5 / 0.5 = 3"],
        ["v̇1 = (1 / v0) * v̇-1 + (-v-1 / v0²) * v̇0", "2 * 1 + (-6) * 0 = 2"],
        ["v2 = sin v1", "sin 3 = 0.1411"],
        ["v̇2 = cos v1 * v̇1", "(-0.99) * 2 = -1.98"],
    ]
    # The book prints v6 = 2.0167, the product of its rounded factors.
    check(figures(forward), {"v3": 1.6487, "v4": 1.3513, "v5": 1.4924, "v6": 2.0166, "y": 2.0166})
    check(figures(forward), {"v̇3": 0, "v̇4": 2, "v̇5": 0.02, "v̇6": 3.0118, "ẏ": 3.0118})
    back = found["Reverse-derived evaluation trace for y"]
    assert names(back) == [*rows, "y", *reversed(barred(rows)), "x̄1", "x̄2"]
    assert back[10:13] == [
        ["v̄6 = ȳ", "1"],
        ["v̄5 = v̄6 * v4", "1 * 1.3513 = 1.3513"],
        ["v̄4 = v̄5 + v̄6 * v5", "1.3513 + 1 * 1.4924 = 2.8437"],
    ]
    check(figures(back), {"v̄3": -2.8437, "v̄2": 1.3513, "v̄1": 1.5059, "x̄1": 3.0118})
    check(figures(back), {"v̄0": -13.7239, "x̄2": -13.7239}, 3)


def test_baydin():
    """y = ln x1 + x1 x2 - sin x2 at (2, 5)."""
    t = ad.trace(SURVEY, 2.0, 5.0)
    found = tables(t, "baydin", digits=3)
    forward, back = found["Forward mode for x1"], found["Reverse mode for y"]
    rows = ["v-1", "v0", "v1", "v2", "v3", "v4", "v5", "y"]
    assert len(forward[0]) == 4
    assert names(forward) == [rows[0], rows[1], "v1", "v2", "v3", "v4", "v5", "y"]
    assert names(forward, 2) == dotted(rows)
    assert names(back, 2) == barred(rows)
    assert forward[3] == ["v1 = ln v-1", "ln 2 = 0.693", "v̇1 = v̇-1 × (1 / v-1)", "1 × 0.5 = 0.5"]
    assert forward[4][2:] == ["v̇2 = v̇-1 × v0 + v̇0 × v-1", "1 × 5 + 0 × 2 = 5"]
    check(figures(forward), {"v1": 0.693, "v2": 10, "y": 11.652}, 3)
    check(figures(forward, 2, 3), {"v̇1": 0.5, "v̇2": 5, "ẏ": 5.5}, 3)
    check(figures(back, 2, 3), {"v̄-1": 5.5, "v̄0": 1.716, "ȳ": 1}, 3)
    assert back[-1][2:] == ["ȳ = 1", "1"]


def test_wikipedia():
    """x1 x2 + sin x1: w3 = w1·w2, w4 = sin w1, w5 = w3 + w4."""
    t = ad.trace(ad.parse("x1*x2 + sin(x1)"), 2.0, 3.0)
    found = tables(t, "wikipedia")
    forward, back = found["Forward accumulation for x1"], found["Reverse accumulation for y"]
    assert [(line[0], line[2]) for line in forward[1:6]] == [
        ("w1 = x1", "ẇ1 = ẋ1"),
        ("w2 = x2", "ẇ2 = ẋ2"),
        ("w3 = w1 · w2", "ẇ3 = w2 · ẇ1 + w1 · ẇ2"),
        ("w4 = sin w1", "ẇ4 = cos w1 · ẇ1"),
        ("w5 = w3 + w4", "ẇ5 = ẇ3 + ẇ4"),
    ]
    assert [line[0] for line in back[1:6]] == [
        "w̄5 = ȳ",
        "w̄4 = w̄5",
        "w̄3 = w̄5",
        "w̄2 = w̄3 · w1",
        "w̄1 = w̄3 · w2 + w̄4 · cos w1",
    ]
    check(figures(forward, 2, 3), {"ẇ1": 1, "ẇ2": 0, "ẏ": 3 - 0.416147}, 6)
    check(figures(back), {"w̄1": 2.583853, "w̄2": 2}, 6)


def test_auto_ed():
    """One table with a column of gradients for each input; section A's tangents."""
    (lines,) = tables(section_a(), "auto-ed").values()
    assert lines[0] == ["Trace", "Value", "Elementary derivative", "∇x1", "∇x2"]
    assert names(lines)[:12] == [f"x{i}" for i in range(1, 13)]
    assert lines[3][0] == "x3 = 2 x2"
    assert lines[7][2] == "ẋ7 = cos x6 × ẋ6"
    check(figures(lines), {"x9": 7.671296, "x12": 2.731059}, 6)
    check(figures(lines, 0, 3), {"x8": 0.14112, "x10": 1, "y1": 0.14112, "y2": 1}, 6)
    check(figures(lines, 0, 4), {"x7": -5.939955, "x8": -11.87991, "y1": 2.898202}, 6)


def test_osu():
    """Equation 4 of the homework at (5, -2, -5)."""
    t = ad.trace(OSU, 5.0, -2.0, -5.0)
    found = tables(t, "osu")
    rows = ["x1", "x2", "x3", "a", "b", "c", "d", "e", "f"]
    assert [row["name"] for row in json.loads(t.to_table("json", preset="osu"))["rows"]] == rows
    assert names(found["Evaluation"]) == [*rows, "y"]
    check(figures(found["Evaluation"]), {"a": -0.958924, "b": 4.041076, "c": 1.396511}, 6)
    check(figures(found["Evaluation"]), {"d": -2, "e": -2.793022, "y": -5.586044}, 6)
    back = found["Backward pass for y"]
    assert back[4] == ["∂y/∂c = ∂y/∂e ∂e/∂c", "2 × (-2) = -4"]
    bars = {"e": 2, "d": 2.793022, "c": -4, "b": -0.989835, "a": -0.989835}
    bars |= {"x1": -1.270614, "x2": 2.793022, "x3": 0}
    check(figures(back), {f"∂y/∂{n}": x for n, x in bars.items()}, 6)


def test_letters_leave_out_the_users_own():
    t = ad.trace(ad.parse("a = sin(x)*x; y = cos(a)"), 2.0)
    assert [row.name for row in t.under("osu").rows] == ["x", "b", "a", "c"]


def test_toronto():
    """The slide's z = w x + b, y = σ(z), L = ½(y - t)²: ȳ = L̄ (y - t), z̄ = ȳ σ′(z), w̄ = z̄ x,
    b̄ = z̄; at w = 1, x = 2, b = -2, t = 0 that is ½, ⅛, ¼, ⅛."""
    f = ad.parse("z = w*x + b; y = sigmoid(z); r = y - t; L = r**2/2", inputs=[*"wbxt"])
    t = ad.trace(f, 1.0, -2.0, 2.0, 0.0)
    found = tables(t, "toronto")
    back = found["Computing the derivatives of L"]
    assert names(back)[0] == "L̄"
    assert names(back)[-4:] == ["t̄", "x̄", "b̄", "w̄"]
    lines = dict(line[0].split(" = ") for line in back[1:])
    assert lines["z̄"] == "ȳ σ(z)(1 - σ(z))"
    assert lines["b̄"] == "z̄"
    assert lines["L̄"] == "1"
    check(figures(back), {"L̄": 1, "ȳ": 0.5, "z̄": 0.125, "w̄": 0.25, "b̄": 0.125})
    assert names(found["Computing the loss"])[:4] == ["w", "b", "x", "t"]


@pytest.mark.parametrize(
    ("preset", "tangent", "adjoint", "code", "line", "back"),
    [
        (
            *("naumann", "v3^(1)", "v3_(1)", "Adjoint code for y1"),
            "v6^(1) = cos v5 · v5^(1)",
            "v5_(1) = v6_(1) · cos v5",
        ),
        (
            *("tapenade", "v3d", "v3b", "Adjoint code for y1"),
            "v6d = cos v5 * v5d",
            "v5b = cos v5 * v6b",
        ),
    ],
)
def test_naumann_and_tapenade(preset, tangent, adjoint, code, line, back):
    """Section A; each tangent stands before the statement that it belongs to."""
    found = tables(section_a(), preset)
    forward = next(lines for title, lines in found.items() if title.endswith(" for x2"))
    k = names(forward).index(tangent)
    assert names(forward)[k + 1] == "v3"
    assert line in [cells[0] for cells in forward]
    assert back in [cells[0] for cells in found[code]]
    assert names(found[code]).index("v11") < names(found[code]).index(adjoint)
    at = {n: tangent.replace("v3", n) for n in ("v6", "v7", "v8", "v11")}
    expected = {"v6": -5.939955, "v7": -11.87991, "v8": 2.898202, "v11": 2.196612}
    check(figures(forward), {at[n]: x for n, x in expected.items()}, 6)
    bars = {"v0": 0.14112, "v1": 2.898202, "v2": 7.389056, "v4": -5.939955, "v7": 1}
    check(figures(found[code]), {adjoint.replace("v3", n): x for n, x in bars.items()}, 6)


def test_cs231n():
    """Section A: the gradient of each wire under its value."""
    found = tables(section_a(), "cs231n")
    lines = found["Circuit of y2: values over wires, gradients under them"]
    wires = [f"v{i}" for i in range(12)] + ["y1", "y2"]
    assert names(lines) == [n for wire in wires for n in (wire, f"d{wire}")]
    check(figures(lines), {"v10": 0.731059, "dv10": 1, "dv9": 1, "dv1": 2.196612, "dv0": 1}, 6)
    assert dict(line[0].split(" = ") for line in lines[1:])["dv10"] == "dv11"


def test_bu():
    """(x1², x1 x2 x3) has [[2 x1, x2 x3], [0, x1 x3], [0, x1 x2]]."""
    t = ad.trace(ad.parse("x1**2", "x1*x2*x3", inputs=["x1", "x2", "x3"]), 2.0, 3.0, 5.0)
    found = tables(t, "bu")
    assert len(found) == 2
    for title, lines in found.items():
        assert "rows inputs, columns outputs" in title
        assert lines == [["", "y1", "y2"], ["x1", "4", "15"], ["x2", "0", "10"], ["x3", "0", "6"]]
    assert "D[g∘f] = D[f] D[g]" in t.to_table(preset="bu")


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("ubc", [f"v{i}" for i in range(12)]),
        ("griewank", [f"v{i - 1}" for i in range(12)]),
        ("baydin", [f"v{i - 1}" for i in range(12)]),
        ("wikipedia", [f"w{i + 1}" for i in range(12)]),
        ("auto-ed", [f"x{i + 1}" for i in range(12)]),
        ("osu", ["x1", "x2", *"abcdefghij"]),
        ("naumann", [f"v{i}" for i in range(12)]),
    ],
)
def test_json_has_the_names_of_the_preset_and_nothing_else_changes(preset, expected):
    t = section_a()
    data, usual = (json.loads(t.to_table("json", preset=p)) for p in (preset, "ubc"))
    assert [row.pop("name") for row in data["rows"]] == expected
    for row in usual["rows"]:
        del row["name"]
    assert data == usual


def test_an_input_that_is_an_output_too_keeps_its_name():
    t = ad.trace(lambda x, y: (x * y, x, 3.0), 1.0, 2.0)
    assert names(tables(t, "osu")["Evaluation"]) == ["x", "y", "a", "f1", "f2", "f3"]
    assert names(tables(t, "toronto")["Computing the loss"]) == ["x", "y", "f1", "f2", "f3"]
    assert [row.name for row in t.rows] == ["v0", "v1", "v2"]


def test_notes_have_the_names_of_the_preset():
    t = ad.trace(lambda x: abs(x) if x > -1.0 else x, 0.0)
    text = t.to_table(preset="wikipedia")
    assert re.search(r"w1: branch taken: w1 > \(-1\) is True", text)
    assert "w2: |·| at its kink" in text
    assert text.count("branch taken") == text.count("at its kink") == 1
    assert not re.search(r"\bv\d", text)


def test_the_note_on_the_domain_stays_under_a_preset():
    t = ad.trace(ad.ln, -1.0)
    assert t.to_table(preset="wikipedia").count("w2: the derivative formula goes on outside") == 1
    assert str(t).count("v1: the derivative formula goes on outside") == 1


def test_a_seed_of_the_users_has_dots_bars_and_its_figures_in_the_title():
    t = ad.trace(lambda x, y: x * y, 2.0, 3.0, seeds={"x": 2.0}, weights={"f": -1.0}, outputs=["f"])
    found = tables(t, "ubc", tables=["forward", "reverse"])
    forward = found.pop(unicodedata.normalize("NFC", "Forward tangent trace for ẋ = 2, ẏ = 0"))
    (back,) = found.values()
    assert forward[3] == [
        *(unicodedata.normalize("NFC", "v̇2 = ∂v2/∂v0 v̇0 + ∂v2/∂v1 v̇1"), "Product Rule"),
        "[3 × 2] + [2 × 0] = 6",
    ]
    assert list(found) == ["Reverse adjoint trace for f̄ = -1"]
    assert [line[0] for line in back[1:3]] == ["v̄2 = f̄", "v̄1 = v̄2 ∂v2/∂v1"]


def test_what_nothing_reaches_is_zero_and_what_is_constant_has_no_tangent():
    t = ad.trace(lambda x, y: (x * 2.0 + ad.where(x > 0.0, 1.0, 2.0), 5.0), 3.0, 4.0)
    found = tables(t, "ubc", tables=["forward", "reverse"])
    forward, back = found["Forward tangent trace for x"], found["Reverse adjoint trace for f1"]
    backward = tables(t, "toronto")["Computing the derivatives of f1"]
    assert ["∂v4/∂x", "'-", "0"] in forward
    assert [line[0].split("/")[0] for line in forward[1:]] == [
        *("∂v0", "∂v1", "∂v2", "∂v4", "∂v5", "∂f1"),
    ]
    assert [unicodedata.normalize("NFC", "v̄1 = 0"), "0"] in back
    assert [unicodedata.normalize("NFC", "x̄ = v̄2 × 2"), "1 × 2 = 2"] in backward


def test_options_win_over_the_preset():
    t = section_a()
    assert names(tables(t, "griewank", tables=["forward"], notation="leibniz").popitem()[1])[3] == (
        "∂v0/∂x2"
    )
    assert next(iter(tables(t, "bu", tables=["jacobian", "evaluation"]))) == "Evaluation trace"
    assert len(tables(t, "auto-ed", layout="standard")) == 2
    numbered = ad.trace(SECTION_A, 2.0, 1.0, numbering="zero")
    assert names(tables(numbered, "wikipedia").popitem()[1])[:3] == ["w̄11", "w̄10", "w̄9"]
    assert tables(t, "bu", layout="standard").popitem()[1][0] == ["", "x1", "x2"]


def test_side_by_side_has_all_seeds_of_a_mode_in_one_table():
    found = tables(section_a(), "ubc", layout="side-by-side", tables=["forward", "reverse"])
    forward, back = found.values()
    assert forward[0] == ["Expression", "Rule", "Evaluation for x1", "Evaluation for x2"]
    assert forward[7] == [
        *("v̇6 = ∂v6/∂v5 v̇5", "Chain Rule"),
        *("(-0.989992) × 0 = 0", "(-0.989992) × 6 = -5.939955"),
    ]
    assert back[0] == ["Expression", "Evaluation for y1", "Evaluation for y2"]
    check(figures(back), {"v̄0": 0.14112, "v̄1": 2.898202}, 6)
    check(figures(back, 0, 2), {"v̄0": 1, "v̄1": 2.196612}, 6)


def test_steps_are_for_adjoints_that_go_up_by_themselves():
    found = tables(section_a(), "griewank", steps=True)["Reverse-derived evaluation trace for y1"]
    assert ["v̄4 += v̄5 * cos v4", "2 * (-0.989992) = -1.979985"] in found
    for options in ({"layout": "side-by-side"}, {"preset": "baydin"}):
        with pytest.raises(ValueError, match="steps"):
            section_a().to_table(steps=True, **options)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("width", [80, 120])
def test_text_keeps_to_the_width(preset, width):
    for line in section_a().to_table(preset=preset, width=width).splitlines():
        assert len(line.replace("\u0307", "").replace("\u0304", "")) <= width, line


def test_accents_stand_after_the_first_letter():
    text = section_a().to_table("csv", preset="griewank")
    assert "v\u030710 = " in text
    assert "x\u03041 = v\u0304-1" in text


def test_the_evaluation_shows_rules_as_formulas():
    """As the UBC document prints it: e^{v2} × 0, cos(v5) × 6."""
    f = ad.parse("exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)")
    t = ad.trace(f, 2.0, 1.0)

    def evaluations(kind, format="text", **options):
        table = t.tables(format, tables=[kind], **options)[0]
        return [row[-1].replace("\u00a0", " ") for row in table.rows]

    forward = evaluations("forward", inputs=["x2"], evaluation="symbols")
    assert forward[3] == "e^v2 × 2 = 14.778112"
    assert forward[6] == "cos(v5) × 6 = -5.939955"
    assert forward[7] == "[v6 × 0] + [v0 × (-5.939955)] = -11.87991"
    assert forward[10] == "σ(v1)(1 - σ(v1)) × 1 = 0.196612"
    assert evaluations("forward", inputs=["x1"], evaluation="symbols")[3] == "e^v2 × 0 = 0"
    both = evaluations("forward", inputs=["x2"], evaluation="both")
    assert both[6] == "cos(v5) × 6 = (-0.989992) × 6 = -5.939955"
    assert both[5] == "3 × 2 = 6"  # the formula is the number
    reverse = evaluations("reverse", outputs=["y1"], evaluation="symbols")
    assert reverse[6] == "2 × cos(v5) = -1.979985"
    latex = evaluations("forward", "latex", inputs=["x2"], evaluation="symbols")
    assert latex[6] == r"\cos\left(v_{5}\right) \times 6 = -5.939955"
    assert evaluations("forward") == evaluations("forward", evaluation="numbers") != forward
    with pytest.raises(ValueError, match="evaluation: 'words' is unknown; choose from numbers"):
        t.tables(evaluation="words")


def test_the_value_of_the_function_is_a_vector():
    f = ad.parse("exp(2*x2) + x1*sin(3*x2**2)", "x1*x2 + sigmoid(x2)")
    t = ad.trace(f, 2.0, 1.0)
    assert "  f(2, 1) = (7.671, 2.731)\n" in t.to_table(digits=3)
    assert r"$f(2, 1) = (7.671, 2.731)$" in t.to_table("latex", digits=3)
    assert "f(3) = 9" in str(ad.trace(lambda x: x * x, 3.0))
