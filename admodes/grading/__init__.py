"""Submissions of a class, graded: tables against a key, and autograd modules against the rules of
the operations."""
