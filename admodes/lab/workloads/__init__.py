"""Workloads: functions of the kind and size that people differentiate, which benchmarks time and
comparisons and tests take at small sizes.

texts.py has the functions, points.py the points at which they are taken, scenarios.py both as
scenarios. The first two know nothing of admodes, so that a benchmark can time them with the admodes
of another checkout.
"""
