"""Audit of the books: identities, double entry, accumulators, accounts and subjects recomputed from settlement rows."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.core.money import yuan
from simulator.domain.accumulators import VISITS
from simulator.domain.ledger import FUNDS, PAYABLE, RECEIVABLE, owed_between_places
from simulator.domain.places import FilingCoverage, shipped
from simulator.insured.books import AMOUNTS, details_of, movements_of
from simulator.store import outbox
from simulator.store.rows import LedgerRow, SettlementRow
from simulator.store.tables import accumulator, charge, insurance, ledger, settlement, subject
from simulator.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AuditDifference:
    """Difference between a recomputed amount and the one in the books; both in yuan as text."""

    rule: str
    about: str
    wanted: str
    got: str


@dataclass(frozen=True, slots=True)
class Audit:
    """Result of an audit: the numbers of entries and settlements read, and the differences found."""

    entries: int
    settlements: int
    differences: tuple[AuditDifference, ...]


def audit(work: UnitOfWork, coverage: FilingCoverage | None = None) -> Audit:
    """Recomputes the books from the settlement rows and compares every stored sum with them.

    `coverage` tells places apart; without it the shipped table does.
    """
    rows = work.find(settlement, order="id")
    entries = work.find(ledger, order="id")
    differences = [
        *_identities(rows),
        *_cancellations(rows),
        *_double_entry(rows, entries, coverage or shipped()),
        *_accumulators(work, rows),
        *_balances(work, rows),
        *_subjects(work, rows),
    ]
    return Audit(len(entries), len(rows), tuple(differences))


def _identities(rows: list[SettlementRow]) -> Iterator[AuditDifference]:
    for row in rows:
        scope = row.own_purchase + row.above_ceiling + row.prior_selfpay + row.in_scope
        checks = (
            ("total = fund + person + hospital", row.fund_total + row.personal + row.hospital, row.total),
            ("fund = sum of funds", sum(getattr(row, fund) for fund in FUNDS), row.fund_total),
            ("total = four parts of scope", scope, row.total),
            ("person = account + cash", row.account + row.cash, row.personal),
        )
        for rule, wanted, got in checks:
            if wanted != got:
                yield _difference(rule, f"settlement {row.id}", wanted, got)
        if abs(row.deductible) > abs(row.in_scope):
            yield _difference("deductible within scope", f"settlement {row.id}", row.in_scope, row.deductible)
        # A registered agency may answer no details.
        details = sum(each["paid"] for each in details_of(row))
        if row.details != "[]" and details != row.fund_total + row.account:
            yield _difference("details = fund + account", f"settlement {row.id}", row.fund_total + row.account, details)


def _cancellations(rows: list[SettlementRow]) -> Iterator[AuditDifference]:
    by_id = {row.id: row for row in rows}
    for row in rows:
        if row.kind != "cancellation":
            continue
        for name in AMOUNTS:
            wanted, got = -getattr(by_id[row.settlement_id], name), getattr(row, name)
            if wanted != got:
                yield _difference(f"cancellation negates {name}", f"settlement {row.id}", wanted, got)


def _double_entry(
    rows: list[SettlementRow], entries: list[LedgerRow], coverage: FilingCoverage
) -> Iterator[AuditDifference]:
    booked: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        booked[entry.settlement_id][entry.account] += entry.amount
    for row in rows:
        accounts = booked[row.id]
        if sum(accounts.values()):
            yield _difference("entries sum to zero", f"settlement {row.id}", 0, sum(accounts.values()))
        is_reversed = row.state == "reversed"
        for account in (*FUNDS, "account", "cash"):
            wanted = 0 if is_reversed else getattr(row, account)
            if accounts[account] != wanted:
                yield _difference(f"entry {account}", f"settlement {row.id}", wanted, accounts[account])
        wanted = 0 if is_reversed else row.hospital - row.total
        if accounts["institution"] != wanted:
            yield _difference("entry institution", f"settlement {row.id}", wanted, accounts["institution"])
        between = not is_reversed and not coverage.same_place(row.area, row.insured_area)
        owed = owed_between_places({name: getattr(row, name) for name in AMOUNTS}) if between else 0
        for account, wanted in ((RECEIVABLE, owed), (PAYABLE, -owed)):
            if accounts[account] != wanted:
                yield _difference(f"entry {account}", f"settlement {row.id}", wanted, accounts[account])


def _accumulators(work: UnitOfWork, rows: list[SettlementRow]) -> Iterator[AuditDifference]:
    wanted: dict[tuple[int, str, int, str, str], int] = defaultdict(int)
    counted: set[tuple[str, tuple[int, str, int, str, str]]] = set()
    for row in rows:
        if row.kind == "settlement" and row.state == "live":
            for (kind, disease), fen in movements_of(row).items():
                key = (row.person_id, row.insutype, row.year, kind, disease)
                if kind == VISITS and (row.mdtrt_id, key) in counted:
                    continue
                counted.add((row.mdtrt_id, key))
                wanted[key] += fen
    for kept in work.find(accumulator):
        key = (kept.person_id, kept.insutype, kept.year, *kept.key)
        expected = wanted.pop(key, 0)
        if expected != kept.booked:
            named = f"accumulator {''.join(kept.key)} {kept.year}"
            yield _difference(named, f"person {key[0]}", expected, kept.booked)
    # The keys that are left have no accumulator.
    for key, fen in wanted.items():
        if fen:
            yield _difference(f"accumulator {key[3]}{key[4]} {key[2]}", f"person {key[0]}", fen, 0)


def _balances(work: UnitOfWork, rows: list[SettlementRow]) -> Iterator[AuditDifference]:
    paid: dict[tuple[int, str], int] = defaultdict(int)
    for row in rows:
        if row.kind == "settlement" and row.state == "live":
            paid[row.person_id, row.insutype] += row.account
    people = {person_id for person_id, _ in paid}
    for person_id in people:
        for insutype in {each for owner, each in paid if owner == person_id}:
            held = [row for row in work.find(insurance, person_id=person_id) if row.insutype == insutype]
            wanted = sum(row.opening_balance for row in held) - paid[person_id, insutype]
            got = sum(row.balance for row in held)
            if wanted != got:
                yield _difference("account balance", f"person {person_id}", wanted, got)


def _subjects(work: UnitOfWork, rows: list[SettlementRow]) -> Iterator[AuditDifference]:
    """Compares subjects with their charges, and settled ones with a single live settlement of the same total."""
    live = {row.id: row for row in rows if row.kind == "settlement" and row.state == "live"}
    subjects = work.find(subject)
    charged: dict[int, int] = defaultdict(int)
    for each in work.find(charge):
        # Charges of a withdrawn subject are withdrawn with it, and its sums stay as they were.
        if each.subject_id is not None and each.state == "open":
            charged[each.subject_id] += each.total
    for row in subjects:
        if row.state != "withdrawn" and charged[row.id] != row.total:
            yield _difference("subject = its charges", f"subject {row.id}", charged[row.id], row.total)
        if row.state == "settled":
            found = live.pop(row.settlement_id or 0, None)
            if found is None or found.total != row.total:
                yield _difference("subject settled once", f"subject {row.id}", row.total, found.total if found else 0)
    # While the outcome of its message is unknown, a settlement of a simulated place is not bound to its subject yet.
    undecided = {sent.msgid for sent in outbox.undecided(work)}
    # The store of an agency has settlements and no subjects.
    if subjects:
        for booked in live.values():
            if booked.msgid not in undecided and (not booked.agency_msgid or booked.agency_setl_id):
                yield _difference("settlement has its subject", f"settlement {booked.id}", booked.total, 0)


def _difference(rule: str, about: str, wanted: int, got: int) -> AuditDifference:
    return AuditDifference(rule, about, str(yuan(wanted)), str(yuan(got)))
