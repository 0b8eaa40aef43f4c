"""Loops that stay loops: a repeated stretch of a recorded list as one operation, whose cost in time
and memory to build does not grow with the number of turns."""
