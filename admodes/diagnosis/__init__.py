"""Where a derivative goes wrong: the row at which nan, infinity or lost digits begin, or at which
the influence of an input ends."""
