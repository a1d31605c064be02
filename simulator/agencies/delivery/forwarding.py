"""Forwarding to the insured place: the intent is kept before the first byte leaves, the outcome before the answer does.

Nothing is held while waiting: no unit of work, no lock. A silent agency takes at most its own share of the threads.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from simulator.agencies.delivery.bulkhead import Bulkhead
from simulator.agencies.delivery.channel import SIMULATED_TIMEOUT_S, Channel, message, next_msgid
from simulator.agencies.delivery.endpoint import Endpoint
from simulator.agencies.delivery.translation import spoken, translate
from simulator.agencies.delivery.transport import Reply, Transport
from simulator.agencies.replica import booked_settlements
from simulator.catalogue import Institution
from simulator.core.clock import RealTime
from simulator.core.envelope import Head
from simulator.core.errors import Refusal, refuse
from simulator.domain.transaction_table import traits_of
from simulator.fault_injection import faults
from simulator.fault_injection.injector import HELD_BACK, Fault, before_handling
from simulator.sandbox.configuration import Agency, Config
from simulator.store import idempotency_keys, outbox
from simulator.store.journal import AGENCY, JournalLeg
from simulator.store.outbox import SENDING, add_row
from simulator.store.unit_of_work import UnitOfWork
from simulator.transactions import Ask, Call

_LEASE_MARGIN_S = 10.0


class MustWait(Exception):
    """Something in flight decides first; take the message again when it has."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A message about to be forwarded, with everything its outcome will be booked on."""

    head: Head
    """The hospital's."""
    institution: Institution
    ask: Ask
    effect: bool
    agency: Agency | None
    """None where the insured place is simulated and a fault was ordered on its leg."""
    msgid: str
    raw: bytes
    exchange: str
    at_agency: Fault | None
    at_hospital: Fault | None = None

    @property
    def area(self) -> str:
        return self.head.insured_area

    def leg(self, sent: "Delivery", at: datetime, outcome: str, *, psn_no: str = "") -> JournalLeg:
        """The leg to the insured place as the journal keeps it; `psn_no` as the answer of 1101 tells it."""
        return JournalLeg.under(
            replace(self.head, infno=self.ask.infno, msgid=self.msgid),
            leg=AGENCY,
            exchange=self.exchange,
            at=at,
            real_at=sent.real_at,
            psn_no=self.ask.psn_no or psn_no,
            mdtrt_id=self.ask.mdtrt_id,
            outcome=outcome,
            duration_ms=sent.duration_ms,
            request=self.raw,
            answer=sent.reply.body or b"",
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message sent: the reply, and how long it took."""

    reply: Reply
    duration_ms: float
    real_at: float


class Forwarding:
    """Routes, sends, and says what stands in the way; what an answer means is conclusion's business."""

    def __init__(
        self,
        transport: Transport,
        *,
        real_time: RealTime,
        owner: str,
        bulkhead: Bulkhead | None = None,
        checkpoint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.transport = transport
        self.real_time = real_time
        self.owner = owner
        self.bulkhead = bulkhead or Bulkhead()
        self.checkpoint = checkpoint
        """Called by name at each point of no return; tests kill the process there."""
        self.endings = 0
        """How many messages in flight have ended in this process."""
        self._finished = threading.Condition()
        self._channel_locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def refuse_while_unknown(self, work: UnitOfWork, infno: str, mdtrt_id: str) -> None:
        """Refuses 2204-2208 of a visit with an unknown outcome; raises MustWait while one is in flight."""
        if not mdtrt_id or not traits_of(infno).refused_while_unknown:
            return
        for row in outbox.open_of_visit(work, mdtrt_id):
            if row.state == SENDING:
                raise MustWait
            raise refuse("visit_unknown_outcome", path="mdtrt_id", msgid=row.origin_msgid or row.msgid)

    def route(self, call: Call, ask: Ask) -> tuple[Agency | None, Fault | None] | None:
        """Where the message goes: None for a simulated place that no fault strikes, which answers in this work."""
        config = call.config
        agency = config.agency_for(call.insured_area)
        injected = None
        if config.faulty:
            injected = faults.match_fault(call.work, at=faults.AGENCY, infno=ask.infno, seed=config.seed)
        return None if agency is None and injected is None else (agency, injected)

    def intend(
        self,
        call: Call,
        ask: Ask,
        head: Head,
        route: tuple[Agency | None, Fault | None],
        *,
        digest: str,
        exchange: str,
        msgid: str = "",
    ) -> Intent:
        """Keeps the intent: a row of the outbox for what takes effect; raises MustWait while the person is busy.

        `msgid` is the one that the agency sees; a new one where it is blank.
        """
        traits = traits_of(ask.infno)
        if traits.serialises_person and ask.psn_no:
            for row in outbox.open_of_person(call.work, ask.psn_no):
                if row.state == SENDING:
                    raise MustWait
        agency, injected = route
        msgid = msgid or next_msgid(call.work, call.now)
        body = booked_settlements.outgoing(call.asked(ask.infno, ask.body, msgid=msgid))
        if agency is not None:
            body = translate(body, ask.infno, "in", source=call.config.edition, target=agency.edition)
        intent = Intent(
            head=head,
            institution=call.institution,
            ask=ask,
            effect=traits.effect,
            agency=agency,
            msgid=msgid,
            raw=message(head, spoken(ask.infno, agency.edition if agency else ""), msgid, call.now, body),
            exchange=exchange,
            at_agency=injected,
        )
        if intent.effect:
            self._keep(call, intent, digest)
        return intent

    def _keep(self, call: Call, intent: Intent, digest: str) -> None:
        ask, origin = intent.ask, intent.head.msgid
        real = self.real_time()
        waits = intent.agency.timeout_s if intent.agency else SIMULATED_TIMEOUT_S
        add_row(
            call.work,
            msgid=intent.msgid,
            area=intent.area,
            infno=ask.infno,
            state=SENDING,
            body=intent.raw,
            origin_msgid=origin,
            psn_no=ask.psn_no,
            mdtrt_id=ask.mdtrt_id,
            late=int(before_handling(intent.at_agency) == HELD_BACK),
            next_try=real,
            claimed_until=real + waits + _LEASE_MARGIN_S,
            owner=self.owner,
            exchange=intent.exchange,
        )
        idempotency_keys.reserve(
            call.work, origin, infno=ask.infno, digest=digest, psn_no=ask.psn_no, state=idempotency_keys.RUNNING
        )

    def send(self, intent: Intent, endpoint: Endpoint) -> Delivery:
        """Sends the message and waits, holding nothing but a slot; without a free one nothing is sent."""
        self.checkpoint("intent_committed")
        started, real_at = time.perf_counter(), self.real_time()
        try:
            with self.bulkhead.taken(channel_name(intent.agency), intent.area):
                reply = Channel(self.transport, intent.agency, endpoint).deliver(intent.raw, intent.at_agency)
        except Refusal as busy:
            reply = Reply(None, busy.text, sent=False)
        self.checkpoint("answer_received")
        return Delivery(reply, round((time.perf_counter() - started) * 1000, 3), real_at)

    def channel_lock(self, name: str) -> threading.Lock:
        """Held by whoever works off the outbox of one agency."""
        with self._finished:
            return self._channel_locks[name]

    def wait(self, config: Config | None, area: str, timeout_s: float, *, since: int) -> None:
        """Until something in flight has ended, at most this long; others' processes are seen by asking again.

        `since` is `endings` as it was before the message was found to have to wait. Who waits takes a slot of the
        agency waited for; raises Refusal when there is none.
        """
        agency = config.agency_for(area) if config is not None else None
        with self.bulkhead.taken(channel_name(agency), area), self._finished:
            self._finished.wait_for(lambda: self.endings > since, timeout_s)

    def ended(self) -> None:
        """Wakes whoever waits for a message in flight."""
        with self._finished:
            self.endings += 1
            self._finished.notify_all()


def channel_name(agency: Agency | None) -> str:
    """How the slots name a line: by the agency's address, since one may answer for many areas."""
    return agency.url if agency else "simulated"


def undecided_of_person(work: UnitOfWork, psn_no: str, but: str) -> bool:
    """Whether another message of the person is in flight or unknown, so that nobody can say what to expect."""
    return any(row.origin_msgid != but for row in outbox.open_of_person(work, psn_no))
