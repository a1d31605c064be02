"""A day of an agency as the platform has it: the rows of SIM-DAY, under the agency's numbers (rules 22, 30)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.agencies.delivery.channel import run_of
from simulator.core.money import yuan
from simulator.domain.reconciliation import DayRow, Key
from simulator.insured.reconciliation_day import day_row, rows_of_day
from simulator.sandbox.configuration import Agency, Config
from simulator.store.rows import SettlementRow
from simulator.store.tables import settlement
from simulator.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AgencyDay:
    """Settlements and cancellations of this run that an agency must have on a day, and those reversed since."""

    day: str
    run: str
    rows: tuple[tuple[SettlementRow, str], ...]
    """Each with the agency's setl_id; a cancellation stands under that of what it cancels."""
    reversed: frozenset[Key]

    @property
    def compared(self) -> list[DayRow]:
        """The rows as a comparison takes them."""
        return [day_row(row, number, row.agency_msgid) for row, number in self.rows]

    @property
    def body(self) -> Mapping[str, Any]:
        """The input of SIM-DAY."""
        return {"data": {"day": self.day, "run": self.run}, "rows": [_wire(row, number) for row, number in self.rows]}


def agency_day(work: UnitOfWork, config: Config, agency: Agency, day: str) -> AgencyDay:
    """The day of an agency, without rows settled before it was registered or in another run."""
    run = run_of(work)
    rows = [
        (row, _number(work, row))
        for row in rows_of_day(work, day)
        if row.agency_msgid.startswith(run) and config.agency_for(row.insured_area) == agency
    ]
    standing = tuple((row, number) for row, number in rows if number and row.state != "reversed")
    gone = frozenset((number, row.kind == "cancellation") for row, number in rows if row.state == "reversed")
    return AgencyDay(day, run, standing, gone)


def _number(work: UnitOfWork, row: SettlementRow) -> str:
    stands_for = work.get_required(settlement, id=row.original_id) if row.kind == "cancellation" else row
    return str(stands_for.agency_setl_id)


def _wire(row: SettlementRow, number: str) -> dict[str, Any]:
    return {
        "msgid": row.agency_msgid,
        "setl_id": number,
        "psn_no": row.psn_no,
        "setl_time": row.setl_time,
        "medfee_sumamt": yuan(row.total),
        "fund_pay_sumamt": yuan(row.fund_total),
        "acct_pay": yuan(row.account),
        "refd_setl_flag": "1" if row.kind == "cancellation" else "0",
    }


def setl_times(work: UnitOfWork) -> dict[Key, str]:
    """setl_time by key of every row that an agency has, whatever its day."""
    found = {}
    for row in work.find(settlement, order="id"):
        if row.agency_msgid and row.state != "reversed":
            found[_number(work, row), row.kind == "cancellation"] = row.setl_time
    return found
