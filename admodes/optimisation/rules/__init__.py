"""Local rules on numbers and arrays, one module a kind: each looks at one row and the rows that it
reads. The sweep in `folding` applies them."""
