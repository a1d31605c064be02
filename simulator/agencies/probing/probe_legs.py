"""Legs of probing messages: their answers read by the agency's contract, and kept in the journal with the findings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from simulator.agencies.delivery.answer_reading import AgencyAnswer, read_answer
from simulator.agencies.delivery.forwarding import Delivery
from simulator.agencies.delivery.translation import agency_contract
from simulator.core.envelope import Head, head_of
from simulator.core.findings import Finding
from simulator.core.json_codec import write_json
from simulator.core.texts import Text, plain
from simulator.sandbox.configuration import Agency, Config
from simulator.store import journal
from simulator.store.unit_of_work import UnitOfWork


def read_delivery(
    config: Config, agency: Agency | None, head: Head, sent: Delivery, *, infno: str = ""
) -> AgencyAnswer | Text:
    """Reads an answer by the contract of a transaction, that of the header unless `infno` is given.

    A Text says why there is no answer to read.
    """
    if sent.reply.body is None:
        return sent.reply.problem or plain("-")
    contract = agency_contract((agency.edition if agency else "") or config.edition)
    remote = config.is_remote(head)
    return read_answer(sent.reply.body, infno or head.infno, contract, remote=remote, strict=config.strict)


def outcome_of(answer: AgencyAnswer | Text) -> str:
    """The outcome that the journal keeps: `answered`, `refused` or `unknown`."""
    if not isinstance(answer, AgencyAnswer):
        return "unknown"
    return "answered" if answer.accepted else "refused"


def record_leg(
    work: UnitOfWork,
    fields: Mapping[str, Any],
    now: datetime,
    exchange: str,
    sent: Delivery,
    *,
    outcome: str,
    findings: Sequence[Finding],
) -> None:
    """Keeps the leg of a message that the platform sent on its own account."""
    data: Mapping[str, Any] = next((node for node in fields["input"].values() if isinstance(node, Mapping)), {})
    leg = journal.JournalLeg.under(
        head_of(fields),
        leg=journal.AGENCY,
        exchange=exchange,
        at=now,
        real_at=sent.real_at,
        psn_no=str(data.get("psn_no") or ""),
        mdtrt_id=str(data.get("mdtrt_id") or ""),
        outcome=outcome,
        duration_ms=sent.duration_ms,
        request=write_json(fields),
        answer=sent.reply.body or b"",
    )
    journal.record(work, leg, list(findings))
