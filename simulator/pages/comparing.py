"""Two editions beside each other: the verdicts of the comparison, made once per pair."""

from dataclasses import dataclass
from functools import lru_cache

from simulator.contract import Contract
from simulator.contract.diff import LEVELS, Change, EditionDifference, compare
from simulator.contract.diff.difference_reports import ChangeGroup, groups_of


@dataclass(frozen=True, slots=True)
class Compared:
    """Difference of two editions as a page shows it: groups after the choice of transaction and level."""

    difference: EditionDifference
    groups: tuple[ChangeGroup, ...]
    levels: tuple[str, ...] = LEVELS[::-1]

    def count(self, level: str) -> int:
        return sum(group.count(level) for group in self.groups)

    @property
    def changes(self) -> int:
        return sum(len(group.changes) for group in self.groups)


def compared(old: Contract, new: Contract, *, infno: str, level: str) -> Compared:
    """The difference of one transaction where one is named, and of one level and worse where one is."""
    difference = _difference(old, new)
    if infno:
        difference = difference.of([infno])
    if level in LEVELS:
        kept = tuple(change for change in difference.changes if _reaches(change, level))
        difference = EditionDifference(difference.old, difference.new, kept)
    return Compared(difference, tuple(groups_of(difference)))


def _reaches(change: Change, level: str) -> bool:
    return LEVELS.index(change.level) >= LEVELS.index(level)


@lru_cache(maxsize=16)
def _difference(old: Contract, new: Contract) -> EditionDifference:
    return compare(old.edition, new.edition)
