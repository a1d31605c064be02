"""SIM-DAY: the day's rows of the platform against the insured place's own books."""

from typing import Any

from sqlalchemy import bindparam, select

from simulator.core.money import to_fen, yuan
from simulator.domain.reconciliation import AMOUNTS, DayRow, compare, described
from simulator.insured.place import Answered, Asked, insured, wire_number
from simulator.store.rows import SettlementRow
from simulator.store.statements import Statement
from simulator.store.tables import settlement
from simulator.store.unit_of_work import UnitOfWork

RUN_LENGTH = 12
"""Characters of a msgid of the platform that name the run: `SIM` and nine digits."""
OF_DAY = Statement(
    select(settlement)
    .where(settlement.c.setl_time >= bindparam("begins"), settlement.c.setl_time <= bindparam("ends"))
    .order_by(settlement.c.id),
    SettlementRow,
)


@insured("SIM-DAY")
def compare_day(asked: Asked) -> Answered:
    """Answers every typed difference between the rows sent and our own of that day and run (rules 22, 30)."""
    there = [row_from(each) for each in asked.body.get("rows") or []]
    run = there[0].msgid[:RUN_LENGTH] if there else str(asked.body["data"].get("run") or "")
    rows = [row for row in rows_of_day(asked.work, asked.body["data"]["day"]) if row.msgid.startswith(run)]
    here = [_own(asked, row) for row in rows if row.state != "reversed"]
    gone = {(_number(asked, row), row.kind == "cancellation") for row in rows if row.state == "reversed"}
    return Answered({"differences": [described(each, yuan) for each in compare(there, here, gone)]})


def rows_of_day(work: UnitOfWork, day: str) -> list[SettlementRow]:
    """Settlements and cancellations booked on a Beijing day, whatever their state."""
    return work.all(OF_DAY, begins=f"{day} 00:00:00", ends=f"{day} 23:59:59")


def row_from(each: dict[str, Any]) -> DayRow:
    """A row as the wire writes it."""
    return DayRow(
        setl_id=str(each["setl_id"]),
        refunded=str(each.get("refd_setl_flag", "0")) == "1",
        msgid=str(each.get("msgid", "")),
        psn_no=str(each.get("psn_no", "")),
        amounts={name: to_fen(each[name]) for name in AMOUNTS if name in each},
    )


def day_row(row: SettlementRow, setl_id: str, msgid: str) -> DayRow:
    """A row of our books."""
    return DayRow(
        setl_id=setl_id,
        refunded=row.kind == "cancellation",
        msgid=msgid,
        psn_no=row.psn_no,
        amounts={"medfee_sumamt": row.total, "fund_pay_sumamt": row.fund_total, "acct_pay": row.account},
    )


def _own(asked: Asked, row: SettlementRow) -> DayRow:
    return day_row(row, _number(asked, row), row.msgid)


def _number(asked: Asked, row: SettlementRow) -> str:
    """A cancellation stands under the setl_id of what it cancels."""
    return wire_number(asked.place.numbers, row.insured_area, row.settlement_id)
