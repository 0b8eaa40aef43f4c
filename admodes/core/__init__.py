"""The engine: operations, the values that carry derivatives through a function, forward mode,
reverse mode, batches, and the recording of functions as lists of operations."""
