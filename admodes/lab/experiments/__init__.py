"""Experiments that measure many points: where the points are kept (store), how they are run
(running), and one module for each experiment.
"""
