"""The error that an expression is refused with."""

import pytest

from admodes.expression import ExpressionError, parse


def error(*expressions, **options):
    with pytest.raises(ExpressionError) as caught:
        parse(*expressions, **options)
    return caught.value
