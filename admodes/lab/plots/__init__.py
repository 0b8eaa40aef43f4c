"""The experiments as pictures: PNG, SVG or PDF by the file's extension."""
