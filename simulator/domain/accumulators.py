"""Key of an accumulator: its kind, and the disease, care and period that it counts.

In a program the last three are written together, such as `M07800`, `/inpatient` or `M03900/two_disease_drugs/M05`;
blank is everything in the year. On the wire of 5206 they are a code of at most ten characters.
"""

from datetime import date
from typing import NamedTuple

from simulator.domain.care import CARE

YEAR, QUARTER, MONTH, VISIT, STAY = PERIODS = ("year", "quarter", "month", "visit", "stay")
_MONTHS, _QUARTERS, _WHOLE_YEAR = "ABCDEFGHIJKL", "NOPQ", "M"
_LETTER_OF = {f"M{number + 1:02d}": letter for number, letter in enumerate(_MONTHS)} | {
    f"Q{number + 1}": letter for number, letter in enumerate(_QUARTERS)
}
_PERIOD_OF = {letter: period for period, letter in _LETTER_OF.items()} | {_WHOLE_YEAR: ""}
VISITS = "VSTS"
"""Kind that counts settled visits; a visit counts once, however many of its batches are settled."""
ONE_VISIT = 100
"""A visit in an accumulator: counts are kept in hundredths, as yuan are in fen, so that 5206 shows both alike."""
_WITH_CARE = {"DEDC": "DE", "HIFP": "HP", "INSC": "IS", VISITS: "VS"}
_WITHOUT_CARE = {short: kind for kind, short in _WITH_CARE.items()}
_CARE_OF = {care.code: care.name for care in CARE.values()}
_KIND_LENGTH = 4


class AccumulatorDimensions(NamedTuple):
    """Dimensions of an accumulator; a blank one counts everything, a blank `period` the year."""

    disease: str = ""
    care: str = ""
    period: str = ""

    def __str__(self) -> str:
        return "/".join(self).rstrip("/")

    @property
    def of_visit(self) -> bool:
        """Tells whether it counts a single visit, which 5206 does not report."""
        return self.period.startswith("V")


def dimensions_of(written: str) -> AccumulatorDimensions:
    """Reads dimensions as `str` writes them."""
    return AccumulatorDimensions(*written.split("/", 2))


def period_of(kind: str, day: date, visit: str) -> str:
    """The period of a kind in which a day or a visit falls: `Q3`, `M05`, `V` and the visit, blank for the year."""
    if kind == QUARTER:
        return f"Q{(day.month + 2) // 3}"
    if kind == MONTH:
        return f"M{day.month:02d}"
    return f"V{visit}" if kind in (VISIT, STAY) else ""


def to_wire(kind: str, written: str) -> str:
    """The cum_type_code: four characters of kind and care, then six at most of period and disease."""
    under = dimensions_of(written)
    letter = _LETTER_OF.get(under.period, "")
    head = f"{_WITH_CARE[kind]}{CARE[under.care].code}" if under.care else kind
    return head + (f"{letter or _WHOLE_YEAR}{under.disease[1:]}" if under.disease else letter)


def from_wire(code: str) -> tuple[str, str] | None:
    """The key that a cum_type_code names; None for a code that is none of ours."""
    head, tail = code[:_KIND_LENGTH], code[_KIND_LENGTH:]
    care = _CARE_OF.get(head[2:], "") if head[:2] in _WITHOUT_CARE else ""
    kind = _WITHOUT_CARE[head[:2]] if care else head
    if tail and (tail[0] not in _PERIOD_OF or len(tail) not in (1, 6)):
        return None
    disease = f"M{tail[1:]}" if len(tail) > 1 else ""
    return kind, str(AccumulatorDimensions(disease, care, _PERIOD_OF[tail[0]] if tail else ""))
