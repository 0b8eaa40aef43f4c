"""Functions from text: tokens, how natural notation is read (reading), the order of tokens
(grammar), Python's tree of them (syntax), a list of operations (lowering), a function (parser).
"""

from admodes.expression.errors import ExpressionError
from admodes.expression.parser import ParsedFunction, parse, parse_number

__all__ = ["ExpressionError", "ParsedFunction", "parse", "parse_number"]
