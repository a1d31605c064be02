"""SIM-DAY: a day of the platform's rows against our own."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.second_agency.books import Books, Cancellation, Settlement
from tests.second_agency.wire import Refusal, child, fen, needed, rows, text, yuan

Key = tuple[str, str]
_RUN = 12
"""Length of `SIM` and the nine digits that name the run."""


def compare(books: Books, message: Mapping[str, Any], defects: frozenset[str]) -> dict[str, Any]:
    data = child(dict(message), "data")
    day, sent = needed(data, "day"), rows(dict(message), "rows")
    run = text(sent[0], "msgid")[:_RUN] if sent else text(data, "run")
    if "day_of_all_runs" in defects:
        run = ""
    ours = {_key(*each): each for each in books.rows_of(day, run)}
    if "day_cut_at_utc_midnight" in defects:
        ours = {_key(*each): each for each in books.rows_of("", run) if _utc_day(*each) == day}
    theirs: dict[Key, dict[str, Any]] = {}
    found = []
    for row in sent:
        key = needed(row, "setl_id"), needed(row, "refd_setl_flag")
        if key in theirs:
            found.append(_difference("duplicated", key, row))
            continue
        theirs[key] = row
        if key not in ours:
            kind = "reversed_here" if _reversed(books, key) else "missing_here"
            found.append(_difference(kind, key, row))
        elif "day_compares_no_amounts" not in defects:
            found += _amounts(key, row, *ours[key])
    for key in ours.keys() - theirs.keys():
        settlement, cancellation = ours[key]
        named = {"msgid": (cancellation or settlement).msgid, "psn_no": settlement.psn_no}
        found.append(_difference("missing_there", key, named))
    if "day_always_agrees" in defects:
        found = []
    return {"differences": found}


def _utc_day(settlement: Settlement, cancellation: Cancellation | None) -> str:
    local = datetime.fromisoformat((cancellation or settlement).time)
    return (local - timedelta(hours=8)).date().isoformat()


def _key(settlement: Settlement, cancellation: Cancellation | None) -> Key:
    return settlement.setl_id, "1" if cancellation else "0"


def _reversed(books: Books, key: Key) -> bool:
    settlement = books.settlements.get(key[0])
    if settlement is None:
        return False
    if key[1] == "0":
        return settlement.state == "reversed"
    return any(not each.live for each in settlement.cancellations)


def _amounts(
    key: Key, row: dict[str, Any], settlement: Settlement, cancellation: Cancellation | None
) -> list[dict[str, Any]]:
    sign = -1 if cancellation else 1
    own = {"medfee_sumamt": settlement.total, "fund_pay_sumamt": settlement.funds, "acct_pay": settlement.account}
    found = []
    for field, amount in own.items():
        try:
            told = fen(row, field)
        except Refusal:
            told = None
        if told != sign * amount:
            said = "" if told is None else str(yuan(told))
            values = {"field": field, "platform": said, "agency": str(yuan(sign * amount))}
            found.append(_difference("amount", key, row) | values)
    return found


def _difference(kind: str, key: Key, row: Mapping[str, Any]) -> dict[str, Any]:
    named = {"type": kind, "msgid": row.get("msgid", ""), "setl_id": key[0], "refd_setl_flag": key[1]}
    return named | {"psn_no": row.get("psn_no", ""), "field": "", "platform": "", "agency": ""}
