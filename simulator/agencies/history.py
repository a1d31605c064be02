"""What the platform's copy suggests about a city's books: balances that it would hold after a mistake of its own."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select

from simulator.agencies.causes import Question, Suspicion
from simulator.agencies.translation import accumulator_key
from simulator.benefit import Accumulated
from simulator.contract.amounts import fen_of
from simulator.insured import books
from simulator.insured.case import Case
from simulator.sandboxes import Agency
from simulator.store import people
from simulator.store.statements import Row, Statement
from simulator.store.tables import AGENCY_LEG, accumulator, journal, settlement
from simulator.store.work import Work
from simulator.texts import Text, text
from simulator.wire import NotAMessage, read_json

Balances = dict[tuple[str, str], int]
"""By kind and disease, fen."""
_MOST_ROWS = 12
_LAST_TOLD = Statement(
    select(journal.c.id, journal.c.answer, journal.c.at)
    .where(
        journal.c.psn_no == bindparam("psn_no"),
        journal.c.infno == bindparam("infno"),
        AGENCY_LEG,
        journal.c.outcome == bindparam("outcome"),
    )
    .order_by(journal.c.id.desc())
    .limit(1)
)
_SINCE = Statement(
    select(journal.c.msgid).where(
        journal.c.psn_no == bindparam("psn_no"), AGENCY_LEG, journal.c.id > bindparam("after")
    )
)


@dataclass(frozen=True, slots=True)
class Holding:
    """Whose balances, of which insurance and year."""

    person_id: int
    psn_no: str
    insutype: str
    year: int


def suggested(work: Work, case: Case, question: Question, holding: Holding, agency: Agency | None) -> list[Suspicion]:
    """Mistakes of which the books hold a trace: balances told otherwise or never taken back, another year or day."""
    found = [_holding(question, *held) for held in _suggested(work, question.accumulated, holding, agency)]
    before = people.accumulated(work, holding.person_id, holding.insutype, holding.year - 1)
    last_year = text("judge.as_if_last_year", year=holding.year - 1)
    if before:
        found.append(Suspicion("year", last_year, replace(question, accumulated=before), held=True))
    dates = case.claim.dates
    for day in sorted({dates.visit_begin, dates.charge, dates.settlement} - {question.rules.day}):
        other = replace(question, rules=case.city.rules_on(day))
        found.append(Suspicion("dates.figures", text("judge.as_if_day", day=day), other))
    return found


def possible(work: Work, question: Question, holding: Holding) -> list[Suspicion]:
    """Settlements that the city may have left out of its balances; any of its visits may look so."""
    return [_holding(question, *held) for held in _possible(work, question.accumulated, holding)]


def held_otherwise(
    work: Work, ours: Accumulated, holding: Holding, agency: Agency | None
) -> Iterator[tuple[Text, Accumulated]]:
    """Balances the city may hold instead of ours, and what would have led to them."""
    yield from _suggested(work, ours, holding, agency)
    yield from _possible(work, ours, holding)


def _suggested(
    work: Work, ours: Accumulated, holding: Holding, agency: Agency | None
) -> Iterator[tuple[Text, Accumulated]]:
    told = _told(work, holding, agency)
    if told is not None:
        at, balances = told
        yield text("judge.as_if_told", at=at), balances
    gone = [row for row in _settlements(work, holding) if row.state in ("reversed", "cancelled")][-_MOST_ROWS:]
    for row in reversed(gone):
        key = f"judge.as_if_not_{row.state}"
        yield text(key, msgid=row.agency_msgid or row.msgid, setl_time=row.setl_time), _moved(ours, [row], 1)
    if len(gone) > 1:
        yield text("judge.as_if_nothing_undone"), _moved(ours, gone, 1)


def _possible(work: Work, ours: Accumulated, holding: Holding) -> Iterator[tuple[Text, Accumulated]]:
    live = [row for row in _settlements(work, holding) if row.state == "live"][-_MOST_ROWS:]
    for row in reversed(live):
        yield text("judge.as_if_not_counted", setl_time=row.setl_time), _moved(ours, [row], -1)
    if len(live) > 1:
        yield text("judge.as_if_opening_only"), _moved(ours, live, -1)


def _holding(question: Question, sentence: Text, held: Accumulated) -> Suspicion:
    return Suspicion("accumulators", sentence, replace(question, accumulated=held), held=True)


def adopt(work: Work, holding: Holding, held: Accumulated) -> None:
    """From here on our copy starts from the balances that the city holds: its mistake was told, and is told once."""
    key: dict[str, Any] = {"person_id": holding.person_id, "insutype": holding.insutype, "year": holding.year}
    booked = {(row.kind, row.disease): row.booked for row in work.find(accumulator, **key)}
    openings = {each: held.get(each, 0) - booked.get(each, 0) for each in {*held, *booked}}
    people.move(work, holding.person_id, holding.insutype, holding.year, openings, opening=True)


def balances_told(output: Mapping[str, Any], agency: Agency | None) -> dict[tuple[str, str], Balances]:
    """The answer of 5206 by insurance and year, then by kind and disease; kinds that we do not keep are left out."""
    found: dict[tuple[str, str], Balances] = defaultdict(dict)
    for row in output.get("cuminfo") or []:
        key = accumulator_key(str(row.get("cum_type_code")), agency)
        if key is not None:
            found[str(row.get("insutype")), str(row.get("year"))][key] = fen_of(row.get("cum")) or 0
    return found


def _told(work: Work, holding: Holding, agency: Agency | None) -> tuple[str, Accumulated] | None:
    """What the city answered when it was last asked by 5206, with what was settled and cancelled since."""
    row = work.one(_LAST_TOLD, psn_no=holding.psn_no, infno="5206", outcome="answered")
    if row is None:
        return None
    try:
        output = read_json(bytes(row.answer)).get("output") or {}
    except (NotAMessage, AttributeError):
        return None
    told = balances_told(output, agency).get((holding.insutype, str(holding.year)), {})
    since = {each.msgid for each in work.all(_SINCE, psn_no=holding.psn_no, after=row.id)}
    balances: Accumulated = told
    for each in work.find(settlement, person_id=holding.person_id, order="id"):
        if each.agency_msgid in since and each.state != "reversed" and each.year == holding.year:
            balances = _moved(balances, [each], 1 if each.kind == "settlement" else -1)
    return row.at[:19], balances


def _settlements(work: Work, holding: Holding) -> list[Row]:
    rows = work.find(settlement, person_id=holding.person_id, order="id")
    return [
        row
        for row in rows
        if row.kind == "settlement" and row.insutype == holding.insutype and row.year == holding.year
    ]


def _moved(ours: Accumulated, rows: list[Row], sign: int) -> Accumulated:
    balances = defaultdict(int, ours)
    for row in rows:
        for key, fen in books.movements_of(row).items():
            balances[key] += sign * fen
    return dict(balances)
