"""What the platform's copy suggests about a city's books: balances that it would hold after a mistake of its own."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from simulator.agencies.delivery.translation import accumulator_key
from simulator.agencies.judging.hypotheses import Hypothesis, Question
from simulator.benefit import Accumulated
from simulator.contract.amounts import fen_of
from simulator.core.json_codec import NotAMessage, read_json
from simulator.core.texts import Text, text
from simulator.domain.accumulators import under_of
from simulator.domain.transaction_table import ACCUMULATOR_QUERY
from simulator.insured import books
from simulator.insured.case import Case
from simulator.sandbox.configuration import Agency
from simulator.store import people
from simulator.store.rows import SettlementRow
from simulator.store.statements import Statement
from simulator.store.tables import AGENCY_LEG, accumulator, journal, settlement
from simulator.store.unit_of_work import UnitOfWork

Balances = dict[tuple[str, str], int]
"""By kind and disease, fen."""
_MOST_ROWS = 12


class _AnsweredLeg(NamedTuple):
    """What an agency answered, and when."""

    id: int
    answer: bytes
    at: str


class _SentMessage(NamedTuple):
    """The msgid that an agency saw."""

    msgid: str


_LAST_TOLD = Statement(
    select(journal.c.id, journal.c.answer, journal.c.at)
    .where(
        journal.c.psn_no == bindparam("psn_no"),
        journal.c.infno == bindparam("infno"),
        AGENCY_LEG,
        journal.c.outcome == bindparam("outcome"),
    )
    .order_by(journal.c.id.desc())
    .limit(1),
    _AnsweredLeg,
)
_SINCE = Statement(
    select(journal.c.msgid).where(
        journal.c.psn_no == bindparam("psn_no"), AGENCY_LEG, journal.c.id > bindparam("after")
    ),
    _SentMessage,
)


@dataclass(frozen=True, slots=True)
class BalanceKey:
    """Whose balances, of which insurance and year."""

    person_id: int
    psn_no: str
    insutype: str
    year: int


def suggested(
    work: UnitOfWork, case: Case, question: Question, balance_key: BalanceKey, agency: Agency | None
) -> list[Hypothesis]:
    """Mistakes of which the books hold a trace: balances told otherwise or never taken back, another year or day."""
    found = [_balance_key(question, *held) for held in _suggested(work, question.accumulated, balance_key, agency)]
    before = people.accumulated(work, balance_key.person_id, balance_key.insutype, balance_key.year - 1)
    last_year = text("judge.as_if_last_year", year=balance_key.year - 1)
    if before:
        found.append(Hypothesis("year", last_year, replace(question, accumulated=before), held=True))
    dates = case.claim.dates
    for day in sorted({dates.visit_begin, dates.charge, dates.settlement} - {question.rules.day}):
        other = replace(question, rules=case.city.rules_on(day))
        found.append(Hypothesis("dates.figures", text("judge.as_if_day", day=day), other))
    return found


def possible(work: UnitOfWork, question: Question, balance_key: BalanceKey) -> list[Hypothesis]:
    """Settlements that the city may have left out of its balances; any of its visits may look so."""
    return [_balance_key(question, *held) for held in _possible(work, question.accumulated, balance_key)]


def hypothetical_balances(
    work: UnitOfWork, ours: Accumulated, balance_key: BalanceKey, agency: Agency | None
) -> Iterator[tuple[Text, Accumulated]]:
    """Balances the city may hold instead of ours, and what would have led to them."""
    yield from _suggested(work, ours, balance_key, agency)
    yield from _possible(work, ours, balance_key)


def _suggested(
    work: UnitOfWork, ours: Accumulated, balance_key: BalanceKey, agency: Agency | None
) -> Iterator[tuple[Text, Accumulated]]:
    told = _told(work, balance_key, agency)
    if told is not None:
        at, balances = told
        yield text("judge.as_if_told", at=at), balances
    gone = [row for row in _settlements(work, balance_key) if row.state in ("reversed", "cancelled")][-_MOST_ROWS:]
    for row in reversed(gone):
        key = f"judge.as_if_not_{row.state}"
        yield text(key, msgid=row.agency_msgid or row.msgid, setl_time=row.setl_time), _moved(ours, [row], 1)
    for row in reversed(gone):
        key = f"judge.as_if_{row.state}_twice"
        yield text(key, msgid=row.agency_msgid or row.msgid, setl_time=row.setl_time), _moved(ours, [row], -1)
    if len(gone) > 1:
        yield text("judge.as_if_nothing_undone"), _moved(ours, gone, 1)


def _possible(work: UnitOfWork, ours: Accumulated, balance_key: BalanceKey) -> Iterator[tuple[Text, Accumulated]]:
    live = [row for row in _settlements(work, balance_key) if row.state == "live"][-_MOST_ROWS:]
    for row in reversed(live):
        yield text("judge.as_if_not_counted", setl_time=row.setl_time), _moved(ours, [row], -1)
    if len(live) > 1:
        yield text("judge.as_if_opening_only"), _moved(ours, live, -1)


def _balance_key(question: Question, sentence: Text, held: Accumulated) -> Hypothesis:
    return Hypothesis("accumulators", sentence, replace(question, accumulated=held), held=True)


def account_mistake(work: UnitOfWork, person_id: int, insutype: str, difference: int) -> Text | None:
    """Mistake by which an account balance of a city differs from ours by so many fen; None where none is found."""
    rows = [row for row in work.find(settlement, person_id=person_id, order="id") if row.insutype == insutype]
    for row in reversed([row for row in rows if row.kind == "settlement" and row.account]):
        about = {"msgid": row.agency_msgid or row.msgid, "setl_time": row.setl_time}
        if row.state == "live" and difference == row.account:
            return text("judge.as_if_account_not_charged", **about)
        if row.state != "live" and difference == row.account:
            return text(f"judge.as_if_{row.state}_twice", **about)
        if row.state != "live" and difference == -row.account:
            return text(f"judge.as_if_not_{row.state}", **about)
    return None


def adopt(work: UnitOfWork, balance_key: BalanceKey, held: Accumulated) -> None:
    """From here on our copy starts from the balances that the city holds: its mistake was told, and is told once."""
    key: dict[str, Any] = {
        "person_id": balance_key.person_id,
        "insutype": balance_key.insutype,
        "year": balance_key.year,
    }
    booked = {row.key: row.booked for row in work.find(accumulator, **key) if not under_of(row.key[1]).of_visit}
    openings = {each: held.get(each, 0) - booked.get(each, 0) for each in {*held, *booked}}
    people.move(work, balance_key.person_id, balance_key.insutype, balance_key.year, openings, opening=True)


def balances_told(output: Mapping[str, Any], agency: Agency | None) -> dict[tuple[str, str], Balances]:
    """The answer of 5206 by insurance and year, then by kind and disease; kinds that we do not keep are left out."""
    found: dict[tuple[str, str], Balances] = defaultdict(dict)
    for row in output.get("cuminfo") or []:
        key = accumulator_key(str(row.get("cum_type_code")), agency)
        if key is not None:
            found[str(row.get("insutype")), str(row.get("year"))][key] = fen_of(row.get("cum")) or 0
    return found


def _told(work: UnitOfWork, balance_key: BalanceKey, agency: Agency | None) -> tuple[str, Accumulated] | None:
    """What the city answered when it was last asked by 5206, with what was settled and cancelled since."""
    row = work.one(_LAST_TOLD, psn_no=balance_key.psn_no, infno=ACCUMULATOR_QUERY, outcome="answered")
    if row is None:
        return None
    try:
        output = read_json(bytes(row.answer)).get("output") or {}
    except (NotAMessage, AttributeError):
        return None
    told = balances_told(output, agency).get((balance_key.insutype, str(balance_key.year)), {})
    since = {each.msgid for each in work.all(_SINCE, psn_no=balance_key.psn_no, after=row.id)}
    balances: Accumulated = told
    for each in work.find(settlement, person_id=balance_key.person_id, order="id"):
        if each.agency_msgid in since and each.state != "reversed" and each.year == balance_key.year:
            balances = _moved(balances, [each], 1 if each.kind == "settlement" else -1)
    return row.at[:19], balances


def _settlements(work: UnitOfWork, balance_key: BalanceKey) -> list[SettlementRow]:
    rows = work.find(settlement, person_id=balance_key.person_id, order="id")
    return [
        row
        for row in rows
        if row.kind == "settlement" and row.insutype == balance_key.insutype and row.year == balance_key.year
    ]


def _moved(ours: Accumulated, rows: list[SettlementRow], sign: int) -> Accumulated:
    balances = defaultdict(int, ours)
    for row in rows:
        for key, fen in books.movements_of(row).items():
            balances[key] += sign * fen
    return dict(balances)
