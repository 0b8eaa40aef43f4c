"""Workloads of the literature: compiled derivatives beside those written by hand and beside other
libraries. admodes was not tuned for them when they were first measured; for those that are held
out it has not been since.

    python -m benchmarks.unseen [--only NAME] [--rounds N] [--markdown] [--json FILE]
"""
