"""In which order the rows of a linearised graph are eliminated, and what each order costs."""
