"""Mistakes about the books: settlements counted otherwise, another year, insurance or account.

Each works on balances alone, so that the answer to a query of them is explained by the same mistakes as an award.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from simulator.agencies.judging.mistakes.catalogue import MAKERS
from simulator.agencies.judging.mistakes.question import ChangedQuestion, ChangedQuestions, Question
from simulator.agencies.judging.mistakes.surroundings import LIVE, Past, Surroundings
from simulator.benefit import Accumulated
from simulator.core.texts import Text, text

BALANCES, ACCOUNT, BOTH = "balances", "account", "both"


@dataclass(frozen=True, slots=True)
class Books:
    """Balances of a person for an insurance and year, and the balance of the personal account, fen."""

    accumulated: Accumulated
    account: int
    insutype: str
    year: int
    surroundings: Surroundings = field(default_factory=Surroundings)
    told: Accumulated | None = None
    """Balances that the city told, where those are what is explained."""
    mapped: Callable[[str], str] = str
    """Class code of a disease."""

    def own(self, kind: str, *states: str) -> list[Past]:
        """Earlier messages in this insurance and year, since the balances were adopted from the city."""
        history = self.surroundings.history
        begins = next((at for at, each in enumerate(history) if each.msgid == self.surroundings.adopted), 0)
        return [each for each in history[begins:] if self._is_wanted(each, kind, states)]

    def all_own(self, kind: str, *states: str) -> list[Past]:
        """Earlier messages in this insurance and year."""
        return [each for each in self.surroundings.history if self._is_wanted(each, kind, states)]

    def _is_wanted(self, past: Past, kind: str, states: tuple[str, ...]) -> bool:
        same = (past.insutype, past.year) == (self.insutype, self.year)
        return same and past.kind == kind and past.state in states


class BookChange(NamedTuple):
    """Balances that a mistake leads to."""

    accumulated: Accumulated
    account: int
    key: str = ""
    values: Mapping[str, object] = {}


BookMaker = Callable[[Books], Iterator[BookChange]]
BOOK_MAKERS: dict[str, BookMaker] = {}
"""Functions by the id of their mistake."""


def book_mistake(name: str) -> Callable[[BookMaker], BookMaker]:
    """Registers a function of balances as one of questions too; raises ValueError for a second one of the same id."""

    def register(maker: BookMaker) -> BookMaker:
        def of_question(question: Question) -> ChangedQuestions:
            for change in maker(books_of(question)):
                changed = question.with_books(change.accumulated, change.account)
                yield ChangedQuestion(changed, change.key, change.values)

        if name in MAKERS:
            raise ValueError(f"{name} is made by two functions")
        BOOK_MAKERS[name] = maker
        MAKERS[name] = of_question
        return maker

    return register


def books_of(question: Question) -> Books:
    """The balances that a question is settled over."""
    claim = question.claim
    return Books(
        question.accumulated,
        claim.account_balance,
        claim.insutype,
        question.year,
        question.surroundings,
        mapped=question.city.mapped,
    )


@book_mistake("nothing_counted")
def nothing_counted(books: Books) -> Iterator[BookChange]:
    """No balances at all."""
    yield BookChange({}, books.account)


@book_mistake("settlements_not_counted")
def settlements_not_counted(books: Books) -> Iterator[BookChange]:
    """The balances without this year's settlements."""
    if live := books.own("settlement", LIVE):
        yield BookChange(moved(books.accumulated, live, -1), books.account)


@book_mistake("settlement_not_counted")
def settlement_not_counted(books: Books) -> Iterator[BookChange]:
    """The balances without one of several settlements."""
    live = books.own("settlement", LIVE)
    for past in live if len(live) > 1 else ():
        yield BookChange(moved(books.accumulated, [past], -1), books.account, "", {"setl_time": past.setl_time})


@book_mistake("settlements_counted_twice")
def settlements_counted_twice(books: Books) -> Iterator[BookChange]:
    """The balances with this year's settlements once more."""
    if live := books.own("settlement", LIVE):
        yield BookChange(moved(books.accumulated, live, 1), books.account)


@book_mistake("settlement_counted_twice")
def settlement_counted_twice(books: Books) -> Iterator[BookChange]:
    """The balances with one of several settlements once more."""
    live = books.own("settlement", LIVE)
    for past in live if len(live) > 1 else ():
        yield BookChange(moved(books.accumulated, [past], 1), books.account, "", {"setl_time": past.setl_time})


