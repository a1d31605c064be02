"""Control calls for the evidence of a run: both legs of every message, and the findings about them."""

import re
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, select

from simulator.control.calls import ControlRequest, call, limit_of, number_of
from simulator.control.waiting import poll
from simulator.core.masking import NOBODY, identity_values, known_values, mask_got, mask_sentence, mask_text
from simulator.core.refusals import source_of
from simulator.store.person_rows import PersonRow
from simulator.store.rows import FindingRow, JournalRow
from simulator.store.statements import Statement
from simulator.store.tables import finding, journal, person
from simulator.store.unit_of_work import UnitOfWork

_MOST_LOOKED_UP = 100
"""Numbers of one message by which its person is looked for, where it names none."""
_ESCAPED = re.compile(r"\\u[0-9A-Fa-f]{4}")
_NUMBER = re.compile("[0-9A-Za-z]{8,50}")
_BEARERS = Statement(
    select(person).where(
        (person.c.certificate_number == bindparam("number"))
        | (person.c.card_no == bindparam("number"))
        | (person.c.credential_token == bindparam("number"))
    ),
    PersonRow,
)

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

    raw = query["raw"] == "1"

    def read() -> list[tuple[JournalRow, list[FindingRow], frozenset[str]]]:
        with request.sandbox.begin() as (work, _, _clock):
            rows = work.all(_LEGS, after=after, count=count, **wanted)
            return [
                (
                    row,
                    work.find(finding, exchange=row.exchange, order="id"),
                    NOBODY if raw else _identities(work, row.psn_no, *_said(row)),
                )
                for row in rows
            ]

    found = poll(request, query["wait"], read)
    return {"messages": [_leg_as_json(row, about, known, raw=raw) for row, about, known in found]}


@call("GET", "findings")
def findings(request: ControlRequest) -> Any:
    """Lists findings, filtered by severity, prefix of the rule's name, and person; masked as messages are."""
    query = request.query_values("severity", "rule", "psn_no", "after", "limit", "raw")
    with request.sandbox.begin() as (work, _, _clock):
        rows = work.all(
            _FINDINGS,
            after=number_of(query["after"]),
            severity=query["severity"],
            rule=query["rule"],
            psn_no=query["psn_no"],
            count=limit_of(query["limit"], 1000),
        )
        if query["raw"] == "1":
            return {"findings": [finding_as_json(row) for row in rows]}
        known = [
            _identities(work, row.psn_no, row.infno, row.msgid, row.psn_no, row.mdtrt_id, row.got, row.zh)
            for row in rows
        ]
    return {"findings": [_masked(finding_as_json(row), values) for row, values in zip(rows, known, strict=True)]}


def _identities(work: UnitOfWork, psn_no: str, *said: str) -> frozenset[str]:
    """Values of the texts that point at a person, and those on record for the psn_no or a number in the texts."""
    found = work.find(person, psn_no=psn_no) if psn_no else []
    if not found:
        numbers = dict.fromkeys(number for each in said for number in _NUMBER.findall(_ESCAPED.sub(" ", each)))
        found = [row for number in islice(numbers, _MOST_LOOKED_UP) for row in work.all(_BEARERS, number=number)]
    on_record = [
        value
        for row in found
        for value in (row.name, row.certificate_number, row.card_no, row.card_sn, row.credential_token)
    ]
    return identity_values(*said) | known_values(on_record)


def _said(row: JournalRow) -> list[str]:
    """Request and answer of a leg as text."""
    return [bytes(part).decode("utf-8", "replace") for part in (row.request, row.answer)]


def _masked(leg_or_finding: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """A leg or a finding without identity data; sentences and values of a finding as its path asks."""
    hidden: dict[str, Any] = {
        key: mask_text(value, known) if isinstance(value, str) else value for key, value in leg_or_finding.items()
    }
    if "findings" in hidden:
        hidden["findings"] = [_masked(each, known) for each in hidden["findings"]]
    if "message" in hidden:
        path, got = leg_or_finding["path"], leg_or_finding["got"]
        hidden["got"] = mask_got(path, got, known)
        hidden["message"] = {
            language: mask_sentence(side, path=path, got=got, known=known)
            for language, side in leg_or_finding["message"].items()
        }
    return hidden


def _leg_as_json(row: JournalRow, found: list[FindingRow], known: frozenset[str], *, raw: bool) -> dict[str, Any]:
    request, answer = _said(row)
    leg: dict[str, Any] = {
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
        "request": request,
        "answer": answer,
        "findings": [finding_as_json(each) for each in found if each.leg == row.leg and each.msgid == row.msgid],
    }
    return leg if raw else _masked(leg, known)


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
