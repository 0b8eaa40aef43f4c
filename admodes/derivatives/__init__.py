"""Derivatives of functions, built from the sweeps of admodes.core."""
