"""What a reader can do with the page in Chromium: paths, a quiz, tables and states to take away."""

import math
import re

import pytest
from test_explorer_page import HOSTILE
from test_explorer_page import section_a as two_outputs

import admodes as ad
from admodes.cli.inputs import resolve


@pytest.fixture(scope="module")
def section_a():
    return ad.trace(two_outputs, 2.0, 1.0)


def test_an_entry_is_the_sum_over_its_paths(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.to_end()
    tab.page.locator('.entry:has([data-of="y1"][data-wrt="x2"])').first.click()
    assert tab.page.locator(".paths h3").text_content() == "Paths from x2 to y1: 2"
    paths = tab.page.locator(".paths li").all_text_contents()
    assert [path.rsplit("=")[1] for path in paths] == ["14.778112", "\u221211.87991"]
    tab.page.get_by_label("Show the path v1, v2, v3, v8").click()
    assert tab.page.locator("tr.path").count() == 4


def test_a_quiz_judges_to_the_digits_that_are_typed(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.page.get_by_label("Quiz").check()
    tab.press("ArrowRight", 12)
    tab.settle()
    assert [k for k in tab.figures() if k[0] == "value"] == []
    answer = tab.page.get_by_label("Answer: v3")
    for wrong in ("7.38", "1e400"):
        answer.fill(wrong)
        answer.press("Enter")
        assert answer.get_attribute("aria-invalid") == "true"
    answer.fill("7.39")
    answer.press("Enter")
    tab.page.get_by_label("Show v8").click()
    tab.settle()
    assert {k[1] for k in tab.figures() if k[0] == "value"} == {"3", "8"}


def test_tables_can_be_taken_away(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.press("ArrowRight", 13)
    tab.page.get_by_text("Table as LaTeX").click()
    text = tab.page.get_by_label("The table as LaTeX").input_value()
    assert r"$\frac{\partial v_{2}}{\partial x_{1}} = " in text
    tab.page.get_by_text("Table as Markdown").click()
    text = tab.page.get_by_label("The table as Markdown").input_value()
    line = "| ∂v7/∂x1 = ∂v7/∂v0 ∂v0/∂x1 + ∂v7/∂v6 ∂v6/∂x1 | Product Rule | [0.14112 × 1] + "
    assert line in re.sub(" +", " ", text)


def test_a_page_of_arrays_steps_and_says_that_it_is_fixed(open_page):
    target = resolve(["@cpsc532s-network"], None)
    page = ad.explore(target.function, *target.args)
    tab = open_page(page)
    assert not tab.state["editable"]
    assert "not recomputed" in tab.page.locator("header").text_content()
    tab.press("ArrowRight", tab.state["steps"])
    state = tab.state
    assert state["step"] == state["steps"]
    assert state["jacobian"] == {"forward": None, "reverse": None}
    assert state["rows"][0]["value"] == page.data["rows"][0]["value"]
    tab.settle()
    assert tab.page.locator(".sweep tbody tr").count() == len(state["rows"])


def test_an_operation_of_the_users_own_is_shown_and_not_computed(open_page):
    with_kernel = ad.custom_rule("times_seven", lambda a: 7 * a, [lambda a: 7.0])
    tab = open_page(ad.trace(lambda x: with_kernel(x) + x, 2.0).explore())
    assert not tab.state["editable"]
    header = tab.page.locator("header").text_content()
    assert "not recomputed" in header
    assert "times_seven" in header
    tab.to_end()
    assert [row["value"] for row in tab.state["rows"]] == [2, 14, 16]
    assert tab.state["jacobian"] == {"forward": [[8]], "reverse": [[8]]}
    assert tab.figures()["jacobian", None, "y", "x"] == ["8", "8"]


def test_keys_work_as_soon_as_the_page_answers(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.page.reload()
    tab.page.keyboard.press("ArrowRight")
    assert tab.state["step"] == 1
    tab.settle()
    tab.page.locator("g.node").nth(4).click()
    assert tab.state["step"] == 5


def test_what_a_user_named_runs_nothing(open_page):
    page = ad.explore(
        lambda *xs: math.prod(xs), *range(1, len(HOSTILE) + 1), names=HOSTILE, title=HOSTILE[0]
    )
    tab = open_page(page)
    tab.to_end()
    tab.page.get_by_label("All tables").check()
    tab.page.get_by_text("Table as LaTeX").click()
    assert tab.page.evaluate("window.hit") is None
    assert tab.page.locator("h1").text_content() == HOSTILE[0]
    assert tab.page.locator("img, a[href^=javascript]").count() == 0
    assert list(tab.state["point"]) == list(HOSTILE)


def test_the_page_answers_soon(open_page, section_a):
    """It is laid out once. benchmarks/drawing.py measures the time, which is below a second."""
    tab = open_page(section_a.explore())
    session = tab.context.new_cdp_session(tab.page)
    session.send("Performance.enable")
    assert tab.state["steps"] == 60
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    assert metrics["LayoutCount"] <= 3


def test_on_paper_there_are_all_tables(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.to_end()
    tab.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.settle()
    assert tab.page.locator(".sweep").count() == 5


def test_a_fragment_opens_the_same_state(open_page, section_a):
    tab = open_page(section_a.explore())
    tab.page.get_by_label("x2", exact=True).fill("-0.1")
    tab.page.get_by_label("x2", exact=True).press("Enter")
    tab.page.get_by_label("Preset").select_option(index=1)
    tab.press("ArrowRight", 17)
    tab.settle()
    left, address = tab.state, tab.page.evaluate("admodes.fragment()")
    assert address.startswith("#")
    assert tab.page.get_by_text("Link to this state").get_attribute("href") == address
    blank = tab.page.url
    tab.page.goto(f"{blank}{address}")
    tab.page.reload()
    assert tab.state == left
    assert tab.state["rows"][0]["name"] == "v₋₁"
    tab.page.evaluate(f"location.hash = {address!r}.replace('step=17', 'step=3.5')")
    tab.settle()
    assert tab.state["step"] == 3


def test_a_foreign_fragment_is_ignored_and_told(open_page, section_a):
    def other(x1, x2):
        return ad.exp(2 * x2) - x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)

    page = section_a.explore()
    alike = ad.explore(other, 2.0, 1.0)
    assert len(alike.data["rows"]) == len(page.data["rows"])
    tab = open_page(alike)
    tab.press("ArrowRight", 5)
    foreign = tab.page.evaluate("admodes.fragment()")
    own = f"#admodes=1&of={page.data['checksum']}"
    for address in (foreign, "#x1=7&admodes=1&rows=3&at.x1=5", f"{own}&at.x1=3", "#top"):
        tab = open_page(page)
        tab.page.evaluate(f"location.hash = {address!r}")
        tab.settle()
        assert (tab.state["point"], tab.state["step"]) == ({"x1": 2, "x2": 1}, 0)
        assert "state of another page" in tab.page.locator("header").text_content()
    tab.page.evaluate(f"location.hash = '{own}&at.x1=3&at.x2=1'")
    tab.settle()
    assert tab.state["point"] == {"x1": 3, "x2": 1}
    assert "another page" not in tab.page.locator("header").text_content()


def test_the_checksum_is_that_of_the_function(section_a):
    assert (
        ad.explore(two_outputs, 3.0, 0.5).data["checksum"] == section_a.explore().data["checksum"]
    )
    scaled = [ad.explore(lambda x: c * x, 1.0).data["checksum"] for c in (2.0, 3.0)]
    assert scaled[0] != scaled[1]


def test_a_page_at_an_infinity_is_at_its_first_point(open_page):
    tab = open_page(ad.explore(lambda x: ad.exp(x), -math.inf))
    assert tab.state["point"] == {"x": -math.inf}
    back = tab.page.get_by_text("Back to the first point")
    assert back.count() == 0
    tab.page.get_by_label("x", exact=True).fill("0")
    tab.page.get_by_label("x", exact=True).press("Enter")
    back.click()
    assert tab.state["point"] == {"x": -math.inf}


def test_what_is_typed_before_the_page_is_painted_again_is_kept(open_page, section_a):
    tab = open_page(section_a.explore())
    typed = tab.page.evaluate(
        """async () => {
            const field = document.querySelector("input[aria-label=x1]");
            const type = (text) => {
                field.value = text;
                field.dispatchEvent(new InputEvent("input", { bubbles: true }));
            };
            type("5");
            field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            for (let k = 0; k < 20; k++) await null;
            type("7");
            await new Promise((done) => setTimeout(done, 300));
            return field.value;
        }"""
    )
    assert (tab.state["point"]["x1"], typed) == (5, "7")


def test_fields_take_fractions_and_multiples_of_pi_and_say_what_is_no_number(open_page, section_a):
    tab = open_page(section_a.explore())
    field = tab.page.get_by_label("x1", exact=True)
    right = {
        "1/3": 1 / 3,
        "pi/2": math.pi / 2,
        "-2*pi/3": -2 * math.pi / 3,
        "2 \u03c0": 2 * math.pi,
        " 3 ": 3,
        "\u22124": -4,
        "1e400": math.inf,
        "-inf": -math.inf,
        "1e-3/4": 1e-3 / 4,
    }
    for text, value in right.items():
        field.fill(text)
        field.press("Enter")
        assert (tab.state["point"]["x1"], field.get_attribute("aria-invalid")) == (value, "false")
    for text in ("", "1,5", "2e", "0x10", "1/", "pi/pi", "1_000", "x2", "1/2/3"):
        field.fill(text)
        field.press("Enter")
        assert tab.state["point"]["x1"] == value
        assert "no number: write 0.5" in tab.page.locator(".wrong").text_content()
    field.fill("nan")
    field.press("Enter")
    assert math.isnan(tab.state["point"]["x1"])
    tab.to_end()


@pytest.mark.parametrize(
    ("f", "args", "jacobian"),
    [
        (lambda x: x, (2.0,), [[1]]),
        (lambda x: 3.0, (2.0,), [[0]]),
        (lambda x: (3.0, x * 2), (2.0,), [[0], [2]]),
        (lambda x: (x * x,) * 2, (2.0,), [[4], [4]]),
        (lambda: 3.0, (), [[]]),
        (lambda *xs: sum(xs), tuple(map(float, range(30))), [[1] * 30]),
    ],
)
def test_small_and_odd_functions_have_a_page(open_page, f, args, jacobian):
    tab = open_page(ad.explore(f, *args))
    for preset in ("ubc", "griewank", "baydin", "auto-ed", "bu"):
        if tab.page.locator(".switches select").count():
            tab.choose(preset)
        tab.to_end()
        assert tab.state["jacobian"]["reverse"] == tab.state["jacobian"]["forward"] == jacobian
