"""Bytes that are no message, and numbers that are not listed, sent to an agency: each is answered, and none accepted.

Nothing of it can take effect, so there is nothing to book; the books of the person show whether it did.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.agencies.delivery.answer_reading import AgencyAnswer
from simulator.agencies.delivery.forwarding import Delivery
from simulator.agencies.delivery.transport import JSON
from simulator.agencies.probing.probe_legs import outcome_of, read_delivery, record_leg
from simulator.core.envelope import head_of
from simulator.core.errors import refuse
from simulator.core.findings import ERROR, Finding
from simulator.core.json_codec import LARGEST_MESSAGE, write_json
from simulator.core.texts import Text, text
from simulator.domain.transaction_table import ACCUMULATOR_QUERY, traits_of
from simulator.sandbox.configuration import Agency, Config
from simulator.store.unit_of_work import UnitOfWork

UNLISTED = "unlisted"
_DEPTH = 100_000


@dataclass(frozen=True, slots=True)
class Malformation:
    """Way to make a message malformed."""

    change: Callable[[bytes], bytes]
    content_type: str = JSON
    legible: bool = False
    """True where an agency may make out the message all the same, and answer it as it is."""


def _half(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


MALFORMATIONS: Mapping[str, Malformation] = {
    "half": Malformation(_half),
    "empty": Malformation(lambda _raw: b""),
    "xml": Malformation(lambda _raw: b"<?xml version='1.0'?><message/>"),
    "not_utf8": Malformation(lambda raw: _half(raw) + b"\xff\xfe" + raw[len(raw) // 2 :], legible=True),
    "list": Malformation(lambda raw: b"[" + raw + b"]"),
    "deep": Malformation(lambda _raw: b"[" * _DEPTH),
    "oversized": Malformation(lambda raw: raw[:-1] + b" " * LARGEST_MESSAGE + b"}", legible=True),
    "content_type": Malformation(lambda raw: raw, "text/plain", legible=True),
    UNLISTED: Malformation(lambda raw: raw),
}
"""Ways by their name in control calls and scenarios (`malformed`)."""


@dataclass(frozen=True, slots=True)
class MalformedMessage:
    """Message that is malformed on its way, with what must be answered to it."""

    fields: Mapping[str, Any]
    way: str

    def check(self) -> None:
        """Raises Refusal for a message that could take effect, or that is listed where it must not be."""
        infno = str(self.fields["infno"])
        traits = traits_of(infno)
        if self.way == UNLISTED and traits.answer:
            raise refuse("probe_listed", path="message.infno", infno=infno)
        if MALFORMATIONS[self.way].legible and traits.effect:
            raise refuse("probe_legible", path="malformed", infno=infno, way=self.way)

    @property
    def sent(self) -> bytes:
        """The bytes that the agency sees."""
        return MALFORMATIONS[self.way].change(write_json(self.fields))

    @property
    def content_type(self) -> str:
        return MALFORMATIONS[self.way].content_type

    def judge(self, answer: AgencyAnswer | Text) -> list[Finding]:
        """The findings about an answer to it."""
        way = text(f"judge.malformed_{self.way}", infno=str(self.fields["infno"]))
        if not isinstance(answer, AgencyAnswer):
            sentence = text("judge.unreadable_not_answered", way=way, problem=answer)
            return [Finding("unreadable.not_answered", ERROR, sentence, "/infcode", "-1", "")]
        if answer.accepted and not MALFORMATIONS[self.way].legible:
            sentence = text("judge.unreadable_accepted", way=way)
            return [Finding("unreadable.accepted", ERROR, sentence, "/infcode", "-1", "0")]
        # Whoever cannot read the message has no time of it to make an inf_refmsgid of.
        return list(answer.findings) if self.way == UNLISTED else []

    def record(
        self, work: UnitOfWork, config: Config, agency: Agency, now: datetime, exchange: str, sent: Delivery
    ) -> None:
        """Keeps the leg, with the message as it was before, and what is found about its answer."""
        # An output under an unlisted number has no contract; that there is one is the error.
        infno = ACCUMULATOR_QUERY if self.way == UNLISTED else ""
        answer = read_delivery(config, agency, head_of(self.fields), sent, infno=infno)
        outcome, findings = outcome_of(answer), self.judge(answer)
        record_leg(work, self.fields, now, exchange, sent, outcome=outcome, findings=findings)
