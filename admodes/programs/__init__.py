"""What is done to a recorded program."""
