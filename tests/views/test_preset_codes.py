"""The presets that print programs: their statements are run."""

import math
import re

import pytest

import admodes as ad


def shared(x, y):
    a = x * y - y / x
    return a * a - ad.sin(a) * x * 3.0, a, a, ad.cos(2.0 - y)


@pytest.mark.parametrize("preset", ["naumann", "tapenade"])
def test_codes_of_derivatives_run(preset):
    """Run by Python, the statements give what differences give, and every figure beside them: with
    rows that are used again, one that is two outputs, factors on both sides, and minus signs."""
    t = ad.trace(shared, 1.3, 0.7)
    x, y, h = 1.3, 0.7, 1e-6
    steps = {"x": ((x + h, y), (x - h, y)), "y": ((x, y + h), (x, y - h))}
    expected = {
        (f"f{k + 1}", name): (shared(*up)[k] - shared(*down)[k]) / (2 * h)
        for name, (up, down) in steps.items()
        for k in range(4)
    }
    marks = {"^(1)": "d", "_(1)": "b", "·": "*", "²": "**2"}
    found = {}
    for table in t.tables(preset=preset, digits=12):
        title = table.title
        direction = title.rpartition(" ")[2]
        scope = {"x": x, "y": y, "sin": math.sin, "cos": math.cos, f"{direction}d": 1.0}
        scope = dict.fromkeys(["xd", "yd", "f1b", "f2b", "f3b", "f4b"], 0.0) | scope
        scope[f"{direction}b"] = 1.0
        for cells in table.rows:
            for mark, sign in marks.items():
                cells = [cell.replace(mark, sign) for cell in cells]
            cells = [cell.replace("\u00a0", " ") for cell in cells]
            assert "+ -" not in cells[0]
            assert not re.search(r"[*] -", cells[0])
            cells = [re.sub(r"\b(sin|cos) (\S+)", r"\1(\2)", c) for c in cells]
            statement, figure = cells
            exec(statement, scope)
            for side in figure.split(" = "):
                assert eval(side, scope) == pytest.approx(scope[statement.split()[0]], abs=1e-9)
        if "Adjoint" in title:
            found |= {(direction, name): scope[f"{name}b"] for name in "xy"}
        else:
            found |= {(f"f{k}", direction): scope[f"f{k}d"] for k in (1, 2, 3, 4)}
        assert found == pytest.approx({key: expected[key] for key in found}, abs=1e-7)
    assert found.keys() == expected.keys()
