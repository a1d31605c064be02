"""A desk of an insured place: a message in, an answer out, kept before it leaves.

The reference agency is this desk behind HTTP. The platform uses it in process for a simulated insured place when
a fault was ordered on that leg, so that the fault strikes the same code as a lost line would.
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
"""Bytes of a SIM-DAY: a day of a whole city; any other message has at most LARGEST_MESSAGE."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an insured place takes its messages."""

    begin: Callable[[], AbstractContextManager[UnitOfWork]]
    place: Place
    contract: Contract
    now: Callable[[], datetime] | None
    """Its own clock; None goes by the time in the message (clock: message)."""
    strict: bool = True
    area: str = ""
    """Whose people it insures; blank takes whoever is asked about."""
    answer: Callable[[Asked], Answered] = insured.answer

    def deliver(self, raw: bytes) -> bytes:
        """The answer to one message; never raises for what the message is."""
        head = envelope.head_of({})
        received = self.time()
        try:
            fields = _read(raw)
            head = envelope.head_of(fields)
            if self.now is None:
                received = _message_time(head)
            self._refuse_breaches(head, fields)
            with self.begin() as work:
                return self._answer(work, head, fields, received)
        except NotAMessage as error:
            return _write(head, received, FAILURE, error.text.zh[:200], {})
        except Refusal as error:
            return _write(head, received, FAILURE, err_msg([each.text for each in error.all]), {})
        except PolicyGap as error:
            return _write(head, received, FAILURE, error.text.zh[:200], {})

    def time(self) -> datetime:
        """Its own clock, or a moment long ago until a message tells the time."""
        return self.now() if self.now is not None else datetime(2000, 1, 1)  # noqa: DTZ001 (Beijing wall time)

    def _refuse_breaches(self, head: Head, fields: Mapping[str, Any]) -> None:
        if head.infno not in insured.HANDLERS or not self.contract.serves(head.infno):
            raise refuse("infno_not_served", infno=head.infno or "-", name=self.contract.name_zh(head.infno))
        if self.area and not head.insured_area.startswith(below(self.area)):
            raise refuse("agency_other_area", path="insuplc_admdvs", area=self.area, got=head.insured_area or "-")
        body = fields.get("input")
        faults = (
            *self.contract.check_envelope(fields, "in"),
            *self.contract.check(head.infno, "in", body, remote=head.remote, head=fields),
        )
        errors = [fault.sentence for fault in faults if fault.is_error(self.strict)]
        if errors:
            raise Refusal("contract", errors[0], more=[Refusal("contract", each) for each in errors[1:]])

    def _answer(self, work: UnitOfWork, head: Head, fields: Mapping[str, Any], received: datetime) -> bytes:
        body = fields["input"]
        effect = traits_of(head.infno).effect
        fingerprint = digest(head.infno, head.institution, body) if effect else ""
        if effect:
            recorded = idempotency_keys.recorded_answer(idempotency_keys.find(work, head.msgid), fingerprint)
            if recorded is not None:
                return recorded
        asked = Asked.under(
            head, work, self.place, body, received, infno=head.infno, msgid=head.msgid, origin_msgid=head.msgid
        )
        answered = self.answer(asked)
        written = _write(head, received, SUCCESS, "", answered.output)
        if effect:
            self._spend(work, head, fingerprint, body, written, answered.settlement_id)
        return written

    def _spend(
        self, work: UnitOfWork, head: Head, fingerprint: str, body: Any, written: bytes, settlement_id: int | None
    ) -> None:
        about = next((node.get("psn_no", "") for node in body.values() if isinstance(node, Mapping)), "")
        state = idempotency_keys.DONE
        idempotency_keys.reserve(work, head.msgid, infno=head.infno, digest=fingerprint, psn_no=about, state=state)
        idempotency_keys.complete(work, head.msgid, answer=written, settlement_id=settlement_id)


def _read(raw: bytes) -> Mapping[str, Any]:
    """A message of the usual size, or a day's rows, which may be many."""
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


def _write(head: Head, received: datetime, infcode: str, message: str, output: Mapping[str, Any]) -> bytes:
    return envelope.answer(
        infcode=infcode,
        err_msg=message,
        output=output,
        area=head.insured_area or "000000",
        received=received,
        answered=received,
    )
