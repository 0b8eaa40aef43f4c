"""Experiments: what differentiation costs, counted exactly and measured honestly."""
