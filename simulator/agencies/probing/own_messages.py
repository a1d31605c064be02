"""A message that the platform sends to an agency on its own account, judged and booked like a forwarded one.

No guard of the platform stands before it (rules 38). It may name what it is about by the agency's numbers or by ours.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from simulator.agencies.delivery.channel import Channel, next_msgid
from simulator.agencies.delivery.completion import complete
from simulator.agencies.delivery.endpoint import Endpoint
from simulator.agencies.delivery.forwarding import Delivery, Forwarding, Intent, MustWait
from simulator.agencies.delivery.queries import sender_of
from simulator.agencies.delivery.translation import from_agency, to_agency
from simulator.agencies.probing.our_numbers import in_our_numbers
from simulator.agencies.probing.raced_reversals import RacedReversal
from simulator.agencies.probing.repeated_messages import Repetition, repetition_of
from simulator.agencies.probing.unreadable_messages import MalformedMessage
from simulator.catalogue import Institution
from simulator.core.clock import wire_time
from simulator.core.envelope import SUCCESS, Head, head_of
from simulator.core.errors import Refusal, refuse
from simulator.core.json_codec import NotAMessage, digest, read_json, write_json
from simulator.domain.transaction_table import REVERSAL, Family, traits_of
from simulator.insured.place import Answered
from simulator.sandbox.configuration import Agency, Config
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import idempotency_keys
from simulator.store.tables import settlement
from simulator.store.unit_of_work import UnitOfWork
from simulator.transactions import HANDLERS, Ask, Call, Kept
from simulator.transactions.settled_subjects import rebind_subject

_SENDER = {"opter": "nhsa-sim", "opter_name": "nhsa-sim"}


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """The way from a sandbox to the agency that is registered for an area."""

    sandbox: Sandbox
    forwarding: Forwarding
    area: str

    def agency(self, config: Config) -> Agency:
        """The agency; raises Refusal where none is registered."""
        found = config.agency_for(self.area)
        if found is None:
            raise refuse("agency_unknown", path="area", area=self.area)
        return found

    def endpoint(self, config: Config) -> Endpoint:
        """The endpoint of a simulated place, which a channel wants and a registered agency never uses."""
        return Endpoint(self.sandbox.store.begin, config.place, config.agency_contract, None, config.strict)


def ask(line: AgencyLine, infno: str, body: Any) -> str:
    """Sends a query of the platform's own, written in the sandbox's edition; the exchange of its answer.

    Raises Refusal where nothing can be sent.
    """
    with line.sandbox.begin() as (_work, config, _clock):
        sent = to_agency(body, infno, sandbox=config.edition, agency=line.agency(config).edition)
    return send(line, {"infno": infno, "input": sent})[0]


def send(line: AgencyLine, fields: Mapping[str, Any], *, at_once: int = 1) -> list[str]:
    """Sends a message with these header fields and input; the exchanges under which the journal has its answers.

    The input is in the agency's edition and dialect.

    The same bytes go out `at_once` times at the same time; the first accepted answer is booked, the others are judged
    as those to a message that came again. A blank msgid gets one of the platform's. A msgid that the agency has seen,
    or that was reversed unseen, is judged by what became of it (rules 16, 18).

    Raises Refusal where nothing can be sent.
    """
    with line.sandbox.begin() as (work, config, clock):
        planned = _planned(line, work, config, clock.now(line.forwarding.real_time()), fields)
    if isinstance(planned, Repetition):
        return [_repeat(line, planned, each) for each in _all_at_once([lambda: _delivered(line, planned)] * at_once)]
    intent = planned
    try:
        sent, *others = sorted(_all_at_once([lambda: _sent(line, config, intent)] * at_once), key=_is_refusal)
        _book(line, intent, sent)
    finally:
        line.forwarding.notify_completed()
    return [intent.exchange, *_judge_others(line, intent, others)]


def send_malformed(line: AgencyLine, fields: Mapping[str, Any], way: str) -> str:
    """Sends a message malformed in this way; the exchange under which the journal has its answer.

    Raises Refusal where nothing can be sent.
    """
    with line.sandbox.begin() as (work, config, clock):
        now = clock.now(line.forwarding.real_time())
        agency, whole = line.agency(config), _completed(line, config, fields)
        stamp = {"inf_time": wire_time(now), "msgid": next_msgid(work, now)}
        malformed = MalformedMessage({**stamp, **{name: each for name, each in whole.items() if each != ""}}, way)
        malformed.check()
    started, real_at = time.perf_counter(), line.forwarding.real_time()
    reply = line.forwarding.transport.post(agency.url, malformed.sent, agency.timeout_s, malformed.content_type)
    sent = Delivery(reply, round((time.perf_counter() - started) * 1000, 3), real_at)
    with line.sandbox.begin() as (work, config, clock):
        exchange = next_msgid(work, now)
        malformed.record(work, config, agency, clock.now(real_at), exchange, sent)
    return exchange


def send_together(line: AgencyLine, messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sends messages about different persons at the same time; the exchanges in their order.

    Raises Refusal where a message cannot be sent, or settles for the person of another; then none is sent.
    """
    with line.sandbox.begin() as (work, config, clock):
        now = clock.now(line.forwarding.real_time())
        intents = [_anew(_planned(line, work, config, now, each)) for each in messages]
    try:
        deliveries = _all_at_once([partial(_sent, line, config, intent) for intent in intents])
        for intent, sent in zip(intents, deliveries, strict=True):
            _book(line, intent, sent)
    finally:
        line.forwarding.notify_completed()
    return [intent.exchange for intent in intents]


