"""Whether a derivative that somebody wrote by hand is right, and where it is not, which mistake
explains it."""
