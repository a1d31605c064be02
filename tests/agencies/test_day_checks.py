"""SIM-DAY judged: what an agency tells against what the rows are."""

import pytest

from simulator.agencies.judging.day_checks import judge_day
from simulator.domain.reconciliation import DayRow, compare

EARLY, LATE, GONE = ("A1", False), ("A2", False), ("A3", True)
TIMES = {EARLY: "2025-03-10 07:30:00", LATE: "2025-03-10 10:00:00"}


def row(key, account=0):
    amounts = {"medfee_sumamt": 84000, "fund_pay_sumamt": 30600, "acct_pay": account}
    return DayRow(*key, f"SIM000000001{key[0]}", "p1", amounts)


def told(kind, key, field="", platform="", agency=""):
    named = {"type": kind, "setl_id": key[0], "refd_setl_flag": "1" if key[1] else "0"}
    return {**named, "field": field, "platform": platform, "agency": agency}


OURS = [row(EARLY), row(LATE)]


@pytest.mark.parametrize(
    ("difference", "rule", "said"),
    [
        (told("missing_here", EARLY), "day.missing_row", "UTC"),
        (told("missing_here", LATE), "day.missing_row", "A2"),
        (told("missing_there", ("B9", False)), "day.extra_row", "B9"),
        (told("missing_there", EARLY), "day.other_day", "UTC"),
        (told("amount", LATE, "acct_pay", "0.00", "1.00"), "day.amount", "acct_pay"),
        (told("reversed_here", LATE), "day.reversed_row", "A2"),
        (told("duplicated", LATE), "day.duplicated_row", "A2"),
    ],
)
def test_a_difference_told_that_is_none_is_a_finding_of_its_kind(difference, rule, said):
    (found,) = judge_day(OURS, OURS, frozenset(), [difference], TIMES)
    assert found.rule == rule
    assert said in found.sentence.en


@pytest.mark.parametrize(
    ("sent", "difference"),
    [
        (OURS[:1], told("missing_there", LATE)),
        ([*OURS, row(("B9", False))], told("missing_here", ("B9", False))),
        ([row(EARLY, 1), row(LATE)], told("amount", EARLY, "acct_pay", "0.01", "0.00")),
        ([*OURS, row(GONE)], told("reversed_here", GONE)),
        ([*OURS, row(LATE)], told("duplicated", LATE)),
    ],
)
def test_a_difference_must_be_told(sent, difference):
    gone = frozenset([GONE])
    assert judge_day(sent, OURS, gone, [difference], TIMES) == []
    (found,) = judge_day(sent, OURS, gone, [], TIMES)
    assert (found.rule, found.wanted) == ("day.not_told", difference["type"])


def test_a_reversed_cancellation_is_told_as_reversed_and_the_settlement_it_cancelled_is_not():
    sent = [row(("A3", False)), row(GONE)]
    assert [each.type for each in compare(sent, [row(("A3", False))], {GONE})] == ["reversed_here"]
