"""The page in Chromium: stepping, computing at other points, and what a reader can do with it."""

import json
import math
import random

import page_kernels
import pytest

import admodes as ad
from admodes.cli.inputs import resolve
from admodes.programs.arrays import program_of
from admodes.tracing.trace import traced
from admodes.views.preset_files import read_preset
from admodes.views.presets import PRESETS

SCALAR_PROBLEMS = [
    *("cpsc532s", "eth-small-net", "osu-eq4", "osu-loop", "osu-ascent", "osu-saddle"),
    *("grad-log-sin", "grad-g", "grad-h", "grad-neuron", "bu-sum", "bu-pair", "bu-triple"),
    *("bu-reused", "bu-squared-product", "bu-root", "bu-cubic", "bu-shared", "rosenbrock"),
    "speelpenning",
]

DIGITS = 1e-12


def trace_of(name, args=None):
    target = resolve([f"@{name}"], None)
    recorded = program_of(
        target.function,
        target.args if args is None else args,
        "auto",
        target.arguments,
        components=(target.names, target.output_names),
    )
    return traced(recorded, title=target.title)


@pytest.fixture(scope="module")
def section_a():
    return trace_of("cpsc532s")


def magnitudes(trace):
    """For each row and direction, what its value, tangents and adjoints are made of, without signs:
    near cancellation the error is measured by that."""
    rows = trace.rows
    values, tangents, adjoints = [], {}, {}
    for row in rows:
        terms = [
            abs(p or 0.0) * values[a["row"]] for a, p in zip(row.args, row.partials) if "row" in a
        ]
        values.append(max(abs(row.value), sum(terms)))
    for name in trace.seeds["forward"]:
        found = []
        for row in rows:
            terms = [
                abs(p or 0.0) * found[a["row"]]
                for a, p in zip(row.args, row.partials)
                if "row" in a
            ]
            found.append(abs(row.tangents[name]) if row.op == "input" else sum(terms))
        tangents[name] = found
    for name, seed in trace.seeds["reverse"].items():
        found = [0.0] * len(rows)
        for y in trace.outputs:
            found[y["row"]] += abs(seed[y["name"]])
        for row in reversed(rows):
            for a, p in zip(row.args, row.partials):
                if "row" in a:
                    found[a["row"]] += abs(p or 0.0) * found[row.row]
        adjoints[name] = found
    return values, tangents, adjoints


def check_state(state, trace):
    """The figures of a page are Python's to 12 digits of what they are made of."""
    values, tangents, adjoints = magnitudes(trace)
    for told, row in zip(state["rows"], trace.rows, strict=True):
        i = row.row
        assert abs(told["value"] - row.value) <= DIGITS * values[i]
        for name, t in row.tangents.items():
            assert abs(told["tangents"][name] - t) <= DIGITS * tangents[name][i] + 1e-300
        for name, w in row.adjoints.items():
            assert abs(told["adjoints"][name] - w) <= DIGITS * adjoints[name][i] + 1e-300


def test_stepping_by_keyboard_through_all_sweeps_ends_at_the_jacobian(open_page, section_a):
    tab = open_page(section_a.explore())
    steps = tab.state["steps"]
    assert (tab.state["step"], steps, tab.state["editable"]) == (0, 60, True)
    seen = []
    for k in range(steps):
        if k % 7 == 0:
            tab.page.keyboard.press("ArrowRight")
        else:
            tab.press("ArrowRight")
        if k % 12 == 11:
            seen.append(tab.state["sweep"])
    assert seen == ["evaluation", "forward x1", "forward x2", "reverse y1", "reverse y2"]
    assert tab.state["step"] == steps
    shown = {k: v for k, v in tab.figures().items() if k[0] == "jacobian"}
    assert shown == {
        ("jacobian", None, "y1", "x1"): ["0.14112"] * 2,
        ("jacobian", None, "y1", "x2"): ["2.898202"] * 2,
        ("jacobian", None, "y2", "x1"): ["1"] * 2,
        ("jacobian", None, "y2", "x2"): ["2.196612"] * 2,
    }
    tab.press("ArrowLeft", 3)
    assert tab.state["step"] == steps - 3


