"""How the page looks and reads: nothing overlaps or is cut off at the sizes of a desk and a phone,
nothing that axe calls serious, in light and dark."""

import numpy as np
import page_browser
import pytest

import admodes as ad
from admodes.cli.inputs import resolve
from admodes.problems import PROBLEMS
from admodes.views.presets import PRESETS

PAGES = ["@cpsc532s", "@grad-neuron", "@speelpenning", "@cpsc532s-network", "hostile"]

LONG = "a_rather_long_name_of_a_variable_that_nobody_needs"

FAULTS = """
() => {
  const faults = [];
  scrollTo(0, 0);
  const name = (x) =>
    `${x.tagName} ${x.className?.baseVal ?? x.className} ${x.textContent.slice(0, 30)}`;
  const broken = (x) => [...x.textContent.matchAll(/[^\\s[\\],]+/g)].some((number) => {
    const range = document.createRange();
    range.setStart(x.firstChild, number.index);
    range.setEnd(x.firstChild, number.index + number[0].length);
    return range.getClientRects().length > 1;
  });
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is too wide");
  const all = [...document.querySelectorAll(
    "h1, h2, h3, button, input, select, a, li, caption, svg text, .figure, .sofar, .count, .rule," +
    ".field > .name, .hint"
  )].filter((x) => !x.closest(".spoken") && x.getClientRects().length && !x.closest("button > *"));
  const boxes = all.map((x) => [x, x.getBoundingClientRect(), x.closest(".wide")]);
  boxes.forEach(([x, a, region], i) => {
    if (x.matches(".figure") && broken(x)) faults.push(`broken: ${name(x)}`);
    for (const [y, b, other] of boxes.slice(i + 1)) {
      if (region !== other || x.contains(y) || y.contains(x)) continue;
      if (x.closest("svg") && y.closest("svg") && !x.closest(".graph")) continue;
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1.5 && high > 1.5) faults.push(`overlap: ${name(x)} | ${name(y)}`);
    }
    const inside = a.left > -0.5 && a.right < innerWidth + 0.5;
    if (!region && !inside) faults.push(`outside: ${name(x)}`);
  });
  for (const node of document.querySelectorAll("g.node")) {
    const box = node.querySelector("rect").getBoundingClientRect();
    for (const text of node.querySelectorAll("text")) {
      const t = text.getBoundingClientRect();
      if (t.left < box.left || t.right > box.right || t.top < box.top || t.bottom > box.bottom) {
        faults.push(`out of its box: ${text.textContent}`);
      }
    }
  }
  for (const sign of document.querySelectorAll("math mo")) {
    const tall = sign.parentElement.querySelector("mfrac, mtable");
    const grows = "()[]".includes(sign.textContent) && sign.getAttribute("stretchy") !== "false";
    if (grows && !tall) faults.push(`a bracket with too much room: ${name(sign.parentElement)}`);
  }
  for (const x of document.querySelectorAll("body *")) {
    const style = getComputedStyle(x);
    const clips = style.overflowX !== "visible";
    const scrolls = x.matches(".wide, textarea, .spoken, input, select");
    if (clips && !scrolls && x.scrollWidth > x.clientWidth + 1) faults.push(`cut off: ${name(x)}`);
  }
  return faults;
}
"""


def page_of(name):
    if name == "hostile":
        return ad.explore(
            lambda a, b: (a * b * 1e-300, ad.exp(a) * b),
            1.5,
            2.5e7,
            names=[LONG, "b"],
            title=LONG * 3,
        )
    target = resolve([name], None)
    return ad.explore(target.function, *target.args, title=target.title)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", list(page_browser.SIZES))
def test_nothing_overlaps_or_is_cut_off(open_page, name, size):
    tab = open_page(page_of(name), size)
    steps = tab.state["steps"]
    for step in (0, 1, steps // 2, steps - 1):
        tab.press("Home")
        tab.press("ArrowRight", step)
        tab.settle()
        assert tab.page.evaluate(FAULTS) == [], step
    tab.to_end()
    if tab.state["editable"]:
        tab.page.get_by_label("All tables").set_checked(name != "@speelpenning")
        tab.page.get_by_label("Tangent seed").check()
        tab.page.get_by_label("Adjoint seed").check()
        tab.page.locator(".entry").first.click()
        tab.page.get_by_label("Quiz").check()
        tab.settle()
        assert tab.page.evaluate(FAULTS) == []


@pytest.mark.parametrize("size", list(page_browser.SIZES))
def test_the_tables_of_every_preset_fit(open_page, size):
    tab = open_page(page_of("@bu-pair"), size)
    tab.page.get_by_label("All tables").check()
    for preset in PRESETS:
        tab.choose(preset)
        for key in ("Home", "End"):
            tab.press(key)
            tab.settle()
            assert tab.page.evaluate(FAULTS) == [], (preset, key)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["@cpsc532s", "@cpsc532s-network"])
def test_axe_finds_nothing_serious(open_page, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    size = "desk" if scheme == "light" else "phone"
    tab = open_page(page_of(name), size, scheme=scheme)
    for quiz in (False, True):
        tab.to_end()
        tab.press("ArrowLeft", 2)
        if quiz:
            tab.page.get_by_label("Quiz").check()
        else:
            tab.page.get_by_text("Table as LaTeX").click()
        tab.settle()
        found = Axe().run(tab.page).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == []


def test_nothing_moves_for_those_who_do_not_want_it(open_page):
    page = page_of("@cpsc532s")
    for motion, expected in (("reduce", "0s"), ("no-preference", "0.15s")):
        tab = open_page(page, motion=motion)
        found = tab.page.eval_on_selector(
            "g.node rect", "(x) => getComputedStyle(x).transitionDuration.split(',')[0]"
        )
        assert found == expected


def test_all_named_problems_have_a_page():
    for name in PROBLEMS:
        page = page_of(f"@{name}")
        assert len(page.to_html()) < 600_000, name
        nodes = page.data["graph"]["nodes"]
        assert [n["rows"][0] for n in nodes] == [row["row"] for row in page.data["rows"]]
        assert all(np.isfinite([n["x"], n["y"]]).all() for n in nodes)