def send_with_reversal(line: AgencyLine, fields: Mapping[str, Any]) -> list[str]:
    """Sends a message and its 2601 at the same time; the exchanges of both.

    Whichever comes first, the message has no effect of its own afterwards, and the 2601 is answered 0 (rules 18).
    Raises Refusal where the message cannot be sent or cannot be reversed.
    """
    with line.sandbox.begin() as (work, config, clock):
        now = clock.now(line.forwarding.real_time())
        intent = _anew(_planned(line, work, config, now, fields))
        if not traits_of(intent.ask.infno).reversible or intent.ask.infno == REVERSAL:
            raise refuse("probe_not_reversible", path="message.infno", infno=intent.ask.infno)
        raced = RacedReversal.of(work, now, intent)
        idempotency_keys.change_state(work, intent.head.msgid, idempotency_keys.REVERSED)
    try:
        original, reversal = _all_at_once(
            [partial(_sent, line, config, intent), partial(_delivered_raw, line, raced.raw)]
        )
        _book(line, intent, original)
        with line.sandbox.begin() as (work, config, clock):
            raced.record(work, config, clock.now(line.forwarding.real_time()), reversal)
    finally:
        line.forwarding.notify_completed()
    return [intent.exchange, raced.exchange]


def _planned(
    line: AgencyLine, work: UnitOfWork, config: Config, now: datetime, fields: Mapping[str, Any]
) -> Intent | Repetition:
    """The intent of a message, or the repetition that it is."""
    agency = line.agency(config)
    whole = _completed(line, config, fields)
    repeated = repetition_of(work, whole)
    if repeated is not None:
        return repeated
    whole["msgid"] = whole["msgid"] or next_msgid(work, now)
    call = Call(work, config, head_of(whole), _institution(config, whole), now)
    body = from_agency(whole["input"], whole["infno"], "in", sandbox=config.edition, agency=agency.edition)
    return _intended(line, call, agency, body)


def _anew(planned: Intent | Repetition) -> Intent:
    """Raises Refusal for a message whose outcome is decided already."""
    if isinstance(planned, Repetition):
        raise refuse("probe_decided", path="message.msgid", msgid=str(planned.fields["msgid"]))
    return planned


def _sent(line: AgencyLine, config: Config, intent: Intent) -> Delivery:
    return line.forwarding.send(intent, line.endpoint(config))


def _all_at_once(deliveries: Sequence[Callable[[], Delivery]]) -> list[Delivery]:
    """The deliveries, in their order, of as many threads that begin together."""
    if len(deliveries) == 1:
        return [deliveries[0]()]
    together = threading.Barrier(len(deliveries))

    def deliver_together(deliver: Callable[[], Delivery]) -> Delivery:
        together.wait()
        return deliver()

    with ThreadPoolExecutor(len(deliveries)) as pool:
        return list(pool.map(deliver_together, deliveries))


def _is_refusal(sent: Delivery) -> bool:
    try:
        return str(read_json(sent.reply.body or b"")["infcode"]) != SUCCESS
    except (NotAMessage, LookupError, TypeError):
        return True


def _judge_others(line: AgencyLine, intent: Intent, others: Sequence[Delivery]) -> list[str]:
    """Judges further answers to a message by what became of it; a message without effect has nothing to repeat."""
    with line.sandbox.begin() as (work, _config, _clock):
        repeated = repetition_of(work, read_json(intent.raw)) if others else None
    return [_repeat(line, repeated, each) for each in others] if repeated is not None else []


