"""A point that is typed wrongly is met with the right spelling, in one line."""

import re

import pytest

from admodes.cli.inputs import InputError, resolve
from admodes.errors import choices, listed, nearest

SPELT = {
    "two words": (["x*y", "y=3"], "x=2", "x=2,y=3"),
    "spaces": (["x*y"], "x=2 y=3", "x=2,y=3"),
    "semicolons": (["x*y"], "x=2; y=3", "x=2,y=3"),
    "ampersands": (["x*y"], "x=2&y=3", "x=2,y=3"),
    "colons": (["x*y"], "x:2,y:3", "x=2,y=3"),
    "comparisons": (["x*y"], "x==2,y==3", "x=2,y=3"),
    "arrows": (["x*y"], "x->2, y->3", "x=2,y=3"),
    "a dictionary": (["x*y"], "{x: 2, y: 3}", "x=2,y=3"),
    "a tuple": (["x*y"], "(2, 3)", "x=2,y=3"),
    "values alone": (["x*y"], "2,3", "x=2,y=3"),
    "values in two words": (["x*y", "3"], "2", "x=2,y=3"),
    "values in one word": (["x*y"], "2 3", "x=2,y=3"),
    "one value of two": (["x*y"], "2", "x=2,y=…"),
    "a name and a value": (["x*y"], "y=2, 3", "y=2,x=3"),
    "a comma at the end": (["x*y"], "x=2,y=3,", "x=2,y=3"),
    "spaces around the sign": (["x*y", "=", "2"], "x", "x=2,y=…"),
    "spaces behind the sign": (["x*y", "2", "y=", "3"], "x=", "x=2,y=3"),
    "formulas": (["x*y"], "x = pi / 2 y = 3", '"x=pi / 2,y=3"'),
    "a vector": (["sin(x)", "2", "3"], "1", '"x=[1, 2, 3]"'),
    "a vector without a name": (["sin(x)"], "[1, 2]", '"x=[1, 2]"'),
    "no option": (["x*y", "x=2", "y=3"], None, "x=2,y=3"),
    "no dashes": (["x*y", "at", "x=2,y=3"], None, "x=2,y=3"),
    "one dash": (["x*y", " -at", "x=2,y=3"], None, "x=2,y=3"),
    "a long dash": (["x*y", "–at", "x=2,y=3"], None, "x=2,y=3"),
    "a problem": (["@cpsc532s", "x2=1"], "x1=2", "x1=2,x2=1"),
    "values of a problem": (["@cpsc532s", "1"], "2", "x1=2,x2=1"),
    "a function": (["MINE:f", "1"], "2", "x=2,scale=1"),
}


@pytest.mark.parametrize(("targets", "at", "spelling"), SPELT.values(), ids=SPELT)
def test_the_right_spelling_is_shown_and_works(file, targets, at, spelling):
    mine = file("def f(x, scale):\n    return x * scale\n")
    targets = [target.replace("MINE", mine) for target in targets]
    with pytest.raises(InputError) as caught:
        resolve(targets, at)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(f": write --at {spelling}")
    if "…" not in spelling:
        assert resolve(targets[:1], spelling.strip('"')).arguments


@pytest.mark.parametrize(
    ("targets", "at", "message"),
    [
        (["x*y"], "x=2,y=", "--at y= has no value: write y=2"),
        (["x*y"], "x=2,x=3", "--at gives x twice: give each name once"),
        (["x*y"], "x=2,z=3", "no value for y: the inputs are x, y, and z is no input; write --at"),
        (["x₁^2"], "x=2", "no value for x1: the input is x1, and x is no input; write --at x1=…"),
        (["x*y"], "x=2,,y=3", "one comma is too many"),
        (["x*y"], "X=2,Y=3", "did you mean X for x, Y for y?"),
        (["x*y"], "x=2.5,y=1,5", "5 has no name: .* a decimal has a point"),
        (["x*y"], "--mode", "--at needs a point, and --mode follows it"),
        (["x*y"], "x,y", "x has no name|write a name and its value"),
        (["@cpsc"], None, "no problem is named @cpsc: did you mean @cpsc532s?"),
        (["@q"], None, "no problem is named @q: admodes problems lists them"),
    ],
)
def test_what_cannot_be_told_is_named(targets, at, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?").replace("(", r"\(")) as caught:
        resolve(targets, at)
    assert "\n" not in str(caught.value)


def test_an_output_that_is_a_number_stays_one_beside_a_whole_point():
    assert resolve(["x^2", "3"], "x=2").function(2.0) == (4.0, 3.0)
    assert resolve(["y = x^2"], "x=2").output_names == ("y",)


def test_lists_are_whole_or_say_that_they_are_cut():
    assert listed("abc") == "a, b, c"
    assert listed("abcd", most=2) == "a, b and 2 more"
    assert listed(()) == "none"
    assert choices("jsn", ["text", "json"]) == "choose from text, json; did you mean json?"
    assert choices(3, ["text"]) == "choose from text"


def test_the_nearest_word_is_alike_or_begins_so():
    words = ["gradient", "jacobian", "linearised", "Griewank"]
    near = {"grad": "gradient", "jac": "jacobian", "linear": "linearised", "GRI": "Griewank"}
    assert {word: nearest(word, words) for word in near} == near
    assert nearest("x", words) is None


BROKEN = {
    "syntax": ("def f(x)\n    return x\n", r"mine.py, line 1 is not Python: .*: def f\(x\)"),
    "import": ("import os\nimport nosuch_module\n", "No module named 'nosuch_module' .*, line 2"),
    "at the top": ("def f(x):\n    return x\n1/0\n", r"ZeroDivisionError: .*mine.py, line 3\)"),
    "inside": (
        "def g(x):\n    raise KeyError('k')\ndef f(x):\n    return g(x)\n",
        "mine.py, line 2",
    ),
    "in a library": (
        "import numpy as np\ndef f(x):\n    return np.reshape(x, (2, 3))\n",
        r"f raised .*\(.*mine.py, line 3\)",
    ),
    "lost": ("def f(x):\n    y = 2 * x\n    return float(y)\n", r"float\(\).*mine.py, line 3\)"),
    "missing": ("def h(x):\n    return x\ndef k(x):\n    return x\n", "no function f; it has h, k"),
    "nothing": ("x = 1\n", "no function f; it defines no function"),
}


@pytest.mark.parametrize(("source", "message"), BROKEN.values(), ids=BROKEN)
def test_an_error_of_the_users_file_names_file_and_line(run, file, source, message):
    status, out, err = run("trace", f"{file(source)}:f", "--at", "x=1")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert re.search(message, err)


def test_a_file_that_is_not_there_and_one_without_a_function(run, file):
    mine = file("def f(x):\n    return x\ndef g(x):\n    return x\n")
    _, _, err = run("trace", mine.replace("mine.py", "mien.py:f"))
    assert (
        err == f"admodes: there is no file {mine.replace('mine', 'mien')}: did you mean {mine}?\n"
    )
    _, _, err = run("trace", mine)
    assert err == f"admodes: which function of {mine}? It has f, g. Write {mine}:f\n"
