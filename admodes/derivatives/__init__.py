"""Derivatives of functions, built from the sweeps of admodes.core: a function goes in, the function
that computes its gradient, Jacobian or Hessian comes out.
"""