@book_mistake("disease_not_counted")
def disease_not_counted(books: Books) -> Iterator[BookChange]:
    """The balances without what this year's settlements added by disease."""
    if live := books.own("settlement", LIVE):
        changed = moved(books.accumulated, live, -1, lambda key: bool(key[1]))
        yield BookChange(changed, books.account)


@book_mistake("total_not_counted")
def total_not_counted(books: Books) -> Iterator[BookChange]:
    """The balances without what this year's settlements added in total."""
    if live := books.own("settlement", LIVE):
        yield BookChange(moved(books.accumulated, live, -1, lambda key: not key[1]), books.account)


@book_mistake("counted_under_sub_code")
def counted_under_sub_code(books: Books) -> Iterator[BookChange]:
    """The balances as told, where they are ours once their codes are brought to the class."""
    if books.told is None:
        return
    codes = {under for _, under in books.told if under and books.mapped(under) != under}
    brought: dict[tuple[str, str], int] = {}
    for (kind, under), fen in books.told.items():
        key = kind, books.mapped(under) if under in codes else under
        brought[key] = brought.get(key, 0) + fen
    if codes and same_balances(brought, books.accumulated):
        yield BookChange(books.told, books.account, "", {"code": ", ".join(sorted(codes))})


@book_mistake("preview_counted")
def preview_counted(books: Books) -> Iterator[BookChange]:
    """The balances with what the previews would have added."""
    previews = books.own("preview", LIVE)
    yield from with_account(books, previews, 1)


@book_mistake("kind_not_counted")
def kind_not_counted(books: Books) -> Iterator[BookChange]:
    """The balances without those of a single kind that this year's settlements added."""
    yield from of_a_kind(books, books.own("settlement", LIVE), -1)


@book_mistake("balances_before")
def balances_before(books: Books) -> Iterator[BookChange]:
    """The balances as they were before one of this year's settlements, with nothing that came since."""
    live = books.all_own("settlement", LIVE)
    for at, past in enumerate(live):
        values = {"msgid": past.msgid, "setl_time": past.setl_time}
        yield BookChange(moved(books.accumulated, live[at:], -1), books.account, "", values)


@book_mistake("balances_in_fen")
def balances_in_fen(books: Books) -> Iterator[BookChange]:
    """The balances as told, where each is a hundred times ours."""
    if books.told and same_balances(books.told, {key: fen * 100 for key, fen in books.accumulated.items()}):
        yield BookChange(books.told, books.account)


@book_mistake("rows_cut")
def rows_cut(books: Books) -> Iterator[BookChange]:
    """The balances as told, where they are ours as far as they go and end before them."""
    held = {key: fen for key, fen in books.accumulated.items() if fen}
    told = {key: fen for key, fen in (books.told or {}).items() if fen}
    if 1 < len(told) < len(held) and told.items() <= held.items():
        yield BookChange(told, books.account, "", {"count": len(told)})


@book_mistake("balances_told")
def balances_told(books: Books) -> Iterator[BookChange]:
    """The balances that the city told when it was last asked."""
    told = books.surroundings.told
    if told is not None and books.told is None and not same_balances(told.accumulated, books.accumulated):
        yield BookChange(told.accumulated, books.account, "", {"at": told.at})


@book_mistake("last_years_balances")
def last_years_balances(books: Books) -> Iterator[BookChange]:
    """The balances of the year before."""
    before = books.surroundings.balances.get((books.insutype, books.year - 1))
    if before:
        yield BookChange(before, books.account, "", {"year": books.year - 1})


@book_mistake("year_not_begun")
def year_not_begun(books: Books) -> Iterator[BookChange]:
    """The balances of the year before, going on."""
    before = books.surroundings.balances.get((books.insutype, books.year - 1))
    if before and books.accumulated:
        changed = dict(before)
        for key, fen in books.accumulated.items():
            changed[key] = changed.get(key, 0) + fen
        yield BookChange(changed, books.account, "", {"year": books.year - 1})


@book_mistake("other_insurances_balances")
def other_insurances_balances(books: Books) -> Iterator[BookChange]:
    """The balances of another insurance of the person."""
    for (insutype, year), balances in books.surroundings.balances.items():
        if insutype != books.insutype and year == books.year:
            yield BookChange(balances, books.account, "", {"insutype": insutype})