def test_each_step_lights_its_row(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.press("ArrowRight", 8)
    tab.settle()
    current = tab.page.locator('[aria-current="step"]')
    assert current.count() == 1
    assert current.locator('[data-figure="value"]').text_content() == "0.28224"
    assert tab.page.locator(".formula strong").text_content() == "0.28224"
    assert "v7 = v0 v6 = 2 × 0.14112 = 0.28224" in tab.page.locator(".spoken").text_content()
    assert ("value", "8", "", None) not in tab.figures()


def test_the_sum_of_contributions_grows_at_reused_rows(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.press("ArrowRight", 36 + 5)
    tab.settle()
    assert "2 of 4: 0" in tab.page.locator(".sofar").all_text_contents()
    tab.press("ArrowRight", 3)
    tab.settle()
    so_far = tab.page.locator(".sofar").all_text_contents()
    assert any(text.startswith("3 of 4: -11.8799") for text in so_far)


def test_an_edited_point_is_computed_as_python_does(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.to_end()
    field = tab.page.get_by_label("x1", exact=True)
    field.fill("3")
    field.press("Enter")
    again = trace_of("cpsc532s", (3.0, 1.0))
    check_state(tab.state, again)
    assert tab.state["point"] == {"x1": 3, "x2": 1}
    shown = tab.figures()
    for row in again.rows:
        for text in shown.get(("adjoint", str(row.row), "y2", None), []):
            assert math.isclose(float(text), row.adjoints["y2"], abs_tol=1e-6)
    field.fill("three")
    field.press("Enter")
    assert field.get_attribute("aria-invalid") == "true"
    assert tab.state["point"]["x1"] == 3


def test_all_scalar_problems_at_random_points(open_page):
    for name in SCALAR_PROBLEMS:
        draw = random.Random(name)
        trace = trace_of(name)
        page = trace.explore()
        tab = open_page(page)
        check_state(tab.state, trace)
        inputs = tab.state["point"]
        target = resolve([f"@{name}"], None)
        for _ in range(3):
            point = {x: round(v + draw.uniform(0.05, 0.9), 3) for x, v in inputs.items()}
            tab.page.evaluate(f"location.hash = {json.dumps(fragment(page, point))}")
            tab.settle()
            assert tab.state["point"] == point
            remaining = iter(point.values())
            args = tuple(
                [next(remaining) for _ in a] if hasattr(a, "__len__") else next(remaining)
                for a in target.args
            )
            check_state(tab.state, trace_of(name, args))


def fragment(page, point):
    """The address of a point."""
    from urllib.parse import urlencode

    at = {f"at.{name}": repr(x) for name, x in point.items()}
    return "#" + urlencode({"admodes": 1, "of": page.data["checksum"], **at})


STEPPED = ("evaluation", "forward", "reverse")


def tables_of(trace, preset, format):
    """What admodes prints under a preset of the sweeps that a page steps through."""
    parts = {p for s in preset.sheets for b in s.blocks for line in b.lines for p in line}
    values = "evaluation" not in preset.kinds and parts & {"value", "evaluation"}
    return trace.tables(format, preset, tables=STEPPED[1:] if values else STEPPED)


@pytest.mark.parametrize("name", ["cpsc532s", "osu-loop", "bu-reused"])
def test_tables_are_those_that_trace_prints_under_every_preset(open_page, name):
    trace = trace_of(name)
    tab = open_page(trace.explore())
    for preset in PRESETS.values():
        tab.choose(preset.name)
        for dialect in ("text", "latex"):
            expected = tables_of(trace, preset, dialect)
            found = tab.page.evaluate(f"admodes.tables({dialect!r})")
            assert [table["rows"] for table in found] == [
                [unbroken(line) for line in table.rows] for table in expected
            ], preset.name
        texts = tables_of(trace, preset, "text")
        heads = [(table.title, table.head) for table in texts]
        assert [(table["title"], table["head"]) for table in found] == heads, preset.name


def test_a_preset_of_the_users_own_is_laid_out_and_can_be_left(open_page, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'like = "baydin"\nnumbering = "letters"\ntangent = "d{v}"\nadjoint = "{v}*"\n'
        'between = "·"\nbrackets = true\n',
        encoding="utf-8",
    )
    trace = trace_of("cpsc532s")
    tab = open_page(trace.explore(preset=path))
    for preset in (read_preset(path), PRESETS["ubc"], read_preset(path)):
        tab.choose(preset.name)
        for dialect in ("text", "latex"):
            expected = tables_of(trace, preset, dialect)
            found = tab.page.evaluate(f"admodes.tables({dialect!r})")
            assert [table["rows"] for table in found] == [
                [unbroken(line) for line in table.rows] for table in expected
            ]
    tab.to_end()
    assert tab.state["rows"][2]["name"] == trace.under(path).rows[2].name == "c"
    assert "style=mine" in tab.page.evaluate("admodes.fragment()")


@pytest.mark.parametrize("preset", ["griewank", "baydin", "auto-ed", "cs231n"])
def test_each_step_has_one_line_in_the_table_that_is_shown(open_page, preset):
    tab = open_page(trace_of("bu-triple").explore())
    tab.choose(preset)
    for _ in range(tab.state["steps"]):
        tab.press("ArrowRight")
        tab.settle()
        current = tab.page.locator('.sweep [aria-current="step"]')
        assert current.count() == 1
        kind = {"e": "value", "f": "tangent", "r": "adjoint"}[tab.state["sweep"][0]]
        assert current.locator(f'[data-figure="{kind}"]').count() >= 1


def test_the_transposed_preset_has_inputs_as_rows_of_the_jacobian(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.choose("bu")
    tab.to_end()
    matrix = tab.page.locator(".matrix").first
    assert "rows inputs, columns outputs" in matrix.locator("caption").text_content()
    line = matrix.locator("tbody tr").nth(1).locator("[data-figure]")
    assert line.evaluate_all("(all) => all.map((x) => [x.dataset.of, x.dataset.wrt])") == [
        ["y1", "x2"],
        ["y2", "x2"],
    ]
    assert "multiplied from the right" in tab.page.locator(".jacobian").text_content()


def unbroken(line):
    return [cell.replace("\u00a0", " ") for cell in line]


def test_a_guard_that_flips_is_told_with_its_row(open_page):
    def f(x):
        z = x * x
        return ad.sin(z) if z > 2 else z

    tab = open_page(ad.explore(f, 3.0))
    assert tab.page.get_by_role("alert").count() == 0
    field = tab.page.get_by_label("x", exact=True)
    field.fill("1")
    field.press("Enter")
    tab.settle()
    assert tab.page.get_by_role("alert").text_content().startswith("z: another branch")
    assert tab.state["guards"] == [{"row": 1, "text": "z > 2 is True", "holds": False}]
    field.fill("2")
    field.press("Tab")
    tab.settle()
    assert tab.page.get_by_role("alert").count() == 0


def test_conventions_at_kinks_are_pythons(open_page):
    def f(x, y):
        return ad.abs(x) * ad.sqrt(y) + ad.maximum(x, y) + ad.relu(x)

    tab = open_page(ad.explore(f, 1.0, 2.0))
    for name in ("x", "y"):
        field = tab.page.get_by_label(name, exact=True)
        field.fill("0")
        field.press("Enter")
    expected = ad.trace(f, 0.0, 0.0)
    for told, row in zip(tab.state["rows"], expected.rows, strict=True):
        for found, mode in ((told["tangents"], row.tangents), (told["adjoints"], row.adjoints)):
            assert all(same(found[name], x) for name, x in mode.items()), row.name
        assert same(told["value"], row.value)
    tab.to_end()
    tab.page.get_by_label("Sweep", exact=True).select_option(label="Evaluation trace")
    tab.press("ArrowRight", 6)
    tab.settle()
    assert "max: a tie" in tab.page.locator(".notes").text_content()


def same(a, b):
    return a == b or (a != a and b != b)


def test_the_sum_so_far_begins_with_the_seeds_of_outputs(open_page):
    def f(x):
        z = x * x
        return z, ad.sin(z) + ad.exp(z)

    tab = open_page(ad.explore(f, 2.0))
    tab.page.get_by_label("Adjoint seed").check()
    tab.page.get_by_label("seed y\u03041").fill("10")
    tab.page.get_by_label("seed y\u03041").press("Enter")
    tab.to_end()
    tab.press("ArrowLeft", 3)  # the exponential has been pulled back, the sine has not
    tab.settle()
    shown = tab.page.locator(".sofar").all_text_contents()
    (told,) = [text for text in shown if text.startswith("1 of 2: ")]
    assert math.isclose(float(told.split(": ")[1]), 10 + math.exp(4.0), abs_tol=1e-6)


def test_seeds_are_sweeps_of_their_own(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.page.get_by_label("Tangent seed").check()
    field = tab.page.get_by_label("seed x\u03072")
    field.fill("-2")
    field.press("Enter")
    tab.page.get_by_label("Adjoint seed").check()
    tab.settle()
    again = ad.trace(
        lambda x1, x2: (ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)),
        *(2.0, 1.0),
        seeds={"x1": 1.0, "x2": -2.0},
        weights={"y1": 1.0, "y2": 1.0},
    )
    assert tab.state["steps"] == 84
    for told, row in zip(tab.state["rows"], again.rows, strict=True):
        assert math.isclose(told["tangents"]["seed"], row.tangents["seed"], rel_tol=1e-14)
        assert math.isclose(told["adjoints"]["seed"], row.adjoints["seed"], rel_tol=1e-14)


def test_kernels_agree_in_the_browser_too(open_page, section_a):
    tab = open_page(section_a.explore())
    cases = [(op, xs) for op in page_kernels.on_numbers() for xs in page_kernels.points(op)[:40]]
    questions = [{"op": op.name, "xs": list(map(page_kernels.as_text, xs))} for op, xs in cases]
    found = tab.page.evaluate(page_kernels.ASK, questions)
    for (op, xs), x in zip(cases, found, strict=True):
        expected = float(op(*xs))
        assert math.isclose(float(x), expected, rel_tol=2e-14, abs_tol=1e-14) or (
            math.isnan(expected) and math.isnan(float(x))
        ), (op.name, xs)
