"""A day's settlements of two sides compared; each difference has a type (rules 22)."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

AMOUNTS = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")
Key = tuple[str, bool]
"""setl_id of a row, and whether it is a cancellation."""
TYPES = ("missing_here", "missing_there", "amount", "reversed_here", "duplicated")
"""`here` is the side that answers, `there` the one that sent its rows."""


@dataclass(frozen=True, slots=True)
class DayRow:
    """One settlement or cancellation of a day; amounts in fen; its key is (setl_id, refunded)."""

    setl_id: str
    refunded: bool
    msgid: str
    psn_no: str
    amounts: Mapping[str, int]

    @property
    def key(self) -> Key:
        return self.setl_id, self.refunded


@dataclass(frozen=True, slots=True)
class ReconciliationDifference:
    """One thing on which the two sides do not agree; `there` and `here` in fen or blank."""

    type: str
    row: DayRow
    field: str = ""
    there: int | None = None
    here: int | None = None


def compare(there: Sequence[DayRow], here: Sequence[DayRow], reversed_here: Set[Key]) -> list[ReconciliationDifference]:
    """Every difference, in the order of the rows sent, then of those that only stand here.

    `reversed_here` holds the keys of rows that were reversed on this side and so do not stand here.
    """
    ours = {row.key: row for row in here}
    found: list[ReconciliationDifference] = []
    times = Counter(row.key for row in there)
    seen: set[Key] = set()
    for row in there:
        if row.key in seen:
            continue
        seen.add(row.key)
        if times[row.key] > 1:
            found.append(ReconciliationDifference("duplicated", row))
        mine = ours.get(row.key)
        if mine is None:
            kind = "reversed_here" if row.key in reversed_here else "missing_here"
            found.append(ReconciliationDifference(kind, row))
            continue
        found += [
            ReconciliationDifference("amount", row, name, row.amounts[name], mine.amounts[name])
            for name in AMOUNTS
            if name in row.amounts and row.amounts[name] != mine.amounts[name]
        ]
    found += [ReconciliationDifference("missing_there", row) for row in here if row.key not in seen]
    return found


def described(difference: ReconciliationDifference, written: Any) -> dict[str, Any]:
    """A difference as the wire writes it; `written` turns fen into what stands there."""
    amounts = (difference.there, difference.here)
    platform, agency = ("" if fen is None else str(written(fen)) for fen in amounts)
    return {
        "type": difference.type,
        "msgid": difference.row.msgid,
        "setl_id": difference.row.setl_id,
        "refd_setl_flag": "1" if difference.row.refunded else "0",
        "psn_no": difference.row.psn_no,
        "field": difference.field,
        "platform": platform,
        "agency": agency,
    }
