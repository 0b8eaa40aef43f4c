"""Verification: forward, reverse, symbolic and numerical derivatives, side by side."""

from admodes.verify.proof import verify
from admodes.verify.result import Verification

__all__ = ["Verification", "verify"]
