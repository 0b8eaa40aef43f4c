"""Local rules on products with matrices and on systems of equations: what is known of a
matrix, or of the other factor, makes them cheaper."""
