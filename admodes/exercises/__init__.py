"""Exercises on the two modes, with keys: functions with pleasant numbers, tables with blanks."""
