"""Pipeline of a message from bytes to bytes (docs/architecture.md#message)."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from simulator import insured
from simulator.agencies.delivery.completion import complete
from simulator.agencies.delivery.endpoint import Endpoint
from simulator.agencies.delivery.forwarding import Delivery, Forwarding, Intent, MustWait
from simulator.core import envelope, metrics
from simulator.core.clock import RealTime
from simulator.core.envelope import FAILURE, SUCCESS
from simulator.core.error_reporting import recorded
from simulator.core.errors import PolicyGap, Refusal, SetupError, refuse, together
from simulator.core.findings import ERROR, WARNING, Finding, err_msg
from simulator.core.json_codec import NotAMessage, digest, write_json
from simulator.core.logs import log
from simulator.core.refusals import refusal_rules
from simulator.core.signing import NotAuthentic, authenticate
from simulator.core.texts import text
from simulator.domain.transaction_table import REVERSAL
from simulator.fault_injection import faults, injector
from simulator.fault_injection.delayed_messages import delay_message, take_delayed
from simulator.fault_injection.injector import Fault
from simulator.gateway import admission, inspection
from simulator.gateway.codec import file_answer, message_fields
from simulator.gateway.codec.undecodable import Undecodable
from simulator.gateway.exchange import Exchange, Incoming, Outgoing
from simulator.sandbox.configuration import Config
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import idempotency_keys, journal
from simulator.store.store import Conflict, Gone
from simulator.store.unit_of_work import UnitOfWork
from simulator.transactions import HANDLERS, Call, Kept

_POLL_S = 0.5
"""Longest seconds between two attempts of a waiting message; completions in other processes do not wake it."""
_CONFLICT_RETRY_S = 0.01
"""Seconds between two attempts after a conflict with another writer."""
_MAX_WAIT_S = 40.0
"""Seconds that a message waits for another in flight; clients in the field wait 30 to 60 s (source field)."""


class Pipeline:
    """Handles the messages of all sandboxes; keeps no state outside the stores."""

    def __init__(self, *, real_time: RealTime, forwarding: Forwarding, inspector: inspection.Inspector) -> None:
        self._real_time = real_time
        self._forwarding = forwarding
        self._inspector = inspector

    def handle(self, sandbox: Sandbox, incoming: Incoming) -> Outgoing:
        """Answers a message, after its effects are committed.

        Raises Gone if the sandbox was deleted meanwhile, and SetupError if this version cannot read its store.
        """
        try:
            return self._handle(sandbox, incoming)
        except (Gone, SetupError):
            raise
        except Exception as error:  # noqa: BLE001 (a defect of the platform is answered as a message, not as HTTP 500)
            return self._defect(error)

    def _handle(self, sandbox: Sandbox, incoming: Incoming) -> Outgoing:
        exchange, outcome = self._begin_with_retries(sandbox, incoming)
        if isinstance(outcome, Intent):
            outcome = self._forward(exchange, outcome)
        if outcome.twice:
            outcome = self._handle(sandbox, replace(incoming, redelivered=True))
        if exchange.head.infno == REVERSAL:
            # An original that a fault held back is delivered now, after its reversal.
            for raw in take_delayed(sandbox, exchange.body):
                self._handle(sandbox, Incoming(raw, redelivered=True))
        return outcome

    def _begin_with_retries(self, sandbox: Sandbox, incoming: Incoming) -> tuple[Exchange, Outgoing | Intent]:
        """Runs the first unit of work, and repeats it after MustWait or Conflict for at most _MAX_WAIT_S."""
        deadline = time.monotonic() + _MAX_WAIT_S
        real = self._real_time()
        last_config: Config | None = None
        while True:
            completed_count = self._forwarding.completed_count
            # On MustWait or Conflict the attempt is rolled back, so each attempt needs a fresh Exchange.
            exchange = Exchange(sandbox, incoming, real)
            try:
                with sandbox.begin(grouped=True) as (work, config, clock):
                    last_config = config
                    exchange.begin(clock.now(self._real_time()), config.hospital_contract.edition)
                    return exchange, self._first_unit_of_work(work, config, exchange)
            except MustWait:
                pause_s = _POLL_S
            except Conflict:
                pause_s = _CONFLICT_RETRY_S
            if time.monotonic() > deadline:
                return exchange, self._refused_in_own_unit_of_work(exchange, refuse("still_running", path="msgid"))
            try:
                self._forwarding.wait_for_completion(
                    last_config, exchange.head.insured_area, pause_s, since=completed_count
                )
            except Refusal as busy:
                return exchange, self._refused_in_own_unit_of_work(exchange, busy)

    def _first_unit_of_work(self, work: UnitOfWork, config: Config, exchange: Exchange) -> Outgoing | Intent:
        """Reads, authenticates, checks, admits and handles a message in a unit of work, up to a forwarded intent."""
        injected: Fault | None = None
        try:
            message_fields.refuse_undecodable(config, exchange)
            fields = envelope.read(exchange.incoming.raw)
            exchange.head = envelope.head_of(fields)
            if not exchange.incoming.redelivered:
                authenticate(config.profile, exchange.incoming.headers, exchange.real_at, exchange.head.institution)
            fields = message_fields.decode(config, exchange, fields)
            body = self._inspector.inspect(config, exchange, fields)
            exchange.findings += admission.header_warnings(fields, exchange.head, exchange.received, exchange.real_at)
            exchange.findings += admission.other_gateway_warning(config.profile, exchange.incoming.headers)
            injected = self._match_fault(work, config, exchange)
            if injected is not None and injector.before_handling(injected) != injector.HANDLED:
                return self._end_by_fault(work, exchange, injected)
            # A refusal rolls back to here: it keeps the journal only, and leaves the msgid unspent.
            with work.savepoint():
                handled = self._judge_and_handle(work, config, exchange, body)
        except NotAuthentic as error:
            finding = Finding("gateway.signature", ERROR, error.sentence, got=error.string_to_sign)
            return self._reject(work, exchange, 401, finding)
        except Undecodable as error:
            return self._reject(work, exchange, error.status, Finding("gateway.body", ERROR, error.text))
        except NotAMessage as error:
            return self._refused(work, exchange, [Finding("message", ERROR, error.text)])
        except inspection.Breach:
            return self._refused(work, exchange, [])
        except Refusal as error:
            return self._refused(work, exchange, _reasons(error), injected)
        except PolicyGap as error:
            log().warning("policy gap", sandbox=exchange.sandbox.name, gap=str(error.text.en))
            return self._refused(work, exchange, [Finding("policy.gap", ERROR, error.text)], injected)
        if isinstance(handled, Intent):
            return replace(handled, at_hospital=injected)
        return self._answered(work, config, exchange, handled, injected)

    def _judge_and_handle(
        self, work: UnitOfWork, config: Config, exchange: Exchange, body: Mapping[str, Any]
    ) -> Kept | bytes | Intent:
        head = exchange.head
        institution = admission.admit_institution(config, head)
        day = exchange.received.date().isoformat()
        for warning in admission.admit_operator(work, config, head, day):
            exchange.findings.append(Finding(warning.rule, WARNING, warning.text, _pointer(warning.path)))
        transaction = HANDLERS[head.infno]
        effect = transaction.traits.effect
        exchange.digest = digest(head.infno, head.institution, exchange.body) if effect else ""
        if effect:
            # Two copies of a message at once must not both find their msgid unspent.
            work.advisory_lock(idempotency_keys.lock_name(head.msgid))
        spent = idempotency_keys.find(work, head.msgid)
        recorded = idempotency_keys.recorded_answer(spent, exchange.digest) if effect or spent else None
        if recorded is not None:
            return recorded
        if spent is not None and spent.state == idempotency_keys.RUNNING:
            raise MustWait
        if spent is not None and spent.state == idempotency_keys.UNKNOWN:
            raise refuse("visit_unknown_outcome", path="msgid", msgid=head.msgid)
        call = Call(work, config, head, institution, exchange.received, exchange.findings, exchange.incoming.file)
        self._forwarding.refuse_while_unknown(work, head.infno, exchange.mdtrt_id)
        asked = transaction.handler(body, call)
        if isinstance(asked, Kept):
            return asked
        route = self._forwarding.route(call, asked)
        if route is None:
            return asked.then(call, insured.answer(call.asked_in_process(asked)))
        if asked.more:
            # The platform's own reasons against a message; an agency would not know them.
            raise together(asked.more)
        intent = self._forwarding.record_intent(
            call, asked.as_message(), head, route, digest=exchange.digest, exchange=exchange.id
        )
        self._forwarding.checkpoint("intent_written")
        return intent

    def _answered(
        self,
        work: UnitOfWork,
        config: Config,
        exchange: Exchange,
        handled: Kept | bytes,
        injected: Fault | None,
        *,
        msgid_reserved: bool = False,
    ) -> Outgoing:
        """Encodes the answer, spends the msgid, applies an injected fault, and records the exchange in the journal.

        With `msgid_reserved` the msgid was reserved by the intent, and its record is completed.
        """
        head = exchange.head
        file = handled.file if isinstance(handled, Kept) else None
        if isinstance(handled, bytes):
            answer = handled
        elif file is not None:
            answer = file.content
        else:
            output = config.hospital_contract.edition.dialect.write(head.infno, "out", handled.output)
            answer = self._write(exchange, SUCCESS, "", output)
            exchange.findings += self._inspector.inspect_output(config, head, output)
            exchange.psn_no, exchange.mdtrt_id = inspection.identifiers_in(
                handled.output, exchange.psn_no, exchange.mdtrt_id
            )
            if HANDLERS[head.infno].traits.effect:
                self._record_msgid(work, exchange, handled, answer, msgid_reserved=msgid_reserved)
        sent = self._apply_fault(exchange, answer, injected)
        seen = sent.body
        if file is not None:
            # The journal keeps a description only: the bytes of every download would fill the store.
            sent = file_answer.as_file(sent, file)
            seen = self._write(exchange, SUCCESS, file_answer.description(file), None)
        self._record(work, exchange, seen, "dropped" if sent.dropped else "answered")
        return sent

    def _record_msgid(
        self, work: UnitOfWork, exchange: Exchange, handled: Kept, answer: bytes, *, msgid_reserved: bool
    ) -> None:
        head, number = exchange.head, handled.settlement_id
        if msgid_reserved:
            idempotency_keys.complete(work, head.msgid, answer=answer, settlement_id=number)
        else:
            idempotency_keys.record(
                work,
                head.msgid,
                infno=head.infno,
                digest=exchange.digest,
                psn_no=exchange.psn_no,
                answer=answer,
                settlement_id=number,
            )

    def _forward(self, exchange: Exchange, intent: Intent) -> Outgoing:
        """Sends an intent without holding a lock, and books the outcome in a second unit of work."""
        try:
            delivery = self._forwarding.send(intent, self._endpoint(exchange.sandbox, exchange))
            outgoing = self._completed(exchange, intent, delivery)
            self._forwarding.checkpoint("outcome_committed")
        finally:
            self._forwarding.notify_completed()
        return outgoing

    def _completed(self, exchange: Exchange, intent: Intent, delivery: Delivery) -> Outgoing:
        known = list(exchange.findings)
        # The message is sent and must be booked, so a conflict with another writer is retried without limit.
        while True:
            with suppress(Conflict), exchange.sandbox.begin(grouped=True) as (work, config, clock):
                exchange.findings = list(known)
                found = complete(work, config, clock.now(self._real_time()), intent, delivery)
                exchange.findings += found.findings
                if found.kept is None:
                    reasons = _reasons(found.refusal) if found.refusal else []
                    outgoing = self._refused(work, exchange, reasons, intent.at_hospital)
                else:
                    injected = intent.at_hospital
                    outgoing = self._answered(
                        work, config, exchange, found.kept, injected, msgid_reserved=intent.effect
                    )
                self._forwarding.checkpoint("outcome_written")
                return outgoing

    def _endpoint(self, sandbox: Sandbox, exchange: Exchange) -> Endpoint:
        """Endpoint of the simulated insured place, for a fault on that leg, with the trade clock of the exchange."""
        config = sandbox.current_config()
        return Endpoint(
            sandbox.store.begin, config.place, config.agency_contract, lambda: exchange.received, config.strict
        )

    def _refused(
        self, work: UnitOfWork, exchange: Exchange, reasons: list[Finding], injected: Fault | None = None
    ) -> Outgoing:
        errors = [each.sentence for each in exchange.findings if each.severity == ERROR]
        answer = self._write(exchange, FAILURE, err_msg([*errors, *(each.sentence for each in reasons)]), None)
        exchange.findings += reasons
        sent = self._apply_fault(exchange, answer, injected)
        self._record(work, exchange, sent.body, "dropped" if sent.dropped else "refused")
        return sent

    def _refused_in_own_unit_of_work(self, exchange: Exchange, refusal: Refusal) -> Outgoing:
        """Refuses a message whose first unit of work could not run, in a unit of work of its own."""
        with exchange.sandbox.begin() as (work, config, clock):
            exchange.begin(clock.now(self._real_time()), config.hospital_contract.edition)
            return self._refused(work, exchange, _reasons(refusal))

    def _reject(self, work: UnitOfWork, exchange: Exchange, status: int, finding: Finding) -> Outgoing:
        """Refuses a request in the gateway's own format, without an envelope (source HN)."""
        body = write_json({"code": status, "message": finding.sentence.zh})
        journal.record(work, exchange.leg(body, "turned_away"), [finding])
        return Outgoing(body, status=status)

    def _match_fault(self, work: UnitOfWork, config: Config, exchange: Exchange) -> Fault | None:
        if not config.faulty or exchange.incoming.redelivered:
            return None
        return faults.match_fault(work, at=faults.HOSPITAL, infno=exchange.head.infno, seed=config.seed)

    def _end_by_fault(self, work: UnitOfWork, exchange: Exchange, fault: Fault) -> Outgoing:
        """Ends a message whose injected fault prevents its handling."""
        before = injector.before_handling(fault)
        if before == injector.REFUSED:
            sentence = text("gateway.simulated_refusal")
            return self._refused(work, exchange, [Finding("fault.refuse", ERROR, sentence)])
        if before == injector.HELD_BACK:
            delay_message(work, exchange.id, exchange.head.msgid, exchange.incoming.raw)
        self._record(work, exchange, b"", "dropped")
        return Outgoing(b"", dropped=True)

    def _apply_fault(self, exchange: Exchange, answer: bytes, fault: Fault | None) -> Outgoing:
        """Response with the injected fault applied to the answer."""
        if fault is None:
            return Outgoing(answer)
        got, effect = injector.after_handling(fault, answer, exchange.psn_no), fault.effect
        delay_s = fault.delay_s if effect.delayed else 0.0
        return Outgoing(got.body or b"", got.status, dropped=got.body is None, delay_s=delay_s, twice=effect.twice)

    def _record(self, work: UnitOfWork, exchange: Exchange, answer: bytes, outcome: str) -> None:
        journal.record(work, exchange.leg(answer, outcome), exchange.findings)
        served = exchange.head.infno if exchange.head.infno in HANDLERS else "other"
        metrics.count(served, outcome, time.perf_counter() - exchange.started)

    def _write(self, exchange: Exchange, infcode: str, message: str, output: Any) -> bytes:
        cipher = exchange.cipher
        return envelope.answer(
            infcode=exchange.infcode(infcode),
            err_msg=message,
            output=output if cipher is None or output is None else cipher.encrypted(output),
            area=exchange.head.treated_area or "000000",
            received=exchange.received,
            answered=exchange.received,
        )

    def _defect(self, error: Exception) -> Outgoing:
        body = {"infcode": FAILURE, "inf_refmsgid": "", "err_msg": recorded(error).zh, "output": {}}
        return Outgoing(write_json(body))


def _reasons(refusal: Refusal) -> list[Finding]:
    """Findings for all reasons of a refusal, in their order."""
    return [
        Finding(
            each.rule,
            refusal_rules()[each.rule].severity,
            each.text,
            _pointer(each.path),
            each.wanted,
            each.got,
        )
        for each in refusal.all
    ]


_HEADER_FIELDS = frozenset({"infno", "msgid", "fixmedins_code", "sign_no", "mdtrtarea_admvs", "insuplc_admdvs"})


def _pointer(path: str) -> str:
    """JSON pointer from the envelope for the path of a refusal, as in contract findings: /input/data/psn_no."""
    parts = path.strip("/").replace("/", ".").split(".")
    if not path or path.startswith("/") or parts[0] in ("input", *_HEADER_FIELDS):
        return "/" + "/".join(parts) if path else ""
    return "/input/" + "/".join(parts)
