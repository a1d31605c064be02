"""Checks recorded messages: the contract of each, and what holds between them.

Runs without a server; what it remembers from one message to the next is bounded, so a recording may be of any length.
"""

from simulator.contract.checking.run import CheckedFault, Checking

__all__ = ["CheckedFault", "Checking"]
