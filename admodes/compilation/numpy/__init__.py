"""The numpy back end: programs as straight-line Python over NumPy and `math`."""
