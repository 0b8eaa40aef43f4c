"""The table of operations, by chapter. Importing it fills the registry."""

from admodes.ops import (
    activations,
    arithmetic,
    exponential,
    hyperbolic,
    selection,
    structure,
    trigonometric,
)

__all__ = [
    "activations",
    "arithmetic",
    "exponential",
    "hyperbolic",
    "selection",
    "structure",
    "trigonometric",
]
