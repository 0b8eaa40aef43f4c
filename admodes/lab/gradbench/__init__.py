"""GradBench (github.com/gradbench/gradbench): admodes as a tool that computes derivatives for its
twelve evals. A file per eval holds the mathematics in plain NumPy code and how it is compiled;
evals.py is the table of them all, protocol.py speaks with the driver.
"""
