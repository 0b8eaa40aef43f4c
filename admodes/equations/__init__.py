"""The backpropagation equations of a function of arrays, in symbols, each checked at the data."""

from admodes.equations.result import Equation, Equations, equations

__all__ = ["Equation", "Equations", "equations"]
