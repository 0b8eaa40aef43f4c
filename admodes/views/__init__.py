"""Rows of plain data -> text, Markdown, LaTeX, HTML, CSV. Nothing here knows an engine."""
