"""Solution sheets: all that there is to show of a function at a point, in one document."""
