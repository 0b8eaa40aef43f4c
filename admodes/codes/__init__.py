"""A function and its derivatives printed as Python that runs on NumPy alone."""

from admodes.codes.result import Code, code

__all__ = ["Code", "code"]
