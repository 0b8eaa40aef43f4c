"""What people read, made from plain data: rows as dicts go in; tables in text, Markdown, LaTeX,
HTML and CSV come out. Nothing here knows an engine."""
