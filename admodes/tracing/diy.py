"""The operations in the form of courses that build their own autograd: a class for each, with
forward and backward. All of it is read from the registry; the module's attributes are these
classes, as Prod, Add, Sin and Max, by every name that an operation has.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from admodes.core.op import REGISTRY, Op
from admodes.core.tape import General, Node
from admodes.ops.notation import template


class Operation:
    """An operation in the form of a course: forward makes a Variable, and backward adds to the
    gradients of what it was made from.

    >>> import admodes as ad
    >>> from admodes.tracing.diy import Prod
    >>> a, b = ad.Variable(3.0, name="a"), ad.Variable(4.0, name="b")
    >>> y = Prod.forward(a, b)
    >>> y.grad = 1.0
    >>> Prod.backward(y, y.children)
    >>> y.value, Prod.label, a.grad, b.grad
    (12.0, '*', 4.0, 3.0)
    """

    op: Op
    label: str

    @classmethod
    def forward(cls, *args: Any) -> Any:
        """The operation on Variables."""
        return cls.op(*args)

    @classmethod
    def backward(cls, parent: Any, children: Any) -> None:
        """Add what parent.grad contributes to the grad of every child, None of which counts as 0.
        parent is a Variable that this operation made, and children are its children."""
        values = tuple(a.primal if isinstance(a, Node) else a for a in parent.args)
        params = parent.local[0] if isinstance(parent.local, General) else None
        for i, child in enumerate(children):
            if not cls.op.active(i):
                continue
            term = cls.op.vjp(i, parent.grad, parent.value, values, params)
            if term is not None:
                child.grad = term if child.grad is None else child.grad + term


class Func(str):
    """What made a Variable: the label of an operation, with the forward and the backward of its
    class, operation."""

    operation: type[Operation]

    def __new__(cls, operation: type[Operation]) -> Func:
        made = super().__new__(cls, operation.label)
        made.operation = operation
        return made

    def forward(self, *args: Any) -> Any:
        """The operation on Variables."""
        return self.operation.forward(*args)

    def backward(self, parent: Any, children: Any) -> None:
        """Add what parent.grad contributes to the grad of every child."""
        self.operation.backward(parent, children)


@functools.cache
def func_of(op: Op) -> Func:
    """The label of an operation, which leads to its class."""
    name = _class_name(op.course or op.name)
    doc = f"{op.doc} See Operation."
    operation = type(name, (Operation,), {"op": op, "label": label_of(op), "__doc__": doc})
    return Func(operation)


def label_of(op: Op) -> str:
    """The sign or the word by which an operation is printed, or else its name.

    >>> [label_of(REGISTRY[name]) for name in ("multiply", "negate", "ln", "maximum", "inverse")]
    ['*', '-', 'ln', 'max', 'inverse']
    """
    form = template(op, "text")
    sign = re.fullmatch(r"⟦0⟧ ?([^\s⟦]+) ?⟦1⟧|([^\w\s⟦])⟦0⟧|([^\W\d]\w*)[ (]⟦.*", form)
    found = next(filter(None, sign.groups()), None) if sign else None
    return found or op.name


def _class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _classes() -> dict[str, Op]:
    """The operations on numbers that have derivatives, by the names of their classes."""
    found: dict[str, Op] = {}
    for name, op in REGISTRY.items():
        if op.quick and op.arity is not None and name.isascii():
            found |= {_class_name(word): op for word in (name, op.course) if word}
    return found


def __getattr__(name: str) -> Any:
    classes = _classes()
    if name == "__all__":
        return list(classes)
    if name not in classes:
        raise AttributeError(
            f"no operation is called {name!r} here; there are {', '.join(sorted(classes))}"
        )
    return func_of(classes[name]).operation
