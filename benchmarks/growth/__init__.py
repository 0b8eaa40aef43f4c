"""Growth: how the cost of derivatives grows with the size of the arguments, for every function of
NumPy that has one. python -m benchmarks.growth"""
