"""Mistakes about one of several messages, and balances that an agency may leave out."""

from functools import partial

from simulator.agencies.judging.demanded_balances import demanded_balances
from simulator.agencies.judging.mistakes.books import Books, explained_account, explained_books
from simulator.agencies.judging.mistakes.catalogue import catalogue
from simulator.agencies.judging.mistakes.surroundings import Past, Surroundings

POOL, DEDUCTIBLE = ("HIFP", ""), ("DEDC", "M07800")


def past(number: int, state: str, *, pool: int, account: int = 0) -> Past:
    movements = {POOL: pool, DEDUCTIBLE: 5_000}
    return Past(
        msgid=f"M{number}", kind="settlement", state=state, insutype="310", year=2026, treated_area="110000",
        setl_time=f"2026-03-0{number} 09:00:00", in_scope=pool, account=account, movements=movements,
        cancelled_in=2026 if state == "cancelled" else 0,
    )  # fmt: skip


def books(*history: Past) -> Books:
    live = sum(each.movements[POOL] for each in history if each.state == "live")
    return Books({POOL: live, DEDUCTIBLE: 30_000}, 90_000, "310", 2026, Surroundings(history=history))


def told(found) -> dict[str, str]:
    return {name: catalogue().mistakes[name].told(change.values).en for name, change in found}


def explained(held: Books, answered, *, per_disease: bool = False) -> dict[str, str]:
    return told(explained_books(held, answered, partial(demanded_balances, told=answered, per_disease=per_disease)))


def test_one_of_several_cancellations_taken_back_twice_is_named():
    held = books(past(1, "live", pool=70_000), past(2, "cancelled", pool=10_000), past(3, "cancelled", pool=25_000))
    found = explained(held, {POOL: 45_000, DEDUCTIBLE: 25_000})
    assert found.keys() == {"one_taken_back_twice"}
    assert "(M3) gave its balances back twice" in found["one_taken_back_twice"]


def test_one_of_several_settlements_that_the_account_was_not_charged_for_is_named():
    held = books(past(1, "live", pool=70_000, account=4_000), past(2, "live", pool=10_000, account=1_500))
    found = told(explained_account(held, 91_500))
    assert found.keys() == {"one_settlement_not_charged"}
    assert "(M2)" in found["one_settlement_not_charged"]
    assert told(explained_account(held, 95_500)).keys() == {"account_not_charged"}


def test_balances_by_disease_that_an_agency_leaves_out_hide_no_mistake():
    held = books(past(1, "live", pool=70_000))
    assert "settlements_not_counted" in explained(held, {POOL: 0})
    assert "settlements_not_counted" not in explained(held, {POOL: 0}, per_disease=True)
