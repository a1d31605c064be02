"""One function, one page: the life of a message from bytes to bytes (docs/architecture.md#message)."""

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

_LOOK_AGAIN_S = 0.5
"""What ends in this process is told at once; only what ends in another has to be looked for."""
_STEP_ASIDE_S = 0.01
_PATIENCE_S = 40.0
"""How long a repeated message waits for the first; clients in the field wait 30 to 60 s (source field)."""


class Pipeline:
    """Handles messages of every sandbox; state is in the stores only."""

    def __init__(self, *, real_time: RealTime, forwarding: Forwarding, inspector: inspection.Inspector) -> None:
        self._real_time = real_time
        self._forwarding = forwarding
        self._inspector = inspector

    def handle(self, sandbox: Sandbox, incoming: Incoming) -> Outgoing:
        """Answers one message. Nothing leaves before what it did is committed.

        Raises Gone for a sandbox deleted meanwhile, and SetupError for one that this program cannot read.
        """
        try:
            return self._handle(sandbox, incoming)
        except (Gone, SetupError):
            raise
        except Exception as error:  # noqa: BLE001 (the one place where a defect of ours must not become an HTTP 500)
            return self._defect(error)

    def _handle(self, sandbox: Sandbox, incoming: Incoming) -> Outgoing:
        exchange, outcome = self._begin_when_free(sandbox, incoming)
        if isinstance(outcome, Intent):
            outcome = self._forward(exchange, outcome)
        if outcome.twice:
            outcome = self._handle(sandbox, replace(incoming, again=True))
        if exchange.head.infno == REVERSAL:
            # An original held back by a fault arrives now, after it was reversed.
            for raw in take_delayed(sandbox, exchange.body):
                self._handle(sandbox, Incoming(raw, again=True))
        return outcome

    def _begin_when_free(self, sandbox: Sandbox, incoming: Incoming) -> tuple[Exchange, Outgoing | Intent]:
        """The first unit of work; taken again when something in flight has to end before it."""
        patience = time.monotonic() + _PATIENCE_S
        real = self._real_time()
        waited_by: Config | None = None
        while True:
            endings = self._forwarding.endings
            # One that has to wait, or was in another's way, leaves nothing behind.
            exchange = Exchange(sandbox, incoming, real)
            try:
                with sandbox.begin() as (work, config, clock):
                    waited_by = config
                    exchange.begin(clock.now(self._real_time()))
                    return exchange, self._first_work(work, config, exchange)
            except MustWait:
                waiting_s = _LOOK_AGAIN_S
            except Conflict:
                waiting_s = _STEP_ASIDE_S
            if time.monotonic() > patience:
                return exchange, self._refused_alone(exchange, refuse("still_running", path="msgid"))
            try:
                self._forwarding.wait(waited_by, exchange.head.insured_area, waiting_s, since=endings)
            except Refusal as busy:
                return exchange, self._refused_alone(exchange, busy)

    def _first_work(self, work: UnitOfWork, config: Config, exchange: Exchange) -> Outgoing | Intent:
        """Read, authenticate, check, admit, handle: everything that fits into one unit of work."""
        injected: Fault | None = None
        try:
            message_fields.refuse_undecodable(config, exchange)
            fields = envelope.read(exchange.incoming.raw)
            exchange.head = envelope.head_of(fields)
            if not exchange.incoming.again:
                authenticate(config.profile, exchange.incoming.headers, exchange.real_at, exchange.head.institution)
            fields = message_fields.decoded(config, exchange, fields)
            body = self._inspector.inspect(config, exchange, fields)
            exchange.findings += admission.header_warnings(fields, exchange.head, exchange.received, exchange.real_at)
            injected = self._match_fault(work, config, exchange)
            if injected is not None and injector.before_handling(injected) != injector.HANDLED:
                return self._stop(work, exchange, injected)
            with work.savepoint():
                made = self._judge_and_handle(work, config, exchange, body)
        except NotAuthentic as error:
            finding = Finding("gateway.signature", ERROR, error.sentence, got=error.string_to_sign)
            return self._turned_away(work, exchange, 401, finding)
        except Undecodable as error:
            return self._turned_away(work, exchange, error.status, Finding("gateway.body", ERROR, error.text))
        except NotAMessage as error:
            return self._refused(work, exchange, [Finding("message", ERROR, error.text)])
        except inspection.Breach:
            return self._refused(work, exchange, [])
        except Refusal as error:
            return self._refused(work, exchange, _reasons(error), injected)
        except PolicyGap as error:
            log().warning("policy gap", sandbox=exchange.sandbox.name, gap=str(error.text.en))
            return self._refused(work, exchange, [Finding("policy.gap", ERROR, error.text)], injected)
        if isinstance(made, Intent):
            return replace(made, at_hospital=injected)
        return self._answered(work, config, exchange, made, injected)

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
            raise together(asked.more)
        intended = self._forwarding.intend(
            call, asked.as_message(), head, route, digest=exchange.digest, exchange=exchange.id
        )
        self._forwarding.checkpoint("intent_written")
        return intended

    def _answered(
        self,
        work: UnitOfWork,
        config: Config,
        exchange: Exchange,
        made: Kept | bytes,
        injected: Fault | None,
        *,
        intended: bool = False,
    ) -> Outgoing:
        """Writes the answer, spends the msgid (an intent has spent it), keeps the journal; then an ordered fault."""
        head = exchange.head
        file = made.file if isinstance(made, Kept) else None
        if isinstance(made, bytes):
            answer = made
        elif file is not None:
            answer = file.content
        else:
            answer = self._write(exchange, SUCCESS, "", made.output)
            exchange.findings += self._inspector.inspect_output(config, head, made.output)
            exchange.psn_no, exchange.mdtrt_id = inspection.about(made.output, exchange.psn_no, exchange.mdtrt_id)
            if HANDLERS[head.infno].traits.effect:
                self._spend(work, exchange, made, answer, intended=intended)
        sent = self._disturb(exchange, answer, injected)
        seen = sent.body
        if file is not None:
            # A journal that kept every download would outgrow the store.
            sent = file_answer.as_file(sent, file)
            seen = self._write(exchange, SUCCESS, file_answer.description(file), None)
        self._record(work, exchange, seen, "dropped" if sent.dropped else "answered")
        return sent

    def _spend(self, work: UnitOfWork, exchange: Exchange, made: Kept, answer: bytes, *, intended: bool) -> None:
        head, number = exchange.head, made.settlement_id
        if intended:
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
        """Sends what was intended, with every lock given back, and books the outcome in a second unit of work."""
        try:
            sent = self._forwarding.send(intent, self._endpoint(exchange.sandbox, exchange))
            outgoing = self._completed(exchange, intent, sent)
            self._forwarding.checkpoint("outcome_committed")
        finally:
            self._forwarding.ended()
        return outgoing

    def _completed(self, exchange: Exchange, intent: Intent, sent: Delivery) -> Outgoing:
        known = list(exchange.findings)
        while True:
            with suppress(Conflict), exchange.sandbox.begin() as (work, config, clock):
                exchange.findings = list(known)
                found = complete(work, config, clock.now(self._real_time()), intent, sent)
                exchange.findings += found.findings
                if found.kept is None:
                    reasons = _reasons(found.refusal) if found.refusal else []
                    outgoing = self._refused(work, exchange, reasons, intent.at_hospital)
                else:
                    injected = intent.at_hospital
                    outgoing = self._answered(work, config, exchange, found.kept, injected, intended=intent.effect)
                self._forwarding.checkpoint("outcome_written")
                return outgoing

    def _endpoint(self, sandbox: Sandbox, exchange: Exchange) -> Endpoint:
        """The simulated insured place behind its own desk, for a fault on that leg; it goes by our clock."""
        config = sandbox.now_configured()
        return Endpoint(
            sandbox.store.begin, config.place, config.agency_contract, lambda: exchange.received, config.strict
        )

    def _refused(
        self, work: UnitOfWork, exchange: Exchange, reasons: list[Finding], injected: Fault | None = None
    ) -> Outgoing:
        errors = [each.sentence for each in exchange.findings if each.severity == ERROR]
        answer = self._write(exchange, FAILURE, err_msg([*errors, *(each.sentence for each in reasons)]), None)
        exchange.findings += reasons
        sent = self._disturb(exchange, answer, injected)
        self._record(work, exchange, sent.body, "dropped" if sent.dropped else "refused")
        return sent

    def _refused_alone(self, exchange: Exchange, refusal: Refusal) -> Outgoing:
        """Refuses what could not even begin, in a unit of work of its own."""
        with exchange.sandbox.begin() as (work, _, clock):
            exchange.begin(clock.now(self._real_time()))
            return self._refused(work, exchange, _reasons(refusal))

    def _turned_away(self, work: UnitOfWork, exchange: Exchange, status: int, finding: Finding) -> Outgoing:
        """The gateway's own shape: no message, the HTTP status inside a body (source HN)."""
        body = write_json({"code": status, "message": finding.sentence.zh})
        journal.record(work, exchange.leg(body, "turned_away"), [finding])
        return Outgoing(body, status=status)

    def _match_fault(self, work: UnitOfWork, config: Config, exchange: Exchange) -> Fault | None:
        if not config.faulty or exchange.incoming.again:
            return None
        return faults.match_fault(work, at=faults.HOSPITAL, infno=exchange.head.infno, seed=config.seed)

    def _stop(self, work: UnitOfWork, exchange: Exchange, fault: Fault) -> Outgoing:
        """Ends a message that an ordered fault keeps from being handled."""
        before = injector.before_handling(fault)
        if before == injector.REFUSED:
            sentence = text("gateway.simulated_refusal")
            return self._refused(work, exchange, [Finding("fault.refuse", ERROR, sentence)])
        if before == injector.HELD_BACK:
            delay_message(work, exchange.id, exchange.head.msgid, exchange.incoming.raw)
        self._record(work, exchange, b"", "dropped")
        return Outgoing(b"", dropped=True)

    def _disturb(self, exchange: Exchange, answer: bytes, fault: Fault | None) -> Outgoing:
        """The answer as an ordered fault lets it out."""
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
            infcode=infcode,
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
    """A refusal with all its reasons as findings, the first first."""
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


_IN_THE_HEADER = frozenset({"infno", "msgid", "fixmedins_code", "sign_no", "mdtrtarea_admvs", "insuplc_admdvs"})


def _pointer(path: str) -> str:
    """A JSON pointer from the envelope, as the contract gives it: `data.psn_no` is `/input/data/psn_no`."""
    parts = path.strip("/").replace("/", ".").split(".")
    if not path or path.startswith("/") or parts[0] in ("input", *_IN_THE_HEADER):
        return "/" + "/".join(parts) if path else ""
    return "/input/" + "/".join(parts)
