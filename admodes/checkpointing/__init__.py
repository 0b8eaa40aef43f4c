"""Checkpointing: less memory for a reverse sweep, for evaluating parts of the function again."""

from admodes.checkpointing.binomial import Action, schedule
from admodes.checkpointing.loop import checkpointed_loop
from admodes.checkpointing.report import Revolve, revolve
from admodes.checkpointing.segment import checkpoint

__all__ = ["Action", "Revolve", "checkpoint", "checkpointed_loop", "revolve", "schedule"]
