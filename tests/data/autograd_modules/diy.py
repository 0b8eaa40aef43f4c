"""An autograd by the interface of the homework "DIY autograd": right, and without recursion."""

import itertools
import math

_ids = itertools.count()


class Variable:
    def __init__(self, value, children=(), func=None, name=None):
        self.id = next(_ids)
        self.value = value
        self.children = list(children)
        self.func = func
        self.grad = None
        self.name = name

    @staticmethod
    def convert(x):
        return x if isinstance(x, Variable) else Variable(float(x))

    def __add__(self, other):
        return Add.forward(self, Variable.convert(other))

    def __radd__(self, other):
        return Add.forward(Variable.convert(other), self)

    def __mul__(self, other):
        return Prod.forward(self, Variable.convert(other))

    def __rmul__(self, other):
        return Prod.forward(Variable.convert(other), self)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + Variable.convert(other) * -1

    def __rsub__(self, other):
        return Variable.convert(other) + self * -1

    def __truediv__(self, other):
        return self * Inverse.forward(Variable.convert(other))

    def __rtruediv__(self, other):
        return Variable.convert(other) * Inverse.forward(self)

    def __pow__(self, other):
        return Pow.forward(self, Variable.convert(other))

    def __rpow__(self, other):
        return Pow.forward(Variable.convert(other), self)

    def topoSort(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node.id not in seen:
                seen.add(node.id)
                stack.append((node, True))
                stack += [(child, False) for child in node.children]
        return order[::-1]

    def backward(self):
        order = self.topoSort()
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in order:
            if node.func is not None:
                node.func.backward(node, node.children)


class Prod:
    @staticmethod
    def forward(a, b):
        return Variable(a.value * b.value, [a, b], Prod)

    @staticmethod
    def backward(parent, children):
        a, b = children
        a.grad += b.value * parent.grad
        b.grad += a.value * parent.grad


class Add:
    @staticmethod
    def forward(a, b):
        return Variable(a.value + b.value, [a, b], Add)

    @staticmethod
    def backward(parent, children):
        a, b = children
        a.grad += parent.grad
        b.grad += parent.grad


class Inverse:
    @staticmethod
    def forward(a):
        return Variable(1 / a.value, [a], Inverse)

    @staticmethod
    def backward(parent, children):
        (a,) = children
        a.grad += -1 / a.value**2 * parent.grad


class Ln:
    @staticmethod
    def forward(a):
        return Variable(math.log(a.value), [a], Ln)

    @staticmethod
    def backward(parent, children):
        (a,) = children
        a.grad += 1 / a.value * parent.grad


class Pow:
    @staticmethod
    def forward(a, b):
        return Variable(a.value**b.value, [a, b], Pow)

    @staticmethod
    def backward(parent, children):
        a, b = children
        a.grad += b.value * a.value ** (b.value - 1) * parent.grad
        b.grad += math.log(a.value) * a.value**b.value * parent.grad


class Sin:
    @staticmethod
    def forward(a):
        return Variable(math.sin(a.value), [a], Sin)

    @staticmethod
    def backward(parent, children):
        (a,) = children
        a.grad += math.cos(a.value) * parent.grad


class Cos:
    @staticmethod
    def forward(a):
        return Variable(math.cos(a.value), [a], Cos)

    @staticmethod
    def backward(parent, children):
        (a,) = children
        a.grad += -math.sin(a.value) * parent.grad


class Tan:
    @staticmethod
    def forward(a):
        return Variable(math.tan(a.value), [a], Tan)

    @staticmethod
    def backward(parent, children):
        (a,) = children
        a.grad += 1 / math.cos(a.value) ** 2 * parent.grad


class Max:
    @staticmethod
    def forward(a, b):
        return Variable(max(a.value, b.value), [a, b], Max)

    @staticmethod
    def backward(parent, children):
        a, b = children
        if a.value >= b.value:
            a.grad += parent.grad
        else:
            b.grad += parent.grad


class Min:
    @staticmethod
    def forward(a, b):
        return Variable(min(a.value, b.value), [a, b], Min)

    @staticmethod
    def backward(parent, children):
        a, b = children
        if a.value <= b.value:
            a.grad += parent.grad
        else:
            b.grad += parent.grad
