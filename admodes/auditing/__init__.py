"""A derivation worked by hand, read from a document and judged cell by cell: what is right, what is
rounded, what is wrong and why, and what follows from an earlier mistake."""
