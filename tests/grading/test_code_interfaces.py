"""Which modules are run and how they are used: interfaces, adapters, refusals, the command."""

import json
import re

import pytest
from autograd_mistakes import FOLDER, planted

import admodes as ad

TENSORS = """
import helper
class Tensor:
    def __init__(self, x, parents=()): self.x, self.parents, self.g = x, parents, 0.0
def plus(a, b): return Tensor(a.x + b.x, [(a, 1.0), (b, 1.0)])
def sine(a): return Tensor(helper.sin(a.x), [(a, helper.cos(a.x))])
def tensor_times(a, b): return Tensor(a.x * b.x, [(a, b.x), (b, a.x)])
def run(out):
    order = []
    stack, seen = [(out, False)], set()
    while stack:
        t, done = stack.pop()
        if done: order.append(t)
        elif id(t) not in seen:
            seen.add(id(t)); stack.append((t, True))
            stack += [(p, False) for p, _ in t.parents]
    for t in order: t.g = 0.0
    out.g = 1.0
    for t in reversed(order):
        for p, d in t.parents: p.g += d * t.g
"""

ADAPTER = """
import student
def variable(number): return student.Tensor(number)
def value(node): return node.x
def gradient(node): return node.g
def backward(output): student.run(output)
operations = {"add": student.plus, "product": student.tensor_times, "sin": student.sine}
"""

HELPER = "from math import cos, sin"


def test_an_adapter_says_how_to_use_another_module(file):
    paths = {"adapter": file(ADAPTER, "how.py"), "also": [file(HELPER, "helper.py")]}
    result = ad.grade_code(file(TENSORS), **paths)
    assert (result.interface, result.verdict) == ("adapter", "pass")
    wrong = TENSORS.replace("(b, a.x)])", "(b, b.x)])")
    result = ad.grade_code(file(wrong), **paths)
    assert [(f.kind, f.operation) for f in result.findings] == [("rule", "product")]
    assert "product(a, b)" in result.findings[0].text


def test_an_adapter_that_lacks_something_is_refused(file):
    short = ADAPTER.replace("def gradient", "def gradent")
    for text, said in ((short, "gradient"), (ADAPTER.replace('"sin"', '"sine"'), "'sine'")):
        with pytest.raises(ValueError, match=said):
            ad.grade_code(
                file(TENSORS), adapter=file(text, "how.py"), also=[file(HELPER, "helper.py")]
            )


REFUSED = {
    "no class": "x = 1",
    "a syntax error": "def f(:",
    "no text": "\0",
    "nested without end": "(" * 5000,
    "only an error": "raise ValueError",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_module_of_these_is_not_run(file, name):
    result = ad.grade_code(file(REFUSED[name]))
    assert result.verdict == "refused"
    assert [f.kind for f in result.findings] == ["not loaded"]


def test_a_module_without_backward_is_refused(file):
    result = ad.grade_code(
        file("class Value:\n    def __init__(self, x): self.data = self.grad = x")
    )
    assert (result.verdict, result.interface) == ("refused", "micrograd")
    assert "backward" in result.findings[0].text


def test_backward_may_be_a_function_and_operations_too(file):
    text = planted("diy", "sin, sign").replace("    def backward(self):", "def backward(self):")
    head, _, tail = text.partition("def backward(self):")
    body, _, rest = tail.partition("\n\n\n")
    text = f"{head.rstrip()}\n\n\n{rest}\ndef backward(self):{body}\n\n"
    text += "def sin(a):\n    return Sin.forward(a)\n"
    result = ad.grade_code(file(text))
    assert [(f.kind, f.operation) for f in result.findings] == [("rule", "sin")]


def test_forward_may_take_a_list(file):
    text = planted("diy", "sin, sign")
    text = text.replace("def forward(a, b):", "def forward(args):\n        a, b = args")
    text = text.replace("def forward(a):", "def forward(args):\n        (a,) = args")
    result = ad.grade_code(file(re.sub(r"\.forward\((.+)\)$", r".forward([\1])", text, flags=re.M)))
    assert [(f.kind, f.operation) for f in result.findings] == [("rule", "sin")]
    assert "Sin.forward([a])" in result.findings[0].text


def test_helpers_on_plain_numbers_are_no_operations(file):
    text = (FOLDER / "diy.py").read_text("utf-8")
    text += "\ndef exp(x):\n    return math.exp(x)\n"
    result = ad.grade_code(file(text))
    assert result.verdict == "pass"
    assert any(note.startswith("exp") for note in result.notes)


def test_json_is_one_document_of_the_contract(run, file):
    status, text, _ = run("grade-code", str(file(planted("diy", "ln, sign"))), "--format", "json")
    data = json.loads(text)
    assert status == 1
    assert list(data) == [
        *("schema", "module", "interface", "verdict", "findings", "notes", "isolation")
    ]
    assert data["schema"] == "admodes.grade-code/1"
    assert list(data["findings"][0]) == [
        *("kind", "operation", "case", "graph", "given", "right", "text")
    ]
    assert set(data["isolation"]) == {"promised", "not"}
    finding = data["findings"][0]
    assert (finding["given"], finding["right"]) == (-0.5, 0.5)


def test_exit_statuses(run, file, tmp_path):
    assert run("grade-code", str(FOLDER / "diy.py"))[0] == 0
    assert run("grade-code", str(file("x = 1")))[0] == 1
    for wrong in (tmp_path / "nosuch.py", tmp_path, "/dev/zero"):
        status, printed, said = run("grade-code", str(wrong))
        assert (status, printed, len(said.splitlines())) == (2, "", 1)


def test_wrong_words_are_refused(run, file):
    path = str(file("x = 1"))
    for wrong in (("--interface", "x"), ("--seconds", "100"), ("--adapter", "nosuch.py")):
        assert run("grade-code", path, *wrong)[0] == 2
    for wrong in ({"interface": "torch"}, {"seconds": 0.0}, {"memory": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ad.grade_code(path, **wrong)
