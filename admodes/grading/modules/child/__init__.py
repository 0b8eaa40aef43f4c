"""What runs in the process of a student's module: `python -I` on this folder, which imports
nothing of admodes, so that no oracle is in the memory that the module sees."""
