"""Passes over whole lists, one module a pass: each takes a list, of which it has to see
more than a row and what that reads, and gives another one."""
