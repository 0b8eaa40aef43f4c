"""The backpropagation equations of a function of arrays, in symbols, each checked at the data."""
