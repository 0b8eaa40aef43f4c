"""Compilation: `compile` takes a function and returns a faster one of the same arguments. It
records the function once for every case (shapes and dtypes of the arguments, branches taken), and
later calls run the optimised recording in its place."""

from admodes.compilation.advice import CompileWarning
from admodes.compilation.cases import Specialisation
from admodes.compilation.compiled import Compiled
from admodes.compilation.front import compile
from admodes.compilation.purity import ImpureError

__all__ = ["CompileWarning", "Compiled", "ImpureError", "Specialisation", "compile"]
