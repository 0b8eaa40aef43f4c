"""What is done to a recorded list after the recording: derivatives, replay at other values,
tidying, printing, counting. A Program goes in.
"""
