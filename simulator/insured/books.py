"""Books of the insured place: settlements with their accumulators, account balances and double entries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from simulator.benefit import Award, FundShare
from simulator.core.json_codec import write_json
from simulator.domain.accumulators import ONE_VISIT, VISITS
from simulator.domain.ledger import entries
from simulator.domain.places import FilingCoverage
from simulator.insured.kept import KeptAnswer, KeptAward, KeptRefusal, KeptShare
from simulator.store import people
from simulator.store.person_rows import InsuranceRow
from simulator.store.rows import SettlementRow
from simulator.store.tables import insurance, ledger, settlement
from simulator.store.typed_tables import Columns
from simulator.store.unit_of_work import UnitOfWork

AMOUNTS = (
    "total",
    "own_purchase",
    "above_ceiling",
    "prior_selfpay",
    "in_scope",
    "deductible",
    "pool",
    "large_amount",
    "major_illness",
    "civil_servants",
    "enterprise",
    "assistance",
    "other",
    "fund_total",
    "personal",
    "account",
    "cash",
    "hospital",
)
"""Columns of a settlement row in fen that a cancellation negates; the ratio stays, the balance is that after it."""
DIRECT = "direct"
"""Value of `settled_how` for a settlement at the institution, not by reimbursement."""


@dataclass(frozen=True, slots=True)
class Booking:
    """Facts of a settlement row beside its amounts; areas are of six digits, `setl_time` is a wire time."""

    known: people.KnownPerson
    insutype: str
    disease: str
    year: int
    med_type: str
    mdtrt_id: str
    batch_number: str
    institution: str
    treated_area: str
    insured_area: str
    msgid: str
    infno: str
    setl_time: str
    agency_setl_id: str = ""
    agency_msgid: str = ""
    answered: KeptAnswer | None = None
    expected: KeptAward | KeptRefusal | None = None


@dataclass(frozen=True, slots=True)
class Amounts:
    """Amounts to be booked, in fen, of an award of this place or the answer of a registered agency.

    `values` has the columns AMOUNTS, `movements` the changes of accumulators by kind and key; `ratio` from 0 to 1.
    """

    values: Mapping[str, int]
    ratio: str
    balance_after: int
    details: tuple[KeptShare, ...]
    movements: Mapping[tuple[str, str], int]


def amounts_of(award: Award) -> Amounts:
    """Returns the amounts that an award is booked with."""
    return Amounts(
        values={name: getattr(award, name) for name in AMOUNTS},
        ratio=str(award.ratio),
        balance_after=award.balance_after,
        details=tuple(_detail(share) for share in award.details),
        movements=award.movements,
    )


def book(work: UnitOfWork, booking: Booking, amounts: Amounts, coverage: FilingCoverage) -> int:
    """Books a settlement with its movements, payment from the account and double entry; returns the id of its row."""
    person_id = booking.known.id
    settlement_id = work.add(
        settlement,
        kind="settlement",
        state="live",
        original_id=None,
        msgid=booking.msgid,
        infno=booking.infno,
        person_id=person_id,
        psn_no=booking.known.person.psn_no,
        insutype=booking.insutype,
        year=booking.year,
        disease=booking.disease,
        med_type=booking.med_type,
        mdtrt_id=booking.mdtrt_id,
        batch_number=booking.batch_number,
        institution=booking.institution,
        area=booking.treated_area,
        insured_area=booking.insured_area,
        setl_time=booking.setl_time,
        agency_setl_id=booking.agency_setl_id,
        agency_msgid=booking.agency_msgid,
        **amounts.values,
        ratio=amounts.ratio,
        balance_after=amounts.balance_after,
        details=write_json(amounts.details).decode(),
        movements=write_json([[kind, disease, fen] for (kind, disease), fen in amounts.movements.items()]).decode(),
        answered=write_json(booking.answered).decode() if booking.answered is not None else "",
        expected=write_json(booking.expected).decode() if booking.expected is not None else "",
        settled_how=DIRECT,
        clearing=None,
    )
    of_visit = _VisitCount(settlement_id, person_id, booking.insutype, booking.year, booking.mdtrt_id)
    movements = _counted_once(work, of_visit, amounts.movements)
    people.move(work, person_id, booking.insutype, booking.year, movements)
    _pay_from_account(work, person_id, booking.insutype, booking.insured_area, amounts.values["account"])
    places = (booking.treated_area, booking.insured_area)
    _add_entries(work, settlement_id, amounts.values, booking.institution, places, coverage)
    return settlement_id


def cancel(
    work: UnitOfWork,
    row: SettlementRow,
    coverage: FilingCoverage,
    *,
    msgid: str,
    infno: str,
    setl_time: str,
    agency_msgid: str = "",
) -> SettlementRow:
    """Books the negative of a live settlement in the year of that settlement (2208), and returns the new row."""
    people.lock(work, row.psn_no)
    values = {name: -getattr(row, name) for name in AMOUNTS}
    cancellation_id = work.add(
        settlement,
        **row._asdict()
        | values
        | {
            "kind": "cancellation",
            "state": "live",
            "original_id": row.id,
            "msgid": msgid,
            "infno": infno,
            "setl_time": setl_time,
            "agency_msgid": agency_msgid,
            "answered": "",
            "expected": "",
            # The account is paid back below, after this row is written.
            "balance_after": balance_of(work, row) + row.account,
            "details": _negated(details_of(row)),
        },
    )
    undo_booking(work, row, coverage, entered_as=cancellation_id)
    work.change(settlement, {"id": row.id}, state="cancelled")
    return work.get_required(settlement, id=cancellation_id)


def undo_booking(
    work: UnitOfWork, row: SettlementRow, coverage: FilingCoverage, *, entered_as: int | None = None
) -> None:
    """Reverses movements, payment and entries of a settlement; the new entries are of row `entered_as`, else of it."""
    _book_signed(work, row, coverage, -1, entered_as or row.id)


def rebook(work: UnitOfWork, row: SettlementRow, coverage: FilingCoverage, *, entered_as: int | None = None) -> None:
    """Books the amounts of a settlement again, after its cancellation was reversed (rules 18)."""
    _book_signed(work, row, coverage, 1, entered_as or row.id)


def movements_of(row: SettlementRow) -> dict[tuple[str, str], int]:
    """Returns the movements of a settlement in fen by kind and key of the accumulator."""
    return movements_in(row.movements)


def movements_in(written: str) -> dict[tuple[str, str], int]:
    """Reads the movements that a row of settlements keeps, fen by kind and key of the accumulator."""
    return {(kind, disease): fen for kind, disease, fen in json.loads(written)}


def balance_of(work: UnitOfWork, row: SettlementRow) -> int:
    """Returns the account balance in fen of the insurance that paid a settlement, 0 where that is unknown."""
    found = _insurance_row(work, row.person_id, row.insutype, row.insured_area)
    return found.balance if found else 0


def details_of(row: SettlementRow) -> list[KeptShare]:
    """Returns the shares of funds and account in a settlement."""
    details: list[KeptShare] = json.loads(row.details)
    return details


def _book_signed(work: UnitOfWork, row: SettlementRow, coverage: FilingCoverage, sign: int, entered_as: int) -> None:
    """Books the amounts of a settlement times `sign`, 1 or -1."""
    people.lock(work, row.psn_no)
    of_visit = _VisitCount(row.id, row.person_id, row.insutype, row.year, row.mdtrt_id)
    movements = {key: sign * fen for key, fen in _counted_once(work, of_visit, movements_of(row)).items()}
    people.move(work, row.person_id, row.insutype, row.year, movements)
    _pay_from_account(work, row.person_id, row.insutype, row.insured_area, sign * row.account)
    values = {name: sign * getattr(row, name) for name in AMOUNTS}
    _add_entries(work, entered_as, values, row.institution, (row.area, row.insured_area), coverage)


class _VisitCount(NamedTuple):
    """Settlement whose visit is counted, with the person, insurance and year that its count belongs to."""

    settlement_id: int
    person_id: int
    insutype: str
    year: int
    mdtrt_id: str


def _counted_once(
    work: UnitOfWork, of_visit: _VisitCount, movements: Mapping[tuple[str, str], int]
) -> Mapping[tuple[str, str], int]:
    """Movements without the counts that another live settlement of the visit makes already (rules 39)."""
    if not any(kind == VISITS for kind, _ in movements):
        return movements
    others = counted_by_visit(work, of_visit.person_id, of_visit.mdtrt_id, of_visit.insutype, of_visit.year)
    counted = {key for settlement_id, keys in others.items() if settlement_id != of_visit.settlement_id for key in keys}
    return {key: moved for key, moved in movements.items() if key not in counted}


def counted_by_visit(
    work: UnitOfWork, person_id: int, mdtrt_id: str, insutype: str, year: int
) -> dict[int, frozenset[tuple[str, str]]]:
    """Counts of visits that each live settlement of a visit makes, by the id of its row."""
    return {
        row.id: frozenset(key for key in movements_of(row) if key[0] == VISITS)
        for row in work.find(settlement, mdtrt_id=mdtrt_id, order="id")
        if (row.person_id, row.insutype, row.year) == (person_id, insutype, year)
        if row.kind == "settlement" and row.state == "live"
    }


def other_visits(
    work: UnitOfWork, person_id: int, mdtrt_id: str, insutype: str, year: int, accumulated: people.Accumulated
) -> people.Accumulated:
    """Accumulators of a claim, without the visit that it belongs to in their counts of visits (rules 39)."""
    if not any(kind == VISITS for kind, _ in accumulated):
        return accumulated
    counted = counted_by_visit(work, person_id, mdtrt_id, insutype, year).values()
    own = {key: accumulated[key] - ONE_VISIT for keys in counted for key in keys if key in accumulated}
    return {**accumulated, **own}


def _pay_from_account(work: UnitOfWork, person_id: int, insutype: str, area: str, fen: int) -> None:
    if fen == 0:
        return
    row = _insurance_row(work, person_id, insutype, area)
    if row is not None:
        work.change(insurance, {"id": row.id}, balance=row.balance - fen)


def _insurance_row(work: UnitOfWork, person_id: int, insutype: str, area: str) -> InsuranceRow | None:
    rows = [row for row in work.find(insurance, person_id=person_id, order="id") if row.insutype == insutype]
    # A person who moved has two insurances of one type; that of the settlement's insured place or its city pays.
    exact = [row for row in rows if row.area == area] or [row for row in rows if row.area[:4] == area[:4]]
    return next(iter(exact or rows), None)


def _add_entries(
    work: UnitOfWork,
    settlement_id: int,
    values: Mapping[str, int],
    institution: str,
    places: tuple[str, str],
    coverage: FilingCoverage,
) -> None:
    """Writes the double entry of a booking; `places` are the treatment place and the insured place."""
    treated, insured = places
    local = coverage.same_place(treated, insured)
    booked = entries(values, institution=institution, treated_area=treated, insured_area=insured, local=local)
    rows: list[Columns] = [
        {
            "settlement_id": settlement_id,
            "treated_area": treated,
            "insured_area": insured,
            "account": entry.account,
            "holder": entry.holder,
            "amount": entry.amount,
        }
        for entry in booked
    ]
    work.add_many(ledger, rows)


def _detail(share: FundShare) -> KeptShare:
    return {"fund": share.fund, "base": share.base, "limit": share.limit, "paid": share.paid}


def _negated(shares: list[KeptShare]) -> str:
    return write_json([{**each, "base": -each["base"], "paid": -each["paid"]} for each in shares]).decode()