@book_mistake("account_not_charged")
def account_not_charged(books: Books) -> Iterator[BookChange]:
    """The account as if it had paid nothing."""
    if paid := sum(each.account for each in _paid_from_account(books)):
        yield BookChange(books.accumulated, books.account + paid)


@book_mistake("one_settlement_not_charged")
def one_settlement_not_charged(books: Books) -> Iterator[BookChange]:
    """The account as if one of several settlements had taken nothing from it."""
    charged = [each for each in _paid_from_account(books) if each.account]
    for past in charged if len(charged) > 1 else ():
        values = {"msgid": past.msgid, "setl_time": past.setl_time}
        yield BookChange(books.accumulated, books.account + past.account, "", values)


@book_mistake("account_charged_twice")
def account_charged_twice(books: Books) -> Iterator[BookChange]:
    """The account as if it had paid twice."""
    if paid := sum(each.account for each in _paid_from_account(books)):
        yield BookChange(books.accumulated, books.account - paid)


def of_a_kind(books: Books, rows: list[Past], sign: int) -> Iterator[BookChange]:
    """Movements of each kind of balance alone added to the balances."""
    for kind in sorted({kind for row in rows for kind, _ in row.movements}):
        changed = moved(books.accumulated, rows, sign, partial(_is_of, kind))
        if not same_balances(changed, books.accumulated):
            yield BookChange(changed, books.account, kind, {"kind": kind})


def _is_of(kind: str, key: tuple[str, str]) -> bool:
    return key[0] == kind


def _paid_from_account(books: Books) -> list[Past]:
    return [
        each
        for each in books.surroundings.history
        if each.kind == "settlement" and each.state == LIVE and each.insutype == books.insutype
    ]


def with_account(
    books: Books, rows: list[Past], sign: int, values: Mapping[str, object] | None = None
) -> Iterator[BookChange]:
    """Movements added to the balances, to the account, and to both, where they change something."""
    accumulated = moved(books.accumulated, rows, sign)
    account = books.account - sign * sum(each.account for each in rows)
    moves, pays = not same_balances(accumulated, books.accumulated), account != books.account
    for changes, key, balances, left in (
        (moves and pays, BOTH, accumulated, account),
        (moves, BALANCES, accumulated, books.account),
        (pays, ACCOUNT, books.accumulated, account),
    ):
        if changes:
            yield BookChange(balances, left, key, {**(values or {}), "what": text(f"judge.books_{key}")})


def moved(
    accumulated: Accumulated,
    rows: Iterable[Past],
    sign: int,
    wanted: Callable[[tuple[str, str]], bool] | None = None,
) -> Accumulated:
    changed = dict(accumulated)
    for row in rows:
        for key, fen in row.movements.items():
            if wanted is None or wanted(key):
                changed[key] = changed.get(key, 0) + sign * fen
    return changed


def same_balances(one: Accumulated, other: Accumulated) -> bool:
    return all(one.get(key, 0) == other.get(key, 0) for key in {*one, *other})


def named_messages(rows: list[Past], how: str) -> dict[str, object]:
    """Value of a sentence that names one message, or all of a kind."""
    if len(rows) == 1:
        named: Text = text(f"judge.one_{how}", msgid=rows[0].msgid, setl_time=rows[0].setl_time)
        return {"of": named}
    return {"of": text(f"judge.every_{how}")}


def explained_books(
    books: Books, told: Accumulated, demanded: Callable[[Accumulated], Accumulated]
) -> Iterator[tuple[str, BookChange]]:
    """Mistakes that lead from our balances to those that the city told; zeros may be left out.

    `demanded` drops the balances that a city may leave out, and did.
    """
    asked = replace(books, told=told)
    for name, maker in BOOK_MAKERS.items():
        for change in maker(asked):
            if same_balances(demanded(change.accumulated), told) and not same_balances(
                demanded(books.accumulated), told
            ):
                yield name, change


def explained_account(books: Books, told: int) -> Iterator[tuple[str, BookChange]]:
    """Mistakes that lead from our balance of the account to the one that the city told, fen."""
    for name, maker in BOOK_MAKERS.items():
        for change in maker(books):
            if change.account == told != books.account:
                yield name, change
