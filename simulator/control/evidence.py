"""Control calls for the evidence of a run: both legs of every message, and the findings about them."""

from typing import Any

from sqlalchemy import bindparam, select

from simulator.control.calls import ControlRequest, call, limit_of, number_of
from simulator.control.waiting import poll
from simulator.core.masking import mask_text
from simulator.core.refusals import source_of
from simulator.store.rows import FindingRow, JournalRow
from simulator.store.statements import Statement
from simulator.store.tables import finding, journal

# A blank filter matches every row, so that one compiled statement serves every combination of filters.
_LEGS = Statement(
    select(journal)
    .where(
        journal.c.id > bindparam("after"),
        (bindparam("psn_no") == "") | (journal.c.psn_no == bindparam("psn_no")),
        (bindparam("mdtrt_id") == "") | (journal.c.mdtrt_id == bindparam("mdtrt_id")),
        (bindparam("infno") == "") | (journal.c.infno == bindparam("infno")),
        (bindparam("leg") == "") | (journal.c.leg == bindparam("leg")),
    )
    .order_by(journal.c.id)
    .limit(bindparam("count")),
    JournalRow,
)
_FINDINGS = Statement(
    select(finding)
    .where(
        finding.c.id > bindparam("after"),
        (bindparam("severity") == "") | (finding.c.severity == bindparam("severity")),
        (bindparam("rule") == "") | finding.c.rule.startswith(bindparam("rule")),
        (bindparam("psn_no") == "") | (finding.c.psn_no == bindparam("psn_no")),
    )
    .order_by(finding.c.id)
    .limit(bindparam("count")),
    FindingRow,
)


@call("GET", "messages")
def messages(request: ControlRequest) -> Any:
    """Lists legs in order of the journal, identity data masked unless raw=1.

    `after` is the last id seen. If there are none yet, the call waits up to `wait` seconds for the first.
    """
    query = request.query_values("psn_no", "mdtrt_id", "infno", "after", "leg", "limit", "raw", "wait")
    after, count = number_of(query["after"]), limit_of(query["limit"], 1000)
    wanted = {name: query[name] for name in ("psn_no", "mdtrt_id", "infno", "leg")}

    def read() -> list[tuple[JournalRow, list[FindingRow]]]:
        with request.sandbox.begin() as (work, _, _clock):
            rows = work.all(_LEGS, after=after, count=count, **wanted)
            return [(row, work.find(finding, exchange=row.exchange, order="id")) for row in rows]

    raw = query["raw"] == "1"
    return {"messages": [_leg_as_json(row, found, raw=raw) for row, found in poll(request, query["wait"], read)]}


@call("GET", "findings")
def findings(request: ControlRequest) -> Any:
    """Lists findings, filtered by severity, prefix of the rule's name, and person."""
    query = request.query_values("severity", "rule", "psn_no", "after", "limit")
    with request.sandbox.begin() as (work, _, _clock):
        rows = work.all(
            _FINDINGS,
            after=number_of(query["after"]),
            severity=query["severity"],
            rule=query["rule"],
            psn_no=query["psn_no"],
            count=limit_of(query["limit"], 1000),
        )
    return {"findings": [finding_as_json(row) for row in rows]}


def _leg_as_json(row: JournalRow, found: list[FindingRow], *, raw: bool) -> dict[str, Any]:
    request, answer = (bytes(part).decode("utf-8", "replace") for part in (row.request, row.answer))
    return {
        "id": row.id,
        "exchange": row.exchange,
        "leg": row.leg,
        "at": f"{row.at.replace(' ', 'T')}+08:00",
        "infno": row.infno,
        "msgid": row.msgid,
        "psn_no": row.psn_no,
        "mdtrt_id": row.mdtrt_id,
        "institution": row.institution,
        "area": row.area,
        "outcome": row.outcome,
        "duration_ms": row.duration_ms,
        "request": request if raw else mask_text(request),
        "answer": answer if raw else mask_text(answer),
        "findings": [finding_as_json(each) for each in found if each.leg == row.leg and each.msgid == row.msgid],
    }


def finding_as_json(row: FindingRow) -> dict[str, Any]:
    """A finding as the control calls show it."""
    return {
        "id": row.id,
        "at": row.at,
        "severity": row.severity,
        "rule": row.rule,
        "source": source_of(row.rule),
        "leg": row.leg,
        "infno": row.infno,
        "msgid": row.msgid,
        "psn_no": row.psn_no,
        "mdtrt_id": row.mdtrt_id,
        "path": row.path,
        "wanted": row.wanted,
        "got": row.got,
        "mistakes": row.mistakes.split(),
        "message": {"zh": row.zh, "en": row.en},
    }
