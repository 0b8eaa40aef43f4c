"""Compilation: `compile` takes a function and gives a faster one of the same arguments, which
records the function once per case and runs the program in its place.
"""

from admodes.compilation.advice import CompileWarning
from admodes.compilation.cases import Specialisation
from admodes.compilation.compiled import Compiled
from admodes.compilation.front import compile
from admodes.compilation.purity import ImpureError

__all__ = ["CompileWarning", "Compiled", "ImpureError", "Specialisation", "compile"]
