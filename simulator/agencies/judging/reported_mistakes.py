"""Repeated findings: an error already reported for a visit or person becomes a warning when it recurs."""

from dataclasses import replace

from sqlalchemy import bindparam, select

from simulator.core.findings import ERROR, WARNING, Finding
from simulator.core.texts import text
from simulator.store.statements import Identifier, Statement
from simulator.store.tables import finding
from simulator.store.unit_of_work import UnitOfWork

JUDGED = ("award.", "detail.", "accumulators", "registrations", "insurances", "day.", "refused.")
"""Prefixes of rules about data and decisions of an agency, which recur until corrected.

Findings under other rules, such as a broken contract, are errors each time.
"""

_SAME_ERROR = Statement(
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
    """Finding to record: `found`, as a warning if the same error is recorded for the visit and person already."""
    if found.severity != ERROR or not found.rule.startswith(JUDGED):
        return found
    about = {"psn_no": psn_no, "mdtrt_id": mdtrt_id, "rule": found.rule, "wanted": found.wanted, "got": found.got}
    if work.one(_SAME_ERROR, **about) is None:
        return found
    return replace(found, severity=WARNING, sentence=text("judge.reported_before", sentence=found.sentence))
