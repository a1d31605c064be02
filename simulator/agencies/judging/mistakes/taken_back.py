"""Mistakes about the books: a cancellation or reversal that takes back something else."""

from collections.abc import Iterator
from dataclasses import replace

from simulator.agencies.judging.mistakes.books import (
    BALANCES,
    BOTH,
    BookChange,
    Books,
    book_mistake,
    moved,
    named_messages,
    of_a_kind,
    same_balances,
    with_account,
)
from simulator.agencies.judging.mistakes.surroundings import CANCELLED, LIVE, REVERSED
from simulator.benefit.terms import PAID_AND_BASE

_BASES = frozenset(base for _, base in PAID_AND_BASE.values())


@book_mistake("cancellation_not_taken_back")
def cancellation_not_taken_back(books: Books) -> Iterator[BookChange]:
    """The balances as if nothing had been cancelled."""
    gone = books.own("settlement", CANCELLED)
    yield from with_account(books, gone, 1, named_messages(gone, "cancellation"))


@book_mistake("one_cancellation_not_taken_back")
def one_cancellation_not_taken_back(books: Books) -> Iterator[BookChange]:
    """The balances as if one of several cancellations had not been."""
    gone = books.all_own("settlement", CANCELLED)
    for past in gone if len(gone) > 1 else ():
        yield from with_account(books, [past], 1, named_messages([past], "cancellation"))


@book_mistake("reversal_not_taken_back")
def reversal_not_taken_back(books: Books) -> Iterator[BookChange]:
    """The balances as if nothing had been reversed."""
    gone = books.own("settlement", REVERSED)
    yield from with_account(books, gone, 1, named_messages(gone, "reversal"))


@book_mistake("one_reversal_not_taken_back")
def one_reversal_not_taken_back(books: Books) -> Iterator[BookChange]:
    """The balances as if one of several reversals had not been."""
    gone = books.all_own("settlement", REVERSED)
    for past in gone if len(gone) > 1 else ():
        yield from with_account(books, [past], 1, named_messages([past], "reversal"))


@book_mistake("nothing_taken_back")
def nothing_taken_back(books: Books) -> Iterator[BookChange]:
    """The balances as if nothing had been cancelled or reversed, where there was both."""
    gone = books.own("settlement", CANCELLED, REVERSED)
    if len({each.state for each in gone}) > 1:
        yield from with_account(books, gone, 1)


@book_mistake("bases_not_taken_back")
def bases_not_taken_back(books: Books) -> Iterator[BookChange]:
    """The balances with the layers' bases of what was cancelled or reversed."""
    gone = books.own("settlement", CANCELLED, REVERSED)
    changed = moved(books.accumulated, gone, 1, lambda key: key[0] in _BASES)
    if not same_balances(changed, books.accumulated):
        yield BookChange(changed, books.account)


@book_mistake("kind_not_taken_back")
def kind_not_taken_back(books: Books) -> Iterator[BookChange]:
    """The balances with those of a single kind left of what was cancelled or reversed."""
    yield from of_a_kind(books, books.own("settlement", CANCELLED, REVERSED), 1)


@book_mistake("another_taken_back")
def another_taken_back(books: Books) -> Iterator[BookChange]:
    """The balances as if the latest live settlement had been taken back in place of the one cancelled or reversed."""
    live = books.own("settlement", LIVE)
    for state, how in ((CANCELLED, "cancellation"), (REVERSED, "reversal")):
        gone = books.own("settlement", state)
        for past in gone if live else ():
            other = live[-1]
            values = {**named_messages([past], how), "other": other.msgid, "setl_time": other.setl_time}
            changed = replace(books, accumulated=moved(books.accumulated, [past], 1))
            changed = replace(changed, account=books.account - past.account)
            for each in with_account(changed, [other], -1, values):
                if each.key == BALANCES:
                    # The account goes by the settlement that was named.
                    yield each._replace(account=books.account, key=f"{how}/{each.key}")
                elif each.key == BOTH:
                    yield each._replace(key=f"{how}/{each.key}")


@book_mistake("taken_back_with_wrong_sign")
def taken_back_with_wrong_sign(books: Books) -> Iterator[BookChange]:
    """The balances with what was cancelled or reversed added once more in place of being taken back."""
    for state, how in ((CANCELLED, "cancellation"), (REVERSED, "reversal")):
        gone = books.own("settlement", state)
        twice = [*gone, *gone]
        yield from (
            each._replace(key=f"{how}/{each.key}") for each in with_account(books, twice, 1, named_messages(gone, how))
        )


@book_mistake("taken_back_twice")
def taken_back_twice(books: Books) -> Iterator[BookChange]:
    """The balances with a cancellation or reversal taken back once more."""
    for kind, state in (("settlement", CANCELLED), ("settlement", REVERSED), ("cancellation", REVERSED)):
        rows = books.own(kind, state)
        # An answer about one kind of taking back says nothing about the others.
        yield from (each._replace(key=f"{kind}/{state}/{each.key}") for each in with_account(books, rows, -1))


@book_mistake("one_taken_back_twice")
def one_taken_back_twice(books: Books) -> Iterator[BookChange]:
    """The balances with one cancellation or reversal taken back once more, as at a second message about it."""
    for state, how in ((CANCELLED, "cancellation"), (REVERSED, "reversal")):
        for past in books.all_own("settlement", state):
            yield from with_account(books, [past], -1, named_messages([past], how))


@book_mistake("taken_back_from_wrong_year")
def taken_back_from_wrong_year(books: Books) -> Iterator[BookChange]:
    """The balances with settlements cancelled in another year taken back there."""
    across = [
        each
        for each in books.surroundings.history
        if each.state == CANCELLED and each.insutype == books.insutype and each.cancelled_in not in (0, each.year)
    ]
    kept = [each for each in across if each.year == books.year]
    lost = [each for each in across if each.cancelled_in == books.year]
    if kept or lost:
        yield BookChange(moved(moved(books.accumulated, kept, 1), lost, -1), books.account)


@book_mistake("undone_cancellation_stays")
def undone_cancellation_stays(books: Books) -> Iterator[BookChange]:
    """The balances as if reversed cancellations were still in force."""
    for past in books.own("cancellation", REVERSED):
        yield from with_account(books, [past], -1, {"setl_time": past.setl_time})
