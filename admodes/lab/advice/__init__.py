"""The adviser: which way of differentiating a function to take, and why."""
