"""Modules that are right pass, and planted mistakes are named, each once, with a small graph."""

import re

import pytest
from autograd_mistakes import DIY, DIY_FINDINGS, FOLDER, MICROGRAD, MICROGRAD_FINDINGS, planted

import admodes as ad

CASES = [("diy", mistake, DIY_FINDINGS[mistake]) for mistake in DIY]
CASES += [("micrograd_like", mistake, MICROGRAD_FINDINGS[mistake]) for mistake in MICROGRAD]

GRAPHS = {
    "product, first": "y = a*b at a = 2, b = 3",
    "tan, square": "y = tan(a) at a = 1",
    "max, both": "y = max(a, b) at a = 2, b = 2",
    "product, sets": "y = a*a at a = 3",
    "sin, sets": "y = sin(a) + a at a = 2",
    "all set": "y = a + a at a = 3",
    "sin, incoming": "y = sin(a)*b at a = 2, b = 3",
    "product, incoming": "y = (a*b)/c at a = 2, b = 3, c = 4",
    "constant without children": "y = a + 3 at a = 2",
    "every path": "u = sin(a); y = u + u at a = 2",
    "levels": "u = sin(a); y = u + tan(u) at a = 2",
}
"""For some the whole of the graph; in the last ones the operation is the next that is right."""


@pytest.mark.parametrize("name", ["diy", "micrograd_like"])
def test_a_right_module_passes(name):
    result = ad.grade_code(FOLDER / f"{name}.py")
    assert (result.verdict, result.findings) == ("pass", [])
    assert result.interface == {"diy": "DIY-autograd", "micrograd_like": "micrograd"}[name]


@pytest.mark.parametrize(("name", "mistake", "expected"), CASES)
def test_a_mistake_is_named_once(file, name, mistake, expected):
    result = ad.grade_code(file(planted(name, mistake)))
    assert result.verdict == "fail"
    assert [(f.kind, f.operation) for f in result.findings] == expected
    (finding,) = result.findings
    assert finding.graph.count("=") <= 8
    shown = GRAPHS.get(mistake, finding.graph)
    assert re.sub(r"\b(cos|tan)\b", "tan", finding.graph) == re.sub(r"\b(cos|tan)\b", "tan", shown)


def test_two_mistakes_are_both_named_and_what_is_built_on_them_is_not(file):
    """divide is product and inverse here, subtract is product and add."""
    text = planted("diy", "inverse, sign")
    text = text.replace("a.grad += math.cos", "a.grad = math.cos")
    result = ad.grade_code(file(text))
    assert [(f.kind, f.operation) for f in result.findings] == [
        ("rule", "inverse"),
        ("reuse", "sin"),
    ]


def test_accumulating_is_a_note_where_it_is_intended(file):
    path = file(planted("micrograd_like", "add accumulates"))
    assert not ad.grade_code(path).passed
    result = ad.grade_code(path, accumulates=True)
    assert result.passed
    assert any("second backward()" in note for note in result.notes)


def test_the_same_seed_takes_the_same_points(file):
    path = file(planted("diy", "preorder"))
    one, two, other = (ad.grade_code(path, seed=seed).findings for seed in (1, 1, 2))
    assert one == two
    assert {f.kind for f in one} == {f.kind for f in other}


MICROGRAD_AS_PUBLISHED = """
class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0
        self._backward = lambda: None
        self._prev = set(_children)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __rmul__(self, other):
        return self * other

    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()
"""


def test_recursion_and_accumulation_by_design(file):
    """As micrograd is published: it recurses, and adds to the gradients of earlier calls; what it
    lacks, such as 2 + a, is a note."""
    result = ad.grade_code(file(MICROGRAD_AS_PUBLISHED), accumulates=True)
    assert [f.kind for f in result.findings] == ["deep chains"]
    assert "RecursionError" in result.findings[0].text
    assert any("2 + a" in note for note in result.notes)
    kinds = [f.kind for f in ad.grade_code(file(MICROGRAD_AS_PUBLISHED)).findings]
    assert kinds == ["second backward", "deep chains"]
