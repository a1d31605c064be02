"""Judges an agency's answer to SIM-DAY: every difference that it tells must be one, and every one must be told."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.agencies.judging.likely_cause import Cause, with_cause
from simulator.core.findings import ERROR, Finding
from simulator.core.money import yuan
from simulator.core.texts import Text, text
from simulator.domain.reconciliation import DayRow, Key, compare, described

KINDS = {
    "missing_here": "missing_row",
    "missing_there": "extra_row",
    "amount": "amount",
    "reversed_here": "reversed_row",
    "duplicated": "duplicated_row",
}
"""Types of differences as the answering side names them, and our findings about its books."""
OTHER_DAY, NOT_TOLD = "other_day", "not_told"
_PATH = "/output/differences"
_UTC_BEHIND = "08:00:00"
"""Beijing time before which UTC still has the day before."""


def judge_day(
    sent: Sequence[DayRow],
    ours: Sequence[DayRow],
    gone: frozenset[Key],
    told: Sequence[Mapping[str, Any]],
    times: Mapping[Key, str],
) -> list[Finding]:
    """Differences told that are none, then differences that were not told.

    `times` holds setl_time by key of all rows that we know of, whatever their day.
    """
    wanted = {_key(each): each for each in (described(one, yuan) for one in compare(sent, ours, gone))}
    got = {_key(each): each for each in told}
    found = [_told_wrongly(each, times) for key, each in got.items() if key not in wanted]
    return found + [_not_told(each) for key, each in wanted.items() if key not in got]


def _key(difference: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(difference.get(name) or "") for name in ("type", "setl_id", "refd_setl_flag", "field"))


def _told_wrongly(difference: Mapping[str, Any], times: Mapping[Key, str]) -> Finding:
    kind = KINDS.get(str(difference.get("type")), str(difference.get("type")))
    setl_id, field = str(difference.get("setl_id")), str(difference.get("field") or "")
    at = times.get((setl_id, str(difference.get("refd_setl_flag")) == "1"), "")
    wanted, there = str(difference.get("platform") or "-"), str(difference.get("agency") or "-")
    if kind == "extra_row" and at:
        kind = OTHER_DAY
    sentence = text(f"judge.day_{kind}", setl_id=setl_id, field=field, platform=wanted, agency=there, at=at or "-")
    if kind in ("missing_row", OTHER_DAY) and at and at[11:] < _UTC_BEHIND:
        sentence = with_cause(sentence, Cause(text("judge.day_cut_at_utc")))
    return Finding(f"day.{kind}", ERROR, sentence, _PATH, wanted if field else "", there if field else kind)


def _not_told(difference: Mapping[str, Any]) -> Finding:
    kind, setl_id = str(difference["type"]), str(difference["setl_id"])
    sentence = text("judge.day_not_told", setl_id=setl_id, kind=_named(kind), field=difference["field"] or "-")
    return Finding(f"day.{NOT_TOLD}", ERROR, sentence, _PATH, kind, "-")


def _named(kind: str) -> Text:
    return text(f"judge.day_kind_{kind}")
