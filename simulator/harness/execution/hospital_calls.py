"""A `call` where the harness plays the hospital: filled in, spoilt where the step says so, sent, learnt from."""

from collections.abc import Sequence
from typing import Any

from simulator.harness.environment.envelope_codec import Sent, envelope, msgid, write_json
from simulator.harness.execution.catching_up import as_sent
from simulator.harness.execution.exchange_judging import SUCCESS, judge, refusals
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.journal_reader import Journal
from simulator.harness.execution.journey import (
    CHARGES,
    Batch,
    TemplateFacts,
    VisitRecord,
    learn_from_answer,
    learn_from_request,
    practice,
)
from simulator.harness.execution.results import StepResult
from simulator.harness.execution.run_context import RunContext, record_of
from simulator.harness.scenario.definition import ScenarioStep
from simulator.harness.scenario.expressions import resolve
from simulator.harness.templates import act_of, fill, override, remove, templates

UNKNOWN = "结果未知"
"""Beginning of err_msg while the outcome is unknown."""


def call(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    """Sends the message of a step and judges what comes back."""
    visit = context.visit_for(step, act_of(step.said["call"]))
    batch = open_charges(context, step, visit)
    sent = _send(context, journal, step, visit)
    journal.look()
    rows = rows_of(journal, sent)
    result.legs += [row.shown() for row in rows]
    keep(context, step, sent, visit, batch, rows)
    judge(context, step, sent, rows, result)


def open_charges(context: RunContext, step: ScenarioStep, visit: VisitRecord) -> Batch | None:
    """The batch that a step is about; for charges a new one."""
    name = str(step.said.get("batch") or "")
    if act_of(step.said["call"]) in CHARGES:
        lines = resolve(step.said.get("charges", []), context.lookup)
        return visit.open_batch(name, lines)
    return visit.batch(name)


def keep(
    context: RunContext,
    step: ScenarioStep,
    sent: Sent,
    visit: VisitRecord,
    batch: Batch | None,
    rows: Sequence[ObservedLeg] = (),
) -> None:
    """Remembers for later messages: numbers given, unknown outcomes, saved values, the refusal that was meant."""
    infno, body = sent.infno, sent.body
    accepted = str(body.get("infcode")) == SUCCESS
    record = record_of(sent)
    if accepted:
        learn_from_request(infno, record["request"].get("input"), visit, batch)
        learn_from_answer(infno, body.get("output"), visit, batch)
        _learn_about_role(context, infno, record)
    elif batch is not None and act_of(infno) in CHARGES and not sent.lost:
        visit.drop(batch)
    if sent.lost or str(body.get("err_msg") or "").startswith(UNKNOWN):
        context.originals[context.role] = {"msgid": sent.msgid, "infno": infno}
    rules = refusals(step)
    if rules:
        context.expected_findings.append((sent.msgid, rules))
    context.save(step, record.having("agency", _at_agency(rows)))


def _at_agency(rows: Sequence[ObservedLeg]) -> dict[str, Any] | None:
    """The message as the agency saw it and its answer; None where it was not forwarded."""
    leg = next((row for row in rows if row.leg == "agency"), None)
    return None if leg is None else {"msgid": leg.msgid, "request": leg.said(), "answer": leg.answered()}


def rows_of(journal: Journal, sent: Sent) -> list[ObservedLeg]:
    """The legs of a message that the harness itself has sent."""
    own = journal.take(lambda row: row.leg == "hospital" and row.request.encode() == sent.request)
    own = own or journal.take(lambda row: row.leg == "hospital" and bool(sent.msgid) and row.msgid == sent.msgid)
    return journal.exchange(own) if own else []


def _send(context: RunContext, journal: Journal, step: ScenarioStep, visit: VisitRecord) -> Sent:
    infno: str = step.said["call"]
    facts = context.facts(step, visit)
    head = _head(context, facts, infno) | resolve(step.said.get("head", {}), context.lookup)
    if context.catching_up and (row := _sent_before(journal, facts.place["code"])) is not None:
        return as_sent(row)
    if "raw" in step.said:
        return context.sandbox.send(infno, "", str(step.said["raw"]).encode())
    body = body_of(context, step, facts, infno)
    return context.sandbox.send(infno, str(head.get("msgid") or ""), write_json(envelope(head, body)))


def _sent_before(journal: Journal, institution: str) -> ObservedLeg | None:
    """Next message in the journal of an institution that the harness plays alone."""
    journal.look()
    waiting = (row for row in journal.rows if not row.taken and row.leg == "hospital")
    return next((row for row in waiting if row.institution == institution), None)


def body_of(context: RunContext, step: ScenarioStep, facts: TemplateFacts, infno: str) -> dict[str, Any]:
    """The input of a step's message, with what it overrides and what it leaves out."""
    body = fill(infno, facts) if infno in templates() else {}
    override(body, resolve(step.said.get("with", {}), context.lookup))
    remove(body, step.said.get("without", []))
    return body


def _head(context: RunContext, facts: TemplateFacts, infno: str) -> dict[str, Any]:
    number = msgid(facts.place["code"], context.now, context.next_serial())
    return {**header(context, facts), "infno": infno, "msgid": number}


def header(context: RunContext, facts: TemplateFacts) -> dict[str, Any]:
    """The header of a hospital's message but for its number and msgid."""
    about, place = practice(), facts.place
    return {
        **about["header"],
        "mdtrtarea_admvs": place["area"],
        "insuplc_admdvs": facts.person["insured_at"],
        "opter": about["operator"]["code"],
        "opter_name": about["operator"]["name"],
        "inf_time": context.now,
        "fixmedins_code": place["code"],
        "fixmedins_name": place["name"],
        "sign_no": context.sign_no.get(place["code"], ""),
    }


def _learn_about_role(context: RunContext, infno: str, record: Any) -> None:
    act = act_of(infno)
    if act == "identify" and isinstance(record.get("insuinfo"), list):
        context.insurances[context.role] = record["insuinfo"]
        # Editions code the kind of certificate differently; from here on it is said as the insured place says it.
        if isinstance(record.get("psn_cert_type"), str):
            context.people[context.role]["psn_cert_type"] = record["psn_cert_type"]
    if act == "sign_in":
        context.sign_no[context.places[context.place]["code"]] = str(record.get("sign_no") or "")
    if "trt_dcla_detl_sn" in record:
        context.grants[context.role] = {"trt_dcla_detl_sn": record["trt_dcla_detl_sn"]}
