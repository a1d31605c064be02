"""Forwards messages to the insured place; the intent is committed before the first byte is sent.

While waiting for an agency no unit of work is open and no lock is held. A silent agency occupies at most its share of
the threads.
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
from simulator.agencies.delivery.translation import infno_in_edition, to_agency
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
    """Raised while another message in flight must be decided first; the caller then retries the whole message."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Message about to be forwarded, with all that its completion needs."""

    head: Head
    """Header of the hospital's message."""
    institution: Institution
    ask: Ask
    effect: bool
    agency: Agency | None
    """Registered agency; absent for a simulated insured place with a fault injected on its leg."""
    msgid: str
    raw: bytes
    exchange: str
    at_agency: Fault | None
    at_hospital: Fault | None = None

    @property
    def area(self) -> str:
        return self.head.insured_area

    def leg(self, delivery: "Delivery", at: datetime, outcome: str, *, psn_no: str = "") -> JournalLeg:
        """Leg to the insured place for the journal; `psn_no` is that of the answer where the message has none."""
        return JournalLeg.under(
            replace(self.head, infno=self.ask.infno, msgid=self.msgid),
            leg=AGENCY,
            exchange=self.exchange,
            at=at,
            real_at=delivery.real_at,
            psn_no=self.ask.psn_no or psn_no,
            mdtrt_id=self.ask.mdtrt_id,
            outcome=outcome,
            duration_ms=delivery.duration_ms,
            request=self.raw,
            answer=delivery.reply.body or b"",
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """Reply to a message sent, and the time it took."""

    reply: Reply
    duration_ms: float
    real_at: float


class Forwarding:
    """Routes and sends messages to insured places, and makes messages wait for those in flight.

    Replies are interpreted in `completion`.
    """

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
        """Called with the name of each point of no return; tests kill the process there."""
        self.completed_count = 0
        """Number of messages in flight that this process has completed."""
        self._completed = threading.Condition()
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
        """Agency and injected fault of a message; None if the simulated place answers in this unit of work."""
        config = call.config
        agency = config.agency_for(call.insured_area)
        injected = None
        if config.faulty:
            injected = faults.match_fault(call.work, at=faults.AGENCY, infno=ask.infno, seed=config.seed)
        return None if agency is None and injected is None else (agency, injected)

    def record_intent(
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
        """Records the intent; raises MustWait while another message of the person is in flight.

        A message with effect gets an outbox row, and the hospital's msgid is reserved.
        `msgid` is the number that the agency sees; blank for a new one.
        """
        traits = traits_of(ask.infno)
        # Accumulators and account are per person: a message in flight may change what this one must be awarded.
        if traits.serialises_person and ask.psn_no:
            for row in outbox.open_of_person(call.work, ask.psn_no):
                if row.state == SENDING:
                    raise MustWait
        agency, injected = route
        msgid = msgid or next_msgid(call.work, call.now)
        body = booked_settlements.body_for_agency(call.asked(ask.infno, ask.body, msgid=msgid))
        edition = agency.edition if agency else ""
        body = to_agency(body, ask.infno, sandbox=call.config.edition, agency=edition)
        intent = Intent(
            head=head,
            institution=call.institution,
            ask=ask,
            effect=traits.effect,
            agency=agency,
            msgid=msgid,
            raw=message(head, infno_in_edition(ask.infno, edition), msgid, call.now, body),
            exchange=exchange,
            at_agency=injected,
        )
        if intent.effect:
            self._add_to_outbox(call, intent, digest)
        return intent

    def _add_to_outbox(self, call: Call, intent: Intent, digest: str) -> None:
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
        """Sends the message and waits for the reply; without a permit of the bulkhead the reply is marked not sent."""
        self.checkpoint("intent_committed")
        started, real_at = time.perf_counter(), self.real_time()
        try:
            with self.bulkhead.acquire(channel_name(intent.agency), intent.area):
                reply = Channel(self.transport, intent.agency, endpoint).deliver(intent.raw, intent.at_agency)
        except Refusal as busy:
            reply = Reply(None, busy.text, sent=False)
        self.checkpoint("answer_received")
        return Delivery(reply, round((time.perf_counter() - started) * 1000, 3), real_at)

    def channel_lock(self, name: str) -> threading.Lock:
        """Lock by which only one thread at a time sends the outbox rows of a channel."""
        # The condition's own lock guards the dictionary, in which a lock is created on first use.
        with self._completed:
            return self._channel_locks[name]

    def wait_for_completion(self, config: Config | None, area: str, timeout_s: float, *, since: int) -> None:
        """Waits until a message in flight has completed, at most `timeout_s` seconds.

        `since` is the value of `completed_count` before MustWait was raised. Completions in other processes do not
        wake the waiter: the caller must retry after the time-out. Waiting takes a permit of the agency; raises
        Refusal when none is left.
        """
        agency = config.agency_for(area) if config is not None else None
        # A waiting thread is as blocked as a sending one, so it counts against the same agency.
        with self.bulkhead.acquire(channel_name(agency), area), self._completed:
            self._completed.wait_for(lambda: self.completed_count > since, timeout_s)

    def notify_completed(self) -> None:
        """Wakes the threads that wait for a message in flight."""
        with self._completed:
            self.completed_count += 1
            self._completed.notify_all()


def channel_name(agency: Agency | None) -> str:
    """Name of a channel for bulkhead and locks: the agency's URL, since one system may answer for many areas."""
    return agency.url if agency else "simulated"


def has_other_open_message(work: UnitOfWork, psn_no: str, except_msgid: str) -> bool:
    """True if another message of the person is in flight or unknown, so that no award can be expected.

    `except_msgid` is the hospital's msgid of the message that is being judged.
    """
    return any(row.origin_msgid != except_msgid for row in outbox.open_of_person(work, psn_no))
