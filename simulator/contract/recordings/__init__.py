"""Recorded messages, whatever recorded them: one message, JSON Lines, a browser's HAR, the platform's journal.

Lines are read one by one and never kept, so a file of any size takes the same memory; the other forms are read whole.
"""

from simulator.contract.recordings.files import recorded_files
from simulator.contract.recordings.formats import legs_of
from simulator.contract.recordings.legs import Broken, Leg, Spoken, Where

__all__ = ["Broken", "Leg", "Spoken", "Where", "legs_of", "recorded_files"]
