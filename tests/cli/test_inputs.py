"""From what a user types to a function with a point, and what bad input gets."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

import admodes as ad
from admodes.cli.inputs import InputError, resolve
from admodes.expression import ExpressionError

SOURCE = """
import helper
CONSTANT = 3

def f(x1, x2, scale=2.0):
    return helper.double(x1) * x2 * scale

def norm(x):
    return (x * x).sum()

def named(a, /, b, *, c):
    return a + 10 * b + 100 * c

class Model:
    scale = 3.0

    def loss(self, x):
        return self.scale * x

    @staticmethod
    def double(x):
        return 2 * x

    @classmethod
    def scaled(cls, x):
        return cls.scale * x

model = Model()
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    path = tmp_path / "user.py"
    path.write_text(SOURCE)
    return path


def refused(targets, at=None):
    """The one line that these get."""
    with pytest.raises(InputError) as caught:
        resolve([targets] if isinstance(targets, str) else targets, at)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_expressions_come_in_the_order_of_at():
    target = resolve(["x1 - x2", "x1*x2"], "x2=1, x1=pi/2")
    assert target.names == ("x2", "x1")
    assert target.args == (1.0, math.pi / 2)
    assert target.output_names == ("y1", "y2")
    assert target.function(*target.args) == (math.pi / 2 - 1, math.pi / 2)
    assert target.problem is None


def test_values_are_constant_expressions():
    target = resolve(["a + b + c + d"], "a=-1e-3,b=max(1, 2),c=2^3,d=inf")
    assert target.args == (-1e-3, 2.0, 8.0, math.inf)


def test_a_vector_of_an_expression():
    target = resolve(["sin(x)"], "x=[0, pi/2]")
    assert target.names == ("x1", "x2")
    np.testing.assert_allclose(target.function(*target.args), [0, 1], atol=1e-15)


def test_a_vector_is_expanded_where_its_components_are_used():
    target = resolve(["x1*x2 + z"], "z=3,x=[1, 2]")
    assert target.names == ("z", "x1", "x2")
    assert target.args == (3.0, 1.0, 2.0)
    line = "x is a vector here; expressions name its components x1, x2"
    assert line in refused("z", "z=1,x=[1, 2]")
    assert line in refused("x + x1", "x=[1, 2]")


def test_an_input_shadows_a_constant_and_a_function_name():
    target = resolve(["e*x + sign"], "x=2,e=3,sign=1")
    assert target.function(*target.args) == 7.0


def test_an_expression_without_inputs():
    assert resolve(["1/4"]).function() == 0.25


def test_an_expression_that_begins_with_a_minus():
    target = resolve(["-x1*x2"], "x1=1,x2=2")
    assert target.function(*target.args) == -2.0


def test_what_is_wrong_with_at_is_named():
    assert "no value for x2: the inputs are x1, x2" in refused("x1*x2", "x1=1")
    assert "no value for x1, x2" in refused("x1*x2")
    assert "--at gives x3, which is no input" in refused("x1*x2", "x1=1,x2=2,x3=3")
    assert "gives x1 twice" in refused("x1", "x1=1,x1=2")
    assert "x1=abc: 'abc' is not a number" in refused("x1", "x1=abc")
    assert "x1=2x" in refused("x1", "x1=2x")
    assert "x1= has no value" in refused("x1", "x1=")
    assert "2 has no name: write --at x1=2" in refused("x1", "2")
    assert "write --at x1=1" in refused("x1", "x1=1,")
    assert "did you mean alpha for alhpa" in refused("alhpa*x", "x=1,alpha=2")
    assert "did you mean pi for Pi" in refused("Pi*x", "x=1")
    assert "gives x1 twice: as a component" in refused("x + x1", "x=[1, 2],x1=3")
    assert "no inputs" in refused("2", "x=1")
    assert "overflow" in refused("x", "x=9**9**9**9")


def test_a_bad_expression_shows_its_place():
    with pytest.raises(ExpressionError, match=r"\n  x1 \+\* 2\n +\^$"):
        resolve(["x1 +* 2"], "x1=1")


def test_a_function_in_a_file(file):
    target = resolve([f"{file}:f"], "x1=3,x2=5")
    assert target.names == ("x1", "x2")
    assert target.args == (3.0, 5.0)
    assert target.function(*target.args) == 60.0
    assert "user.py" in target.title
    assert str(file.parent) not in sys.path
    assert not list(file.parent.glob("__pycache__/user*"))


def test_parameters_are_matched_by_name(file):
    target = resolve([f"{file}:f"], "x2=5,scale=1,x1=3")
    assert target.names == ("x2", "scale", "x1")
    assert target.function(*target.args) == 30.0
    assert ad.grad(target.function)(*target.args) == 6.0
    target = resolve([f"{file}:named"], "c=3,b=2,a=1")
    assert target.function(*target.args) == 321.0


def test_a_function_of_one_vector(file):
    target = resolve([f"{file}:norm"], "x=[1, 2, 3]")
    assert target.names == ("x1", "x2", "x3")
    assert isinstance(target.args[0], np.ndarray)
    assert target.function(*target.args) == 14.0


