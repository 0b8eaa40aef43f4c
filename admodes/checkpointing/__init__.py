"""Checkpointing: a reverse sweep takes less memory, because parts of the function are evaluated
again during the sweep instead of being stored for it."""

from admodes.checkpointing.binomial import Action, schedule
from admodes.checkpointing.loop import checkpointed_loop
from admodes.checkpointing.result import Revolve, revolve
from admodes.checkpointing.segment import checkpoint

__all__ = ["Action", "Revolve", "checkpoint", "checkpointed_loop", "revolve", "schedule"]
