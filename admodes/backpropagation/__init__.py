"""The backpropagation equations of a function of arrays: a function and its arguments go in;
equations in symbols come out, each checked at the data."""
