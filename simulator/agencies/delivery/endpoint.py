"""Endpoint of an insured place: takes a message as bytes, and commits the outcome before it returns the answer.

The reference agency serves this endpoint over HTTP. The platform calls it in process for a simulated insured place
when a fault is injected on that leg, so that the fault meets the same code as on a real connection.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator import insured
from simulator.contract import Contract
from simulator.core import envelope
from simulator.core.clock import from_wire
from simulator.core.envelope import FAILURE, SUCCESS, Head
from simulator.core.errors import PolicyGap, Refusal, refuse
from simulator.core.findings import err_msg
from simulator.core.json_codec import LARGEST_MESSAGE, NotAMessage, digest, read_json
from simulator.core.texts import text
from simulator.domain.places import below
from simulator.domain.transaction_table import RECONCILIATION_DAY, traits_of
from simulator.insured.place import Answered, Asked, Place
from simulator.store import idempotency_keys
from simulator.store.unit_of_work import UnitOfWork

LARGEST_DAY = 64 * 1024 * 1024
"""Bytes that a SIM-DAY may have: a day of a whole city. Other messages are limited by LARGEST_MESSAGE."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Answers the messages of the agency protocol for an insured place."""

    begin: Callable[[], AbstractContextManager[UnitOfWork]]
    place: Place
    contract: Contract
    now: Callable[[], datetime] | None
    """Clock of the place; None takes the time from each message (capability `clock: message`)."""
    strict: bool = True
    area: str = ""
    """Area whose people the place insures; a message for another area is refused. Blank accepts every area."""
    answer: Callable[[Asked], Answered] = insured.answer

    def deliver(self, raw: bytes) -> bytes:
        """Answers a message; a bad message is answered −1 and raises nothing."""
        head = envelope.head_of({})
        received = self.time()
        try:
            fields = _read(raw)
            head = envelope.head_of(fields)
            if self.now is None:
                received = _message_time(head)
            self._refuse_breaches(head, fields)
            body = self.contract.edition.dialect.read(head.infno, "in", fields["input"])
            with self.begin() as work:
                return self._answer(work, head, body, received)
        except NotAMessage as error:
            # err_msg has at most 200 characters.
            return self._write(head, received, FAILURE, error.text.zh[:200], {})
        except Refusal as error:
            return self._write(head, received, FAILURE, err_msg([each.text for each in error.all]), {})
        except PolicyGap as error:
            return self._write(head, received, FAILURE, error.text.zh[:200], {})

    def _write(self, head: Head, received: datetime, infcode: str, message: str, output: Mapping[str, Any]) -> bytes:
        return envelope.answer(
            infcode=self.contract.edition.infcode(infcode),
            err_msg=message,
            output=output,
            area=head.insured_area or "000000",
            received=received,
            answered=received,
        )

    def time(self) -> datetime:
        """Time of the place's clock; without one, a fixed past time, for answers to messages that cannot be read."""
        return self.now() if self.now is not None else datetime(2000, 1, 1)  # noqa: DTZ001 (Beijing wall time)

    def _refuse_breaches(self, head: Head, fields: Mapping[str, Any]) -> None:
        if head.infno not in insured.HANDLERS or not self.contract.serves(head.infno):
            raise refuse("infno_not_served", infno=head.infno or "-", name=self.contract.name_zh(head.infno))
        if self.area and not head.insured_area.startswith(below(self.area)):
            raise refuse("agency_other_area", path="insuplc_admdvs", area=self.area, got=head.insured_area or "-")
        body = fields.get("input")
        remote = self.place.coverage.is_remote(head.treated_area, head.insured_area)
        faults = (
            *self.contract.check_envelope(fields, "in"),
            *self.contract.check(head.infno, "in", body, remote=remote, head=fields),
        )
        errors = [fault.sentence for fault in faults if fault.is_error(self.strict)]
        if errors:
            raise Refusal("contract", errors[0], more=[Refusal("contract", each) for each in errors[1:]])

    def _answer(self, work: UnitOfWork, head: Head, body: Any, received: datetime) -> bytes:
        effect = traits_of(head.infno).effect
        fingerprint = digest(head.infno, head.institution, body) if effect else ""
        if effect:
            recorded = idempotency_keys.recorded_answer(idempotency_keys.find(work, head.msgid), fingerprint)
            if recorded is not None:
                return recorded
        asked = Asked.under(
            head,
            work,
            self.place,
            body,
            received,
            infno=head.infno,
            msgid=head.msgid,
            origin_msgid=head.msgid,
            strict=self.strict,
        )
        answered = self.answer(asked)
        output = self.contract.edition.dialect.write(head.infno, "out", answered.output)
        written = self._write(head, received, SUCCESS, "", output)
        if effect:
            self._record_msgid(work, head, fingerprint, body, written, answered.settlement_id)
        return written

    def _record_msgid(
        self, work: UnitOfWork, head: Head, fingerprint: str, body: Any, written: bytes, settlement_id: int | None
    ) -> None:
        about = next((node.get("psn_no", "") for node in body.values() if isinstance(node, Mapping)), "")
        state = idempotency_keys.DONE
        idempotency_keys.reserve(work, head.msgid, infno=head.infno, digest=fingerprint, psn_no=about, state=state)
        idempotency_keys.complete(work, head.msgid, answer=written, settlement_id=settlement_id)


def _read(raw: bytes) -> Mapping[str, Any]:
    """Decodes a message; raises NotAMessage if it exceeds the size for its transaction."""
    fields = read_json(raw, largest=LARGEST_DAY)
    if not isinstance(fields, dict):
        raise NotAMessage(text("wire.not_object", got=type(fields).__name__))
    if len(raw) > LARGEST_MESSAGE and fields.get("infno") != RECONCILIATION_DAY:
        raise NotAMessage(text("wire.too_large", size=len(raw), limit=LARGEST_MESSAGE))
    return fields


def _message_time(head: Head) -> datetime:
    try:
        return from_wire(head.inf_time)
    except ValueError:
        raise refuse("inf_time_unreadable", path="inf_time", got=head.inf_time) from None
