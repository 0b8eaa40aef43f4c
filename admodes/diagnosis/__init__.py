"""Where a derivative goes wrong: the row at which nan, infinity or lost digits begin, or at which
the influence of an input ends."""

from admodes.diagnosis.examine import diagnose
from admodes.diagnosis.result import Diagnosis

__all__ = ["Diagnosis", "diagnose"]
