"""A peer to measure against: a scalar autograd in the style of micrograd (A. Karpathy).

Each Value keeps a set of the Values it came from and a closure that pushes its gradient back to
them; backward() orders the graph by a recursive depth-first walk. Written for this comparison,
with the operations that micrograd lacks (general powers, sin, exp, division as an operation of its
own rather than a power and a product) in the same style. It has one level, one mode and scalars
only, and the depth of its graphs is bounded by Python's recursion limit.

>>> x, y = Value(2.0), Value(3.0)
>>> (x * y.sin() + x**y).backward()
>>> round(x.grad, 6), round(y.grad, 6)
(12.14112, 3.565192)
"""

from __future__ import annotations

import math


class Value:
    """A number, its gradient, and how to push the gradient on."""

    def __init__(self, data, parents=()):
        self.data = data
        self.grad = 0.0
        self._parents = set(parents)
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __truediv__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data / other.data, (self, other))

        def _backward():
            self.grad += out.grad / other.data
            other.grad -= out.data / other.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, other):
        if isinstance(other, Value):
            return self._general_power(other)
        out = Value(self.data**other, (self,))

        def _backward():
            self.grad += other * self.data ** (other - 1) * out.grad

        out._backward = _backward
        return out

    def _general_power(self, other):
        out = Value(self.data**other.data, (self, other))

        def _backward():
            self.grad += other.data * self.data ** (other.data - 1) * out.grad
            other.grad += out.data * math.log(self.data) * out.grad

        out._backward = _backward
        return out

    def sin(self):
        out = Value(math.sin(self.data), (self,))

        def _backward():
            self.grad += math.cos(self.data) * out.grad

        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,))

        def _backward():
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return Value(other) - self

    def __rtruediv__(self, other):
        return Value(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        """Fill .grad of everything that this came from."""
        order = []
        visited = set()

        def visit(v):
            if v not in visited:
                visited.add(v)
                for parent in v._parents:
                    visit(parent)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()
