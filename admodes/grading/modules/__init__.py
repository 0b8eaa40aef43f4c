"""Autograd modules that students wrote, run in a process that gives up what it can, and judged by
the operations of the registry."""
