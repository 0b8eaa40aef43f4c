"""Graphs of what a function computed, from rows of plain data: which nodes and edges there are
(kinds), where they stand (layers, coordinates), and a writer for each format. It knows no engine.
"""
