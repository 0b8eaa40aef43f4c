"""ad.code: a function and its derivatives printed as Python that runs on NumPy alone."""

from admodes.python_code.result import Code, code

__all__ = ["Code", "code"]
