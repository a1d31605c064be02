"""Causes of wrong balances: of accumulators in 5206, of the personal account in 1101 and 2208."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simulator.agencies.judging.award_judging import earlier_answers
from simulator.agencies.judging.elimination import refuted
from simulator.agencies.judging.evidence import Judged, surroundings_after
from simulator.agencies.judging.likely_cause import NO_CAUSE, Cause, cause_of
from simulator.agencies.judging.mistakes.books import BookChange, Books, explained_account, explained_books
from simulator.agencies.judging.mistakes.search import HypothesisPart
from simulator.agencies.judging.replica_surroundings import surroundings_of
from simulator.benefit import Accumulated
from simulator.contract.amounts import fen_of
from simulator.core.texts import text
from simulator.insured.place import Asked
from simulator.store import people
from simulator.store.rows import SettlementRow


def cause_of_balances(
    asked: Asked, insutype: str, year: str, ours: Accumulated, theirs: Accumulated,
    demanded: Callable[[Accumulated], Accumulated],
) -> Cause:  # fmt: skip
    """Likely cause of accumulators that the agency answers otherwise; `demanded` drops those that it may leave out."""
    if not year.isdigit():
        return NO_CAUSE
    earlier = earlier_answers(asked)
    books = _books(asked, insutype, int(year), ours, 0, earlier)
    return NO_CAUSE if books is None else _cause(explained_books(books, theirs, demanded), earlier)


def cause_of_account(asked: Asked, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Cause:
    """Likely cause of a balance of the personal account that 1101 tells otherwise."""
    told = {str(row.get("insutype")): fen_of(row.get("balc")) or 0 for row in theirs.get("insuinfo") or []}
    psn_no = str((ours.get("baseinfo") or {}).get("psn_no", ""))
    for row in ours.get("insuinfo") or []:
        insutype, balance = str(row["insutype"]), fen_of(row["balc"]) or 0
        if told.get(insutype, balance) != balance:
            earlier = earlier_answers(asked)
            books = _books(asked, insutype, asked.now.year, {}, balance, earlier, psn_no)
            return NO_CAUSE if books is None else _cause(explained_account(books, told[insutype]), earlier)
    return NO_CAUSE


def cause_of_cancelled_balance(settled: SettlementRow, info: Mapping[str, Any], before: int) -> Cause:
    """Likely cause of the balance that the answer to a 2208 tells; `before` is the account before it, fen."""
    got = fen_of(info.get("balc")) or 0
    named = text("judge.one_cancellation", msgid=settled.agency_msgid, setl_time=settled.setl_time)
    found: list[tuple[str, Mapping[str, object]]] = []
    if got == before:
        values = {"of": named, "what": text("judge.books_account")}
        found = [("cancellation_not_taken_back", values), ("balance_before", {})]
    elif got == -(before + settled.account):
        found = [("balance_negated", {})]
    return cause_of(found)


def _books(
    asked: Asked, insutype: str, year: int, ours: Accumulated, account: int, earlier: Iterable[Judged], psn_no: str = ""
) -> Books | None:
    psn_no = psn_no or asked.body["data"]["psn_no"]
    known = people.load(asked.work, psn_no)
    if known is None:
        return None
    around = surroundings_of(asked.work, known, insutype, asked.treated_area)
    around = surroundings_after(around, earlier, psn_no)
    return Books(ours, account, insutype, year, surroundings=around, mapped=asked.city().mapped)


def _cause(found: Iterable[tuple[str, BookChange]], earlier: Iterable[Judged]) -> Cause:
    """The mistakes that no right answer rules out."""
    answers = list(earlier)
    left = [(name, change) for name, change in found if not refuted([HypothesisPart(name, change.key)], answers)]
    return cause_of((name, change.values) for name, change in left)
