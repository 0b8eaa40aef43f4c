"""Experiments that measure what differentiation costs: operations counted exactly, times taken in
interleaved rounds.
"""
