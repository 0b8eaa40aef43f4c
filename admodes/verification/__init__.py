"""Verification: forward, reverse, symbolic and numerical derivatives, side by side."""

from admodes.verification.proof import verify
from admodes.verification.result import Verification

__all__ = ["Verification", "verify"]
