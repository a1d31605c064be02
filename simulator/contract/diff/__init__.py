"""Differences between two editions, row by row, with their effect on senders and on receivers.

`breaking`: a message valid under the one is refused under the other, even by a lenient reader. `risky`: it passes with
a warning, or means another thing. `safe`: it passes. The sender keeps to the old edition and meets a receiver of the
new one; the receiver keeps to the old and meets a sender of the new.
"""

from simulator.contract.diff.changes import BREAKING, LEVELS, RISKY, SAFE, Change, Part, Verdict
from simulator.contract.diff.compare import EditionDifference, compare

__all__ = ["BREAKING", "LEVELS", "RISKY", "SAFE", "Change", "EditionDifference", "Part", "Verdict", "compare"]
