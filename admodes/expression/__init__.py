"""Functions from text: tokens (grammar), a list of operations (lowering), a function (parser)."""

from admodes.expression.grammar import ExpressionError
from admodes.expression.parser import ParsedFunction, parse, parse_number

__all__ = ["ExpressionError", "ParsedFunction", "parse", "parse_number"]
