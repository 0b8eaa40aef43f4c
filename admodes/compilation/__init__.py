"""Compilation: a function is recorded once per case, and its program is run in its place."""

from admodes.compilation.advice import CompileWarning
from admodes.compilation.cases import Specialisation
from admodes.compilation.compiled import Compiled
from admodes.compilation.front import compile
from admodes.compilation.purity import ImpureError

__all__ = ["CompileWarning", "Compiled", "ImpureError", "Specialisation", "compile"]
