"""Recorded messages: single messages, JSON Lines, a browser's HAR, the platform's journal.

Lines are read one by one and never kept, so a file of any size takes the same memory; the other forms are read whole.
"""

from simulator.contract.recordings.formats import legs_of
from simulator.contract.recordings.recorded_legs import Broken, RecordedLeg, Spoken, Where
from simulator.contract.recordings.recording_files import recorded_files

__all__ = ["Broken", "RecordedLeg", "Spoken", "Where", "legs_of", "recorded_files"]
