"""Traces: what a function did at a point, as rows of plain data with tangents and adjoints."""
