"""Workloads of the literature that admodes was not tuned for: compiled derivatives beside those
written by hand and beside other libraries.

    python -m benchmarks.unseen [--only NAME] [--rounds N] [--markdown] [--json FILE]
"""
