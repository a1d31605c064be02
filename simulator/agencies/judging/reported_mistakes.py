"""One mistake is reported once: what was told of a visit, or of a person, is a warning when it shows again."""

from dataclasses import replace

from sqlalchemy import bindparam, select

from simulator.core.findings import ERROR, WARNING, Finding
from simulator.core.texts import text
from simulator.store.statements import Identifier, Statement
from simulator.store.tables import finding
from simulator.store.unit_of_work import UnitOfWork

JUDGED = ("award.", "detail.", "accumulators", "registrations", "insurances", "day.", "refused.")
"""Findings about what an agency holds or decides, which it goes on doing; a broken answer is new each time."""

_TOLD = Statement(
    select(finding.c.id)
    .where(
        finding.c.psn_no == bindparam("psn_no"),
        finding.c.mdtrt_id == bindparam("mdtrt_id"),
        finding.c.rule == bindparam("rule"),
        finding.c.wanted == bindparam("wanted"),
        finding.c.got == bindparam("got"),
        finding.c.severity == ERROR,
    )
    .limit(1),
    Identifier,
)


def already_reported(work: UnitOfWork, found: Finding, psn_no: str, mdtrt_id: str) -> Finding:
    """The finding as a warning, where the same was an error of this visit (or person) already."""
    if found.severity != ERROR or not found.rule.startswith(JUDGED):
        return found
    about = {"psn_no": psn_no, "mdtrt_id": mdtrt_id, "rule": found.rule, "wanted": found.wanted, "got": found.got}
    if work.one(_TOLD, **about) is None:
        return found
    return replace(found, severity=WARNING, sentence=text("judge.told_before", sentence=found.sentence))