def _completed(line: AgencyLine, config: Config, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The message with the header of the platform itself where it has none."""
    institution = sender_of(config, line.area)
    found = config.institutions.get(str(fields.get("fixmedins_code") or institution))
    usual = {
        "msgid": "",
        "mdtrtarea_admvs": line.area,
        "insuplc_admdvs": line.area,
        "fixmedins_code": institution,
        "fixmedins_name": found.name if found else config.name,
        **_SENDER,
    }
    return {**usual, **fields}


def _institution(config: Config, fields: Mapping[str, Any]) -> Institution:
    found = config.institutions.get(str(fields["fixmedins_code"]))
    if found is None:
        raise refuse("institution_unknown", path="message.fixmedins_code", code=fields["fixmedins_code"])
    return found


def _intended(line: AgencyLine, call: Call, agency: Agency, body: Mapping[str, Any]) -> Intent:
    """Keeps the intent, as for a message of a hospital whose msgid is the platform's own."""
    head = call.head
    if not traits_of(head.infno).answer:
        raise refuse("probe_not_judged", path="message.infno", infno=head.infno)
    body = in_our_numbers(call.work, head.infno, body)
    asked = _asked_past_our_guards(call, body)
    exchange = next_msgid(call.work, call.now)
    fingerprint = digest(head.infno, head.institution, body) if traits_of(head.infno).effect else ""
    try:
        return line.forwarding.record_intent(
            call, asked, head, (agency, None), digest=fingerprint, exchange=exchange, msgid=head.msgid
        )
    except MustWait:
        raise refuse("still_running", path="message.msgid") from None


def _asked_past_our_guards(call: Call, body: Mapping[str, Any]) -> Ask:
    """The question with what the platform's own state does on its answer; a refusal of ours does not hold it up."""
    traits = traits_of(call.infno)
    data: Mapping[str, Any] = next((node for node in body.values() if isinstance(node, Mapping)), {})
    psn_no, mdtrt_id = str(data.get("psn_no") or ""), str(data.get("mdtrt_id") or "")
    plain = Ask(call.infno, body, then=_as_answered, psn_no=psn_no, mdtrt_id=mdtrt_id)
    if traits.family == Family.SETTLEMENT:
        return replace(plain, then=_bound)
    if call.infno != REVERSAL and traits.family != Family.CANCELLATION:
        return plain
    try:
        with call.work.savepoint():
            handled = HANDLERS[call.infno].handler(body, call)
    except Refusal:
        return plain
    return handled if isinstance(handled, Ask) else plain


def _as_answered(call: Call, answered: Answered) -> Kept:
    call.findings += answered.warnings
    return Kept(answered.output, answered.settlement_id)


def _bound(call: Call, answered: Answered) -> Kept:
    """The batch is settled by what was booked now."""
    rebind_subject(call, call.work.get_required(settlement, id=answered.settlement_id))
    return _as_answered(call, answered)


def _book(line: AgencyLine, intent: Intent, sent: Delivery) -> None:
    with line.sandbox.begin() as (work, config, clock):
        done = complete(work, config, clock.now(line.forwarding.real_time()), intent, sent)
        if done.kept is not None and intent.effect:
            _spend(work, intent.head, sent.reply.body or b"", done.kept.settlement_id)


def _spend(work: UnitOfWork, head: Head, answer: bytes, settlement_id: int | None) -> None:
    idempotency_keys.complete(work, head.msgid, answer=answer, settlement_id=settlement_id)


def _delivered(line: AgencyLine, repeated: Repetition) -> Delivery:
    """Sends under a decided msgid."""
    return _delivered_raw(line, write_json(repeated.fields))


def _delivered_raw(line: AgencyLine, raw: bytes) -> Delivery:
    with line.sandbox.begin() as (_work, config, _clock):
        agency = line.agency(config)
    started, real_at = time.perf_counter(), line.forwarding.real_time()
    reply = Channel(line.forwarding.transport, agency, line.endpoint(config)).deliver(raw)
    return Delivery(reply, round((time.perf_counter() - started) * 1000, 3), real_at)


def _repeat(line: AgencyLine, repeated: Repetition, sent: Delivery) -> str:
    """Judges an answer under a decided msgid by what became of the first; the exchange that it is kept under."""
    with line.sandbox.begin() as (work, config, clock):
        now = clock.now(line.forwarding.real_time())
        exchange = next_msgid(work, now)
        repeated.record(work, config, line.agency(config), now, exchange, sent)
    return exchange
