"""Why a derivative may take more than f, or grow faster."""

_ROOT = "f reads √n of the n entries, and a gradient has n"
_ROWS = (
    "a Python loop, whose f takes 0.1 to 0.2 µs an entry and whose derivative some rows, each of "
)
_ROWS += "them a few µs, in proportion to n; compiled it takes less than f"
_FIXED = "f takes microseconds at this size, of which a few rows take some each"

REASONS: dict[str, str] = {
    **dict.fromkeys(("diag", "diagonal", "trace", "linalg.diagonal", "linalg.trace"), _ROOT),
    "x[i] += v, in a loop": _ROWS,
    "x[i] in a loop": _ROWS,
    "stack of x[i] in a loop": _ROWS,
    "apply_along_axis": "f calls a function for each line, whose derivative is some rows for each",
    "linalg.det": "the derivative holds for singular matrices too, by singular values",
    **dict.fromkeys(("matvec", "vecmat", "poly"), _FIXED),
    **dict.fromkeys(
        ("special.digamma", "special.psi"),
        "trigamma is calculated by NumPy's functions, digamma by compiled code of scipy",
    ),
}
