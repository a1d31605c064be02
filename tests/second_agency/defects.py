"""What `--defect NAME` makes wrong (defects.csv), and which of it no rehearsal catches today (misses.csv)."""

import csv
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Defect:
    name: str
    family: str
    wrong: str
    """What the agency does, in a clause."""
    shown_by: str
    """The scenario that shows it; empty while none does."""
    named: str
    """A pattern that the first finding holds when it names the defect rightly."""


@dataclass(frozen=True)
class Miss:
    name: str
    kind: str
    because: str


NOT_MEASURED = "not measured"
MISS_KINDS = {
    "never asked": "the platform answers or refuses in the agency's place, or does not send what the protocol promises",
    "not reached": "no scenario brings the situation about, though the judge would see it",
    NOT_MEASURED: "nobody has played the whole library against it yet",
    "not judged": "the answer comes, and nothing holds it to the protocol page",
}


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


DEFECTS = {row["name"]: Defect(**row) for row in _rows("defects.csv")}
MISSES = {row["name"]: Miss(**row) for row in _rows("misses.csv")}
CAUGHT = {name: defect for name, defect in DEFECTS.items() if name not in MISSES}
