"""Sparse Jacobians and Hessians: which entries can be non-zero, and their values without the rest.

    f, x ── record ──> list ── pattern.py ──> pattern ── coloring.py ──> groups of columns, rows
     │                                                            │
     │                                        compressed.py: one sweep per group, gathered into CSR
     └── bands.py: f on values that carry their few non-zero derivatives; no groups, no sweeps

compressed.py chooses between the two ways; result.py is the pattern and its groups as data.
"""
