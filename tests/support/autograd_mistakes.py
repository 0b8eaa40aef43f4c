"""Mistakes that are planted in the reference modules of tests/data/autograd_modules: the text that
is replaced, what stands in its place, and the findings that follow, as kind and operation."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "data" / "autograd_modules"

ADD = "a.grad += parent.grad\n        b.grad += parent.grad\n\n\nclass Inverse"
VISIT = """        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node.id not in seen:
                seen.add(node.id)
                stack.append((node, True))
                stack += [(child, False) for child in node.children]
        return order[::-1]"""
PREORDER = """        order, seen, stack = [], set(), [self]
        while stack:
            node = stack.pop()
            if node.id not in seen:
                seen.add(node.id)
                order.append(node)
                stack += node.children[::-1]
        return order"""
LEVELS = """        order, seen, queue = [], {self.id}, [self]
        for node in queue:
            order.append(node)
            for child in node.children:
                if child.id not in seen:
                    seen.add(child.id)
                    queue.append(child)
        return order"""
RECURSIVE = """        order, seen = [], set()
        def visit(node):
            if node.id not in seen:
                seen.add(node.id)
                for child in node.children:
                    visit(child)
                order.append(node)
        visit(self)
        return order[::-1]"""
BACKWARD = """        order = self.topoSort()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in order:
            if node.func is not None:
                node.func.backward(node, node.children)"""
PATHS = """        for node in self.topoSort():
            node.grad = 0.0
        self.grad = 1.0
        stack = [self]
        while stack:
            node = stack.pop()
            if node.func is not None:
                node.func.backward(node, node.children)
                stack += node.children"""

DIY = {
    "product, first": ("a.grad += b.value * parent", "a.grad += a.value * parent"),
    "product, second": ("b.grad += a.value * parent", "b.grad += b.value * parent"),
    "product, sum": ("a.grad += b.value * parent.grad", "a.grad += parent.grad"),
    "inverse, sign": ("-1 / a.value**2", "1 / a.value**2"),
    "inverse, power": ("-1 / a.value**2", "-1 / a.value"),
    "ln, sign": ("1 / a.value * parent", "-1 / a.value * parent"),
    "ln, itself": ("1 / a.value * parent", "a.value * parent"),
    "pow, base": ("a.value ** (b.value - 1)", "a.value ** b.value"),
    "pow, exponent missing": ("b.grad += math.log", "0 * math.log"),
    "pow, exponent": ("math.log(a.value) * a", "math.log(b.value + 9) * a"),
    "sin, sign": ("a.grad += math.cos", "a.grad += -math.cos"),
    "cos, sign": ("a.grad += -math.sin", "a.grad += math.sin"),
    "cos, value": ("Variable(math.cos", "Variable(math.sin"),
    "tan, square": ("1 / math.cos(a.value) ** 2", "1 / math.cos(a.value)"),
    "tan, rule": ("1 / math.cos(a.value) ** 2", "1 - math.tan(a.value) ** 2"),
    "max, wrong way": ("a.value >= b.value", "a.value <= b.value"),
    "max, both": (
        "if a.value >= b.value:\n            a.grad += parent.grad\n        else:",
        "if a.value >= b.value:\n            a.grad += parent.grad\n        if b.value >= a.value:",
    ),
    "min, neither": (
        "if a.value <= b.value:\n            a.grad += parent.grad\n        else:",
        "if a.value < b.value:\n            a.grad += parent.grad\n        elif b.value < a.value:",
    ),
    "add, second": (ADD, ADD.replace("b.grad += parent", "b.grad += 0 * parent")),
    "sin, incoming": ("math.cos(a.value) * parent.grad", "math.cos(a.value)"),
    "product, incoming": ("a.grad += b.value * parent.grad", "a.grad += b.value"),
    "product, sets": ("b.grad += a.value", "b.grad = a.value"),
    "sin, sets": ("a.grad += math.cos", "a.grad = math.cos"),
    "add, sets": (ADD, ADD.replace("+=", "=")),
    "all set": ("grad += ", "grad = "),
    "constant without children": (
        "return Add.forward(self, Variable.convert(other))",
        "return Add.forward(self, other) if isinstance(other, Variable) "
        "else Variable(self.value + other)",
    ),
    "reflected, order": ("return Variable.convert(other) + self * -1", "return self - other"),
    "divide, order": (
        "self * Inverse.forward(Variable.convert(other))",
        "Variable.convert(other) * Inverse.forward(self)",
    ),
    "reflected divide, order": (
        "return Variable.convert(other) * Inverse.forward(self)",
        "return self / other",
    ),
    "preorder": (VISIT, PREORDER),
    "levels": (VISIT, LEVELS),
    "every path": (BACKWARD, PATHS),
    "recursion": (VISIT, RECURSIVE),
    "not reset": ("            node.grad = 0.0\n", "            node.grad = node.grad or 0.0\n"),
    "no seed": ("self.grad = 1.0", "pass"),
    "seed 2": ("self.grad = 1.0", "self.grad = 2.0"),
    "typo": ("node.func.backward(node, node.children)", "node.func.backwrd(node, node.children)"),
    "not written": ("return Variable(math.tan(a.value), [a], Tan)", "raise NotImplementedError"),
}
"""Each replaced wherever it stands."""

DIY_FINDINGS = {
    "product, first": [("rule", "product")],
    "product, second": [("rule", "product")],
    "product, sum": [("rule", "product")],
    "inverse, sign": [("rule", "inverse")],
    "inverse, power": [("rule", "inverse")],
    "ln, sign": [("rule", "ln")],
    "ln, itself": [("rule", "ln")],
    "pow, base": [("rule", "pow")],
    "pow, exponent missing": [("rule", "pow")],
    "pow, exponent": [("rule", "pow")],
    "sin, sign": [("rule", "sin")],
    "cos, sign": [("rule", "cos")],
    "cos, value": [("value", "cos")],
    "tan, square": [("rule", "tan")],
    "tan, rule": [("rule", "tan")],
    "max, wrong way": [("rule", "max")],
    "max, both": [("tie", "max")],
    "min, neither": [("tie", "min")],
    "add, second": [("rule", "add")],
    "sin, incoming": [("rule", "sin")],
    "product, incoming": [("rule", "product")],
    "product, sets": [("reuse", "product")],
    "sin, sets": [("reuse", "sin")],
    "add, sets": [("reuse", "add")],
    "all set": [("reuse", None)],
    "constant without children": [("constants", "add")],
    "reflected, order": [("reflected operator", "subtract")],
    "divide, order": [("value", "divide")],
    "reflected divide, order": [("reflected operator", "divide")],
    "preorder": [("order of traversal", None)],
    "levels": [("order of traversal", None)],
    "every path": [("order of traversal", None)],
    "recursion": [("deep chains", None)],
    "not reset": [("second backward", None)],
    "no seed": [("no gradient", None)],
    "seed 2": [("no gradient", None)],
    "typo": [("raises", None)],
    "not written": [("raises", "tan")],
}

MICROGRAD = {
    "pow": ("other * self.data ** (other - 1)", "other * self.data ** other"),
    "relu": ("(out.data > 0) * out.grad", "out.grad"),
    "tanh": ("(1 - t**2)", "(1 - t)"),
    "exp": ("self.grad += out.data * out.grad", "self.grad += self.data * out.grad"),
    "product": ("self.grad += other.data * out.grad", "self.grad += self.data * out.grad"),
    "negate": ("return self * -1", "return Value(-self.data)"),
    "subtract": ("return self + (-other)", "return self + other"),
    "tanh sets": ("self.grad += (1 - t**2)", "self.grad = (1 - t**2)"),
    "rsub": ("return other + (-self)", "return self + (-other)"),
    "rtruediv": ("return other * self**-1", "return self * other**-1"),
    "add accumulates": ("            node.grad = 0.0\n", "            pass\n"),
    "mul refuses numbers": (
        "        other = other if isinstance(other, Value) else Value(other)\n"
        "        out = Value(self.data * other",
        "        out = Value(self.data * other",
    ),
}
MICROGRAD_FINDINGS = {
    "pow": [("rule", "pow")],
    "relu": [("rule", "relu")],
    "tanh": [("rule", "tanh")],
    "exp": [("rule", "exp")],
    "product": [("rule", "product")],
    "negate": [("rule", "negate")],
    "subtract": [("value", "subtract")],
    "tanh sets": [("reuse", "tanh")],
    "rsub": [("reflected operator", "subtract")],
    "rtruediv": [("reflected operator", "divide")],
    "add accumulates": [("second backward", None)],
    "mul refuses numbers": [("constants", "product")],
}


def planted(name, mistake):
    """The text of a reference module with a mistake in it."""
    text = (FOLDER / f"{name}.py").read_text("utf-8")
    old, new = {"diy": DIY, "micrograd_like": MICROGRAD}[name][mistake]
    assert old in text
    return text.replace(old, new)
