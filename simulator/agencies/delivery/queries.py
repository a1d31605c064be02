"""Queries that the platform itself sends to an agency."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from simulator.agencies.delivery.answer_reading import AgencyAnswer, read_answer
from simulator.agencies.delivery.channel import Channel, message, next_msgid
from simulator.agencies.delivery.endpoint import Endpoint
from simulator.agencies.delivery.forwarding import Forwarding
from simulator.agencies.delivery.translation import agency_contract, from_agency, infno_in_edition, to_agency
from simulator.agencies.delivery.transport import Reply
from simulator.agencies.judging import answer_checks
from simulator.agencies.replica import insured_people
from simulator.core.envelope import Head, head_of
from simulator.core.errors import refuse
from simulator.core.findings import ERROR, Finding
from simulator.core.texts import Text, plain
from simulator.insured.place import Asked
from simulator.sandbox.configuration import Config
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import journal
from simulator.store.journal import JournalLeg
from simulator.store.unit_of_work import UnitOfWork


class AgencyQueries:
    """Sends queries to the agency of an area; raises Refusal if none is registered there."""

    def __init__(self, sandbox: Sandbox, forwarding: Forwarding, area: str) -> None:
        self.sandbox, self.forwarding, self.area = sandbox, forwarding, area
        config = sandbox.current_config()
        agency = config.agency_for(area)
        if agency is None:
            raise refuse("agency_unknown", path="area", area=area)
        self.agency = agency
        self.institution = sender_of(config, area)

    def asked(self, work: UnitOfWork, config: Config, now: datetime, infno: str, body: Mapping[str, Any]) -> Asked:
        """The query as the insured place's own code takes it."""
        return Asked.under(self._head(config), work, config.place, body, now, infno=infno, msgid="", origin_msgid="")

    def ask(self, infno: str, body: Mapping[str, Any], *, psn_no: str) -> dict[str, Any]:
        """Output of the answer in the sandbox's edition; raises Refusal if there is no usable one.

        The leg is recorded in the journal in either case.
        """
        with self.sandbox.begin() as (work, config, clock):
            now = clock.now(self.forwarding.real_time())
            head = self._head(config)
            msgid = next_msgid(work, now)
            sent = to_agency(body, infno, sandbox=config.edition, agency=self.agency.edition)
            raw = message(head, infno_in_edition(infno, self.agency.edition), msgid, now, sent)
            person = insured_people.expected_person(self.asked(work, config, now, infno, body))
            # A channel needs an endpoint, though a registered agency is never served in process.
            endpoint = Endpoint(self.sandbox.store.begin, config.place, config.agency_contract, lambda: now)
        started = time.perf_counter()
        reply = Channel(self.forwarding.transport, self.agency, endpoint).deliver(raw)
        answer = self._read(config, infno, reply)
        output, findings = self._judged(config, infno, answer, person)
        broken = next((each.sentence for each in findings if each.severity == ERROR), None)
        outcome = "unknown"
        if isinstance(answer, AgencyAnswer) and broken is None:
            outcome = "answered" if answer.accepted else "refused"
        self._record(head, infno, msgid, psn_no, raw, reply, outcome, time.perf_counter() - started, findings)
        if not isinstance(answer, AgencyAnswer):
            raise refuse("agency_no_answer", area=self.area, reason=answer)
        if not answer.accepted:
            raise refuse("agency_refused", message=answer.err_msg or "-")
        if broken is not None:
            raise refuse("agency_unusable", area=self.area, reason=broken)
        return output

    def _read(self, config: Config, infno: str, reply: Reply) -> AgencyAnswer | Text:
        if reply.body is None:
            return reply.problem or plain("-")
        edition = self.agency.edition or config.edition
        known_as = infno_in_edition(infno, self.agency.edition)
        return read_answer(reply.body, known_as, agency_contract(edition), remote=False, strict=config.strict)

    def _judged(
        self, config: Config, infno: str, answer: AgencyAnswer | Text, person: Mapping[str, str]
    ) -> tuple[dict[str, Any], list[Finding]]:
        if not isinstance(answer, AgencyAnswer):
            return {}, []
        output: dict[str, Any] = from_agency(
            dict(answer.output), infno, "out", sandbox=config.edition, agency=self.agency.edition
        )
        return output, [*answer.findings, *answer_checks.judge_person(output, person)]

    def _head(self, config: Config) -> Head:
        named = {"mdtrtarea_admvs": self.area, "insuplc_admdvs": self.area, "fixmedins_code": self.institution}
        found = config.institutions.get(self.institution)
        name = found.name if found else self.institution
        return head_of(named | {"fixmedins_name": name, "opter": "nhsa-sim", "opter_name": "nhsa-sim"})

    def _record(
        self, head: Head, infno: str, msgid: str, psn_no: str, request: bytes, reply: Reply, outcome: str,
        took_s: float, findings: list[Finding],
    ) -> None:  # fmt: skip
        with self.sandbox.begin() as (work, _, clock):
            real = self.forwarding.real_time()
            leg = JournalLeg.under(
                replace(head, infno=infno, msgid=msgid),
                leg=journal.AGENCY,
                exchange=msgid,
                at=clock.now(real),
                real_at=real,
                psn_no=psn_no,
                mdtrt_id="",
                outcome=outcome,
                duration_ms=round(took_s * 1000, 3),
                request=request,
                answer=reply.body or b"",
            )
            journal.record(work, leg, findings)


def sender_of(config: Config, area: str) -> str:
    """Institution code for messages that the platform itself sends: the first institution of the area."""
    return next((each.code for each in config.institutions.of(area)), f"H{area}00000")
