"""The numpy back end: an optimised program is written as straight-line Python that calls NumPy and
`math` and writes into buffers which are used again.
"""
