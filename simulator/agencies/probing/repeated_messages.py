"""A msgid whose outcome is decided, sent again: the recorded answer, or a refusal (rules 16, 18)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from simulator.agencies.delivery.answer_reading import AgencyAnswer
from simulator.agencies.delivery.forwarding import Delivery
from simulator.agencies.probing.probe_legs import outcome_of, read_delivery, record_leg
from simulator.core.envelope import head_of
from simulator.core.errors import refuse
from simulator.core.findings import ERROR, WARNING, Finding
from simulator.core.json_codec import NotAMessage, digest, read_json, write_json
from simulator.core.texts import Text, text
from simulator.domain.transaction_table import traits_of
from simulator.sandbox.configuration import Agency, Config
from simulator.store import idempotency_keys, outbox
from simulator.store.rows import JournalRow
from simulator.store.statements import Statement
from simulator.store.tables import AGENCY_LEG
from simulator.store.tables import journal as journal_table
from simulator.store.tables import outbox as outbox_table
from simulator.store.unit_of_work import UnitOfWork

RECORDED, OTHER_CONTENT, REVERSED = "recorded_answer", "other_content", "reversed_msgid"

_ANSWERED = Statement(
    select(journal_table)
    .where(journal_table.c.msgid == bindparam("msgid"), AGENCY_LEG, journal_table.c.outcome == bindparam("outcome"))
    .order_by(journal_table.c.id)
    .limit(1),
    JournalRow,
)


@dataclass(frozen=True, slots=True)
class Repetition:
    """A message under a msgid whose outcome is decided, and what must be answered to it."""

    fields: Mapping[str, Any]
    wanted: str
    """RECORDED, or why it must be refused."""
    first: JournalRow | None
    """The leg on which it was accepted; None where it never was."""

    @property
    def written_otherwise(self) -> bool:
        """True where the bytes of the input differ although it says the same."""
        return self.first is not None and _input(bytes(self.first.request)) != write_json(self.fields["input"])

    def judge(self, answer: AgencyAnswer | Text) -> list[Finding]:
        """The findings about an answer to it."""
        if not isinstance(answer, AgencyAnswer):
            return [Finding("agency.no_answer", WARNING, answer)]
        msgid = str(self.fields["msgid"])
        if self.wanted != RECORDED:
            if not answer.accepted:
                return list(answer.findings)
            sentence = text(f"judge.accepted_{self.wanted}", msgid=msgid)
            return [*answer.findings, Finding(f"idempotency.{self.wanted}", ERROR, sentence, "/infcode", "-1", "0")]
        if not answer.accepted:
            way = "otherwise" if self.written_otherwise else "again"
            sentence = text(f"judge.refused_{way}", msgid=msgid, err_msg=answer.err_msg or "-")
            return [*answer.findings, Finding(f"idempotency.{RECORDED}", ERROR, sentence, "/infcode", "0", "-1")]
        return [*answer.findings, *self._differences(msgid, answer.output)]

    def _differences(self, msgid: str, output: Mapping[str, Any]) -> list[Finding]:
        before = _leaves(_output(bytes(self.first.answer)) if self.first is not None else {})
        now = _leaves(output)
        for path in dict.fromkeys((*before, *now)):
            wanted, got = before.get(path, "-"), now.get(path, "-")
            if digest(wanted) != digest(got):
                sentence = text("judge.done_again", msgid=msgid, field=path.strip("/"), wanted=wanted, got=got)
                return [Finding(f"idempotency.{RECORDED}", ERROR, sentence, f"/output{path}", str(wanted), str(got))]
        return []

    def record(
        self, work: UnitOfWork, config: Config, agency: Agency, now: datetime, exchange: str, sent: Delivery
    ) -> None:
        """Keeps the leg with what is found about its answer."""
        answer = read_delivery(config, agency, head_of(self.fields), sent)
        outcome, findings = outcome_of(answer), self.judge(answer)
        record_leg(work, self.fields, now, exchange, sent, outcome=outcome, findings=findings)


def repetition_of(work: UnitOfWork, fields: Mapping[str, Any]) -> Repetition | None:
    """The repetition that a message is under its msgid; None for one that is to be judged anew (rules 16).

    A msgid that was refused is free again. Raises Refusal while the outcome of the first is not known.
    """
    msgid = str(fields["msgid"])
    row = outbox.find_sent(work, msgid) if msgid else None
    mark = idempotency_keys.find(work, row.origin_msgid or msgid if row is not None else msgid) if msgid else None
    if not traits_of(str(fields["infno"])).effect and row is None:
        return None
    if row is not None and row.state in (outbox.SENDING, outbox.UNKNOWN):
        raise refuse("probe_undecided", path="message.msgid", msgid=msgid)
    first = work.one(_ANSWERED, msgid=msgid, outcome="answered") if msgid else None
    reversed_before = mark is not None and mark.state == idempotency_keys.REVERSED
    if reversed_before or (row is not None and row.state in (outbox.REVERSED, outbox.GIVEN_UP)):
        return Repetition(fields, REVERSED, first)
    if row is None or first is None:
        if row is not None:
            # The row of the refused message makes way for the one of the new.
            work.remove(outbox_table, msgid=msgid)
        return None
    same = _fingerprint(read_json(bytes(first.request))) == _fingerprint(fields)
    return Repetition(fields, RECORDED if same else OTHER_CONTENT, first)


def _fingerprint(fields: Mapping[str, Any]) -> str:
    return digest(fields.get("infno"), fields.get("fixmedins_code"), fields.get("input"))


def _input(raw: bytes) -> bytes:
    return write_json(read_json(raw)["input"])


def _output(raw: bytes) -> Mapping[str, Any]:
    try:
        found = read_json(raw).get("output")
    except NotAMessage:
        return {}
    return found if isinstance(found, Mapping) else {}


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every value of an output by its path."""
    if isinstance(value, Mapping):
        return {key: leaf for name in value for key, leaf in _leaves(value[name], f"{path}/{name}").items()}
    if isinstance(value, list):
        return {key: leaf for i, item in enumerate(value) for key, leaf in _leaves(item, f"{path}/{i}").items()}
    return {path: value}
