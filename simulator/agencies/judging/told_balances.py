"""Balances that a city tells by 5206, the mistakes that explain them, and their adoption by the replica."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from simulator.agencies.delivery.translation import accumulator_key
from simulator.agencies.judging.mistakes.surroundings import Told
from simulator.benefit import Accumulated
from simulator.contract.amounts import fen_of
from simulator.core.json_codec import NotAMessage, read_json
from simulator.domain.accumulators import VISITS, dimensions_of
from simulator.domain.transaction_table import ACCUMULATOR_QUERY
from simulator.insured import books
from simulator.sandbox.configuration import Agency
from simulator.store import people
from simulator.store.journal import last_answered
from simulator.store.rows import SettlementRow
from simulator.store.statements import Statement
from simulator.store.tables import AGENCY_LEG, accumulator, journal, settlement
from simulator.store.unit_of_work import UnitOfWork

Balances = dict[tuple[str, str], int]
"""Accumulators in fen by kind and disease; the disease is blank for the overall one."""


class _SentMessage(NamedTuple):
    """Msgid of a message as sent to the agency."""

    msgid: str


_SINCE = Statement(
    select(journal.c.msgid).where(
        journal.c.psn_no == bindparam("psn_no"), AGENCY_LEG, journal.c.id > bindparam("after")
    ),
    _SentMessage,
)


@dataclass(frozen=True, slots=True)
class BalanceKey:
    """Identifies a set of balances: person, insurance and year."""

    person_id: int
    psn_no: str
    insutype: str
    year: int


def adopt_balances(work: UnitOfWork, balance_key: BalanceKey, held: Accumulated) -> None:
    """Sets the replica to the balances that the agency holds, by changing opening balances.

    The mistake was reported already, and would otherwise be reported again with each later settlement.
    """
    key: dict[str, Any] = {
        "person_id": balance_key.person_id,
        "insutype": balance_key.insutype,
        "year": balance_key.year,
    }
    booked = {row.key: row.booked for row in work.find(accumulator, **key) if not dimensions_of(row.key[1]).of_visit}
    openings = {each: held.get(each, 0) - booked.get(each, 0) for each in {*held, *booked}}
    people.move(work, balance_key.person_id, balance_key.insutype, balance_key.year, openings, opening=True)


def reported_balances(output: Mapping[str, Any], agency: Agency | None) -> dict[tuple[str, str], Balances]:
    """Balances of an answer of 5206 by insurance and year; kinds that the platform does not keep are left out."""
    found: dict[tuple[str, str], Balances] = defaultdict(dict)
    for row in output.get("cuminfo") or []:
        key = accumulator_key(str(row.get("cum_type_code")), agency)
        if key is not None:
            found[str(row.get("insutype")), str(row.get("year"))][key] = fen_of(row.get("cum")) or 0
    return found


def last_reported(work: UnitOfWork, balance_key: BalanceKey, agency: Agency | None) -> Told | None:
    """Balances of the agency's last answer to 5206, plus settlements and minus cancellations since, with its time.

    None if there is no such answer.
    """
    row = last_answered(work, balance_key.psn_no, ACCUMULATOR_QUERY)
    if row is None:
        return None
    try:
        output = read_json(bytes(row.answer)).get("output") or {}
    except (NotAMessage, AttributeError):
        return None
    reported = reported_balances(output, agency).get((balance_key.insutype, str(balance_key.year)), {})
    since = {each.msgid for each in work.all(_SINCE, psn_no=balance_key.psn_no, after=row.id)}
    rows = work.find(settlement, person_id=balance_key.person_id, order="id")
    # A reversal undoes a settlement without a trace in the balances; a cancellation is a row of its own.
    standing = [each for each in rows if each.state != "reversed" and each.year == balance_key.year]
    return Told(row.at[:19], _moved(reported, standing, since))


def _moved(told: Accumulated, rows: list[SettlementRow], since: set[str]) -> Accumulated:
    """Balances moved by the rows whose agency_msgid is in `since`; a visit counts once for all its batches."""
    balances = defaultdict(int, told)
    batches: dict[tuple[str, tuple[str, str]], int] = defaultdict(int)
    for row in rows:
        sign = 1 if row.kind == "settlement" else -1
        for key, fen in books.movements_of(row).items():
            if key[0] == VISITS:
                before = batches[row.mdtrt_id, key]
                batches[row.mdtrt_id, key] += sign
                if before and batches[row.mdtrt_id, key]:
                    continue
            if row.agency_msgid in since:
                balances[key] += sign * fen
    return dict(balances)