def test_parameters_that_do_not_match(file):
    message = refused(f"{file}:f", "x1=3,y=5")
    assert "f takes x1, x2, scale, but --at gives y and no x2" in message
    assert "no value for x1, x2" in refused(f"{file}:f")
    assert "write --at x=[1, 2]" in refused(f"{file}:norm", "x1=1,x2=2")


@pytest.mark.parametrize(
    ("name", "value"), [("model.loss", 12.0), ("Model.double", 8.0), ("Model.scaled", 12.0)]
)
def test_methods_of_a_file(file, name, value):
    target = resolve([f"{file}:{name}"], "x=4")
    assert target.names == ("x",)
    assert target.function(*target.args) == value


def test_what_is_no_method_of_a_file(file):
    assert "write object = Model(…)" in refused(f"{file}:Model.loss", "x=4")
    assert "there is no nothing" in refused(f"{file}:model.nothing", "x=4")
    assert "no function but float" in refused(f"{file}:model.scale", "x=4")


def test_a_function_in_a_module():
    target = resolve(["numpy:hypot"], "a=3,b=4")
    assert target.function(*target.args) == 5.0
    assert resolve(["admodes.problems.osu:loop"], "x=3").args == (3.0,)
    assert "no module" in refused("no_such_module_here:f", "x=1")


def test_a_changed_file_is_read_again(file):
    assert resolve([f"{file}:f"], "x1=1,x2=1").function(1.0, 1.0) == 4.0
    file.write_text(SOURCE.replace("scale=2.0", "scale=3.0"))
    assert resolve([f"{file}:f"], "x1=1,x2=1").function(1.0, 1.0) == 6.0


def test_files_that_cannot_be_used(file, tmp_path):
    bad = tmp_path / "bad.py"
    assert "there is no file" in refused(f"{tmp_path}/absent.py:f", "x=1")
    assert "is a directory" in refused(f"{tmp_path}:f", "x=1")
    bad.write_text("def f(x:\n")
    assert "bad.py, line 1 is not Python" in refused(f"{bad}:f", "x=1")
    bad.write_bytes(b"\x00\x01")
    assert "is not Python" in refused(f"{bad}:f", "x=1")
    bad.write_bytes(b"x = '\xff'\n")
    assert "is not Python" in refused(f"{bad}:f", "x=1")
    assert "no function norn: did you mean norm?" in refused(f"{file}:norn", "x=1")
    assert "CONSTANT in" in refused(f"{file}:CONSTANT", "x=1")
    assert f"Write {file}:f" in refused(str(file), "x=1")
    bad.write_text("import sys\nsys.exit(3)\n")
    assert "raised SystemExit: 3" in refused(f"{bad}:f", "x=1")
    bad.write_text("import no_such_module_here\n")
    assert "raised ModuleNotFoundError" in refused(f"{bad}:f", "x=1")


def test_a_file_that_raises_keeps_its_cause(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("1/0\n")
    before = set(sys.modules)
    with pytest.raises(InputError, match="raised ZeroDivisionError: ") as caught:
        resolve([f"{bad}:f"], "x=1")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        resolve([f"{bad}:f"], "x=1", debug=True)
    assert set(sys.modules) == before


def test_a_problem_with_its_point():
    target = resolve(["@cpsc532s"])
    assert target.names == ("x1", "x2")
    assert target.args == (2.0, 1.0)
    assert target.output_names == ("y1", "y2")
    assert target.problem.name == "cpsc532s"


def test_at_overrides_the_point_of_a_problem():
    target = resolve(["@osu-eq4"], "x1=4")
    assert (target.names, target.args) == (("x1", "x2", "x3"), (4.0, -2.0, -5.0))
    target = resolve(["@cpsc532s"], "x2=1,x1=2")
    assert target.names == ("x2", "x1")
    assert target.function(1.0, 2.0) == resolve(["@cpsc532s"]).function(2.0, 1.0)


def test_the_vector_of_a_problem():
    assert resolve(["@speelpenning"]).names == tuple(f"x{i}" for i in range(1, 17))
    for at in ("x=[1, 1]", "x1=1,x2=1"):
        target = resolve(["@rosenbrock"], at)
        assert target.names == ("x1", "x2")
        assert target.function(*target.args) == 0.0
    assert "takes a vector" in refused("@rosenbrock", "x=1")
    assert "takes one number" in refused("@grad-h", "x=[1, 2]")


def test_problems_that_do_not_exist():
    assert "did you mean @rosenbrock?" in refused("@rosenbrok")
    assert "admodes problems lists them" in refused("@zzzz")
    assert "--at gives z" in refused("@cpsc532s", "z=1")


def test_one_special_target_at_a_time(file):
    assert "stands alone" in refused(["@cpsc532s", "x1"])
    assert "stands alone" in refused([f"{file}:f", "x1"], "x1=1")
    assert "nothing to work on" in refused([])
