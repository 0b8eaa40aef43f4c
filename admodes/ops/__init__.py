"""The table of operations, by chapter. Importing it fills the registry, in the order of the
chapters here, which is that of the catalogue."""

# isort: off
from admodes.ops import (
    shaping,
    comparisons,
    exponential,
    strong,
    activations,
    arithmetic,
    planar,
    selection,
    complex,
    indexing,
    assignment,
    options,
    scans,
    reductions,
    products,
    convolutions,
    sparse_products,
    linalg,
    decompositions,
    steps,
    eigen,
    special,
    entropies,
    running,
    fourier,
    hyperbolic,
    moves,
    sampling,
    trigonometric,
    truths,
)

# isort: on
