"""Variable: a number or array with a gradient, as courses that build their own autograd have it:
backward() pulls adjoints through the nodes, fills .grad, and draw() shows the graph.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from admodes.core.carrier import Carrier, Level
from admodes.core.checking import Count, is_strict, look_at
from admodes.core.names import checked_name
from admodes.core.scalars import counted, fitting
from admodes.core.space import cast, zeros
from admodes.core.sweep import sweep
from admodes.core.tape import General, Node, reachable
from admodes.core.values import canonical, numeric, shape_of
from admodes.errors import BadType, BadValue
from admodes.tracing.diy import Func, func_of

if TYPE_CHECKING:
    from admodes.drawing.graphs import DotText, Graph

_ids = itertools.count()
_level = Level()


class Variable(Node):
    """A number or array that remembers how it was made.

    Variables combine with each other, with plain numbers and arrays, through operators and ad
    functions; the result is a Variable. `y.backward()` fills `.grad` of everything that y was made
    from. Nothing is global: a graph lives as long as the Variables that refer to it.

    value: the plain number or array; it may be set on inputs, for the next evaluation (what was
    computed before keeps its value). grad: None until backward() has reached this Variable.
    children: the arguments it was made from, constants included. func: the operation that made it,
    which shows its label, as * for a product, and has forward and backward; None for an input.
    name, id: for people and for drawing.

    Raises TypeError for values that are no numbers and for traced values, ValueError for a name
    that cannot be printed.

    >>> import admodes as ad
    >>> x1, x2 = ad.Variable(2.0, name="x_1"), ad.Variable(5.0, name="x_2")
    >>> y = ad.ln(x1) + x1 * x2
    >>> y.backward()
    >>> x1.grad, x2.grad
    (5.5, 2.0)
    """

    __slots__ = ("grad", "id", "name")

    grad: Any
    id: int
    name: str | None

    def __init__(self, value: Any, name: str | None = None) -> None:
        super().__init__(_level, _plain(value), None, (), None)
        self.grad = None
        self.name = None if name is None else checked_name(name, "variable's")
        self.id = next(_ids)

    @property
    def value(self) -> Any:
        """The plain number or array."""
        return self.primal

    @value.setter
    def value(self, new: Any) -> None:
        if self.op is not None:
            raise AttributeError(
                f"the value of {self!r} was computed by {self.op.name}: set the value of an input "
                "and compute again"
            )
        self.primal = _plain(new)

    @property
    def children(self) -> tuple[Variable, ...]:
        """The arguments this was made from; constants are Variables that nothing refers to."""
        return tuple(a if isinstance(a, Variable) else Variable(a) for a in self.args)

    @property
    def func(self) -> Func | None:
        """The operation that made this, or None for an input: a label such as * or sin, which has
        forward and backward as the classes of admodes.tracing.diy.

        >>> import admodes as ad
        >>> x = ad.Variable(3.0)
        >>> y = x * ad.sin(x)
        >>> print(y.func, y.children[1].func)
        * sin
        """
        return None if self.op is None else func_of(self.op)

    @staticmethod
    def convert(x: Any) -> Variable:
        """x itself where it is a Variable, and a Variable of a number or an array.

        >>> import admodes as ad
        >>> ad.Variable.convert(2)
        Variable(2.0)
        """
        return x if isinstance(x, Variable) else Variable(x)

    def topoSort(self) -> list[Variable]:
        """This and all Variables that it was made from, each before its children: the order in
        which backward() goes. Constants are not among them.

        >>> import admodes as ad
        >>> x = ad.Variable(3.0, name="x")
        >>> y = (x + 1.0) * x
        >>> y.grad = 1.0
        >>> for v in y.topoSort():
        ...     if v.func is not None:
        ...         v.func.backward(v, v.children)
        >>> x.grad
        7.0
        """
        return [node for node in reachable([self]) if isinstance(node, Variable)]

    def backward(self, seed: Any = 1.0, accumulate: bool = False) -> None:
        """Set .grad of everything this was made from to the derivative of this, times seed.

        A second call gives the same gradients again; accumulate=True adds to the ones there. An
        array needs a seed of its shape. Raises ValueError where no operation produced this, or the
        seed has another shape.
        """
        if self.op is None:
            raise BadValue(
                f"backward() on {self!r}, which no operation produced: call it on a result, such "
                "as y = x * x"
            )
        seed = canonical(numeric(seed, "backward"))
        if shape_of(seed) != self.shape:
            raise BadValue(
                f"backward: the seed has shape {shape_of(seed)}, but the value has shape "
                f"{self.shape}; reduce the value (.sum()) or give a seed of its shape"
            )
        nodes = reachable([self])
        adjoints = sweep({self.serial: seed}, nodes, keep=True)
        for node in nodes:
            assert isinstance(node, Variable)
            new = adjoints.get(node.serial)
            if new is None:
                new = zeros(node.shape, node.primal)
            new = cast(new, node.primal)
            node.grad = node.grad + new if accumulate and node.grad is not None else _copied(new)

    def drawGraph(self, kind: str = "both", **options: Any) -> Graph:
        """What this was made from as a graph: values, partial derivatives on edges, and after
        backward() the gradients in a second colour. A notebook shows the picture. The other kinds,
        and the options around, depth, digits, collapse and opened, are those of ad.graph.

        Raises ValueError for an unknown kind or row, and for more than 400 nodes.

        >>> import admodes as ad
        >>> x = ad.Variable(3.0, name="x")
        >>> y = x * ad.sin(x)
        >>> y.backward()
        >>> print(y.drawGraph().to_text())
             Row         Value    Adjoint    Partials
        ○    x           3        -2.828857
        ├─●  v1 = sin x  0.14112  3          x: -0.989992
        ◆─╯  y = x v1    0.42336  1          x: 0.14112, v1: 3
        <BLANKLINE>
        """
        from admodes.tracing.taped import graph_of

        return graph_of(self, kind, **options)

    def draw(self, kind: str = "both", **options: Any) -> DotText:
        """drawGraph() as text in the language of Graphviz, which a notebook shows as the picture;
        it can be saved and written in other formats as the graph can."""
        from admodes.drawing.graphs import DotText

        return DotText(self.drawGraph(kind, **options))

    def __new__(cls, value: Any = None, name: str | None = None) -> Variable:
        return object.__new__(fitting(Variable, value, np.shape(value)))  # type: ignore[no-any-return]

    def __init_subclass__(cls) -> None:
        if cls.__dict__.get("__class__") is Variable:
            return
        raise BadType("Variable cannot be subclassed: keep a Variable as an attribute instead")

    def __copy__(self) -> Variable:
        if self.op is not None:
            raise BadType(f"{self!r} was computed by {self.op.name}: copy the inputs instead")
        return Variable(self.primal, self.name)

    def __deepcopy__(self, memo: dict) -> Variable:
        return self.__copy__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        self.__copy__()
        return Variable, (self.primal, self.name)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"Variable({self.primal!r}{name})"


counted(Variable)


def _made(level: Level, primal: Any, op: Any, args: tuple, local: Any) -> Any:
    """A Variable that an operation produced."""
    if Count.blocks and is_strict():
        values = tuple(a.primal if isinstance(a, Variable) else a for a in args)
        look_at(op, values, local[0] if local.__class__ is General else None, primal)
    made = object.__new__(fitting(Variable, primal, shape_of(primal)))
    Node.__init__(made, level, primal, op, args, local)
    made.grad = None
    made.name = None
    made.id = next(_ids)
    return made


Variable.result = staticmethod(_made)


def _plain(value: Any) -> Any:
    if isinstance(value, Carrier):
        raise BadType(
            f"Variable takes a plain number or array, not {value!r}: use the value as it is, or "
            "ad.grad for derivatives of derivatives"
        )
    return _copied(canonical(numeric(value, "Variable")))


def _copied(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x
