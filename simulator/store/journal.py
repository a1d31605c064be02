"""Journal: both legs of every message with their bytes as received and sent, bounded by count and age."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from simulator.core.envelope import Head
from simulator.core.findings import Finding, finding_row
from simulator.store.statements import Statement
from simulator.store.tables import AGENCY_LEG, finding, journal, judged_answer
from simulator.store.unit_of_work import UnitOfWork

HOSPITAL, AGENCY = "hospital", "agency"


class LegId(NamedTuple):
    """Number of a leg."""

    id: int


_PRUNE = Statement(
    delete(journal).where((journal.c.id <= bindparam("up_to")) | (journal.c.real_at < bindparam("before")))
)
_SIZED = select(
    journal.c.id,
    func.sum(func.length(journal.c.request) + func.length(journal.c.answer))
    .over(order_by=journal.c.id.desc())
    .label("total"),
).subquery()
_OVER = Statement(
    select(_SIZED.c.id).where(_SIZED.c.total > bindparam("keep_bytes")).order_by(_SIZED.c.id.desc()).limit(1), LegId
)
_PRUNE_FINDINGS = Statement(delete(finding).where(finding.c.id <= bindparam("up_to")))
_PRUNE_JUDGED = Statement(delete(judged_answer).where(judged_answer.c.id <= bindparam("up_to")))


class AnsweredLeg(NamedTuple):
    """Answer of an agency as recorded in the journal, with its trade time."""

    id: int
    answer: bytes
    at: str


_LAST_ANSWERED = Statement(
    select(journal.c.id, journal.c.answer, journal.c.at)
    .where(
        journal.c.psn_no == bindparam("psn_no"),
        journal.c.infno == bindparam("infno"),
        AGENCY_LEG,
        journal.c.outcome == bindparam("outcome"),
    )
    .order_by(journal.c.id.desc())
    .limit(1),
    AnsweredLeg,
)


@dataclass(frozen=True, slots=True)
class JournalLeg:
    """Leg of a message to be recorded: its header facts, its bytes, and the answer to it.

    `at` is Beijing time of the trade clock, `real_at` seconds since 1970.
    """

    exchange: str
    leg: str
    at: str
    real_at: float
    infno: str
    msgid: str
    psn_no: str
    mdtrt_id: str
    institution: str
    area: str
    outcome: str
    duration_ms: float
    request: bytes
    answer: bytes

    @classmethod
    def under(
        cls,
        head: Head,
        *,
        leg: str,
        exchange: str,
        at: datetime,
        real_at: float,
        psn_no: str,
        mdtrt_id: str,
        outcome: str,
        duration_ms: float,
        request: bytes,
        answer: bytes,
    ) -> "JournalLeg":
        """Makes a leg with the number, msgid, institution and insured place of a header."""
        return cls(
            exchange=exchange,
            leg=leg,
            at=at.isoformat(sep=" ", timespec="milliseconds"),
            real_at=real_at,
            infno=head.infno,
            msgid=head.msgid,
            psn_no=psn_no,
            mdtrt_id=mdtrt_id,
            institution=head.institution,
            area=head.insured_area,
            outcome=outcome,
            duration_ms=duration_ms,
            request=request,
            answer=answer,
        )


def record(work: UnitOfWork, leg: JournalLeg, findings: list[Finding]) -> int:
    """Writes a leg with its findings and returns its journal id; longer values of a client are cut to their columns."""
    number = work.add(
        journal,
        exchange=leg.exchange,
        leg=leg.leg,
        at=leg.at,
        real_at=leg.real_at,
        infno=leg.infno[:20],
        msgid=leg.msgid[:60],
        psn_no=leg.psn_no[:30],
        mdtrt_id=leg.mdtrt_id[:30],
        institution=leg.institution[:30],
        area=leg.area[:30],
        outcome=leg.outcome,
        duration_ms=leg.duration_ms,
        request=leg.request,
        answer=leg.answer,
    )
    record_findings(work, leg, findings)
    return number


def last_answered(work: UnitOfWork, psn_no: str, infno: str) -> AnsweredLeg | None:
    """The last answer that an agency gave about a person to a transaction; None where there is none."""
    return work.one(_LAST_ANSWERED, psn_no=psn_no, infno=infno, outcome="answered")


def record_findings(work: UnitOfWork, leg: JournalLeg, findings: list[Finding]) -> None:
    """Writes findings about a leg."""
    for each in findings:
        row = finding_row(
            each,
            exchange=leg.exchange,
            leg=leg.leg,
            at=leg.at,
            infno=leg.infno[:20],
            msgid=leg.msgid[:60],
            psn_no=leg.psn_no[:30],
            mdtrt_id=leg.mdtrt_id[:30],
        )
        work.add(finding, **row)


def prune(work: UnitOfWork, *, keep: int, keep_bytes: int, before: float) -> None:
    """Deletes all but the newest `keep` of legs, findings and judged answers.

    Legs older than `before`, a real time, are deleted too, and those whose younger ones make `keep_bytes`.
    """
    over = work.one(_OVER, keep_bytes=keep_bytes)
    up_to = max(work.last_id(journal) - keep, over.id if over else 0)
    work.run(_PRUNE, up_to=up_to, before=before)
    work.run(_PRUNE_FINDINGS, up_to=work.last_id(finding) - keep)
    work.run(_PRUNE_JUDGED, up_to=work.last_id(judged_answer) - keep)
