"""A `call` that a real hospital makes: asked for on the board of guided steps, waited for, judged as it came.

The board says what is to be done in the words of the trade (person, disease, charges, which settlement); how, and under
which numbers, is the hospital's own business. An `unprompted` call is never asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.core.texts import Text, join, plain, text
from simulator.harness.execution.catching_up import as_sent
from simulator.harness.execution.exchange_judging import FAILURE, SUCCESS, judge, refusals
from simulator.harness.execution.hospital_calls import body_of, keep, open_charges
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.journal_reader import Journal
from simulator.harness.execution.journey import CHARGES, Batch, VisitRecord, learn_from_request
from simulator.harness.execution.matching import Mismatch, compare, same
from simulator.harness.execution.nearest_miss import Awaited, nearest_miss, steps_waiting
from simulator.harness.execution.results import StepResult
from simulator.harness.execution.run_context import RunContext
from simulator.harness.execution.sent_facts import fact_differences
from simulator.harness.scenario.definition import TREATMENT, ScenarioStep
from simulator.harness.scenario.expressions import NotThere, as_number, resolve
from simulator.harness.templates import act_of, template, value_of

_PERSON = ("psn_no", "psn_name", "psn_cert_type", "certno", "psn_type", "insutype", "insured_at")
_VOUCHERS = ("card_no", "card_sn", "credential_token")
_NOT_JUDGED = ("feedetl_sn",)
"""Numbers that a hospital gives out itself."""


@dataclass(frozen=True, slots=True)
class Planned:
    """Content of a guided call, known when its group was put on the board."""

    visit: VisitRecord
    batch: Batch | None
    body: Mapping[str, Any]
    task: int | None
    role: str
    place: str


def calls_itself(context: RunContext, step: ScenarioStep) -> bool:
    """True where a real hospital makes this call."""
    return context.mode.use == TREATMENT and context.mode.calls_itself(context.place_of(step)["area"])


def await_call(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    """Asks for the call unless it was asked for already, waits for it, and judges request and answer."""
    if step.number not in context.planned:
        _plan(context, step)
    planned: Planned = context.planned[step.number]
    context.role, context.place = planned.role, planned.place
    before = journal.rows[-1].id if journal.rows else 0
    row = _wait(context, journal, step, planned)
    if row is None:
        came = [each for each in journal.rows if each.id > before]
        miss = nearest_miss(came, _awaited(context, step))
        missing = _did_not_come(context, step, planned)
        result.differences.append(missing.because([miss.told]) if miss is not None else missing)
        result.legs += [miss.row.shown()] if miss is not None else []
        return
    row.taken = True
    rows = journal.exchange(row)
    result.legs += [each.shown() for each in rows]
    sent = as_sent(row)
    _adopt(planned, row.said())
    keep(context, step, sent, planned.visit, planned.batch)
    result.differences += _request_differences(context, step, planned, row)
    result.sent_otherwise = bool(result.differences)
    judge(context, step, sent, rows, result)
    _close(context, step, planned)


def _awaited(context: RunContext, step: ScenarioStep) -> list[Awaited]:
    """Messages still to come of those that were asked for together, the one of this step first."""
    steps = {each.number: each for each in context.scenario.steps}
    return [_awaited_by(context, steps[number]) for number in steps_waiting(context.planned, step.number)]


def _awaited_by(context: RunContext, step: ScenarioStep) -> Awaited:
    planned: Planned = context.planned[step.number]
    infno = step.said["call"]
    person = str(context.people[planned.role]["psn_no"]) if template(infno).names_person else ""

    def differences_of(row: ObservedLeg) -> list[Mismatch]:
        role, place = context.role, context.place
        context.role, context.place = planned.role, planned.place
        try:
            return _request_differences(context, step, planned, row)
        finally:
            context.role, context.place = role, place

    return Awaited(infno, planned.task, person, differences_of)


def await_manual_step(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    """Plays a `guide` step: put on the board, done when the person in charge reports it."""
    if context.catching_up:
        return
    asked = step.said["guide"]
    title = {"zh": asked.get("title", asked["act"]), "en": asked.get("title_en", asked["act"])}
    data = resolve(asked.get("data", {}), context.lookup)
    body = {"role": asked["role"], "act": asked["act"], "title": title, "data": data}
    number = int(context.sandbox.control("POST", "tasks", body)["id"])
    within = float(step.said.get("within", context.mode.patience_s))
    journal.await_row(lambda _: False, within, lambda: _state(context, number)[0] in ("done", "failed"))
    state, note = _state(context, number)
    if state != "done":
        result.differences.append(
            Mismatch(asked["act"], plain("done"), text("harness.task_state", state=state, note=note or "-"))
        )


def _plan(context: RunContext, first: ScenarioStep) -> None:
    """Puts the guided calls that follow each other in one group on the board as one task."""
    steps = [first] if first.said.get("unprompted") else _group_from(context, first)
    acts, bodies = [], []
    for step in steps:
        infno = step.said["call"]
        visit = context.visit_for(step, act_of(infno))
        batch = open_charges(context, step, visit)
        facts = context.facts(step, visit)
        body = body_of(context, step, facts, step.said["call"])
        acts.append(_act(context, step, visit, batch, facts.person))
        if not refusals(step):
            learn_from_request(infno, body, visit, batch)
        bodies.append((step, visit, batch, body, context.role, context.place))
    task = None
    if not first.said.get("unprompted"):
        task = _on_board(context, _task(context, steps, acts))
    for step, visit, batch, body, role, place in bodies:
        context.planned[step.number] = Planned(visit, batch, body, task, role, place)


def _on_board(context: RunContext, task: Mapping[str, Any]) -> int:
    """Number of a task on the board, put there unless an interrupted run has done so."""
    reference = task["data"]["reference"]
    for each in context.sandbox.control("GET", "tasks?role=hospital")["tasks"]:
        if each["data"].get("reference") == reference:
            return int(each["id"])
    return int(context.sandbox.control("POST", "tasks", task)["id"])


def _group_from(context: RunContext, first: ScenarioStep) -> list[ScenarioStep]:
    """The calls asked for together; a hospital that is refused goes no further by itself, so a refusal ends them."""
    steps = list(context.scenario.steps)
    start = steps.index(first)
    found = [first]
    for step in steps[start + 1 :]:
        same_group = step.group == first.group and step.verb == "call" and context.mode.use in step.uses
        if not same_group or step.said.get("unprompted") or not calls_itself(context, step) or refusals(found[-1]):
            break
        found.append(step)
    return found


def _task(context: RunContext, steps: list[ScenarioStep], acts: list[dict[str, Any]]) -> dict[str, Any]:
    names = join([template(step.said["call"]).title for step in steps])
    place, person = context.places[context.place], context.people[context.role]
    key = "task_title_refused" if refusals(steps[-1]) else "task_title"
    title = text(f"harness.{key}", place=place["name"], person=person["psn_name"], acts=names)
    act = acts[0]["act"] if len(acts) == 1 else "visit"
    reference = f"{context.run}-{steps[0].number}"
    data = {"reference": reference, "institution": place, "steps": acts}
    return {"role": "hospital", "act": act, "title": title.as_json(), "data": data}


def _act(
    context: RunContext, step: ScenarioStep, visit: VisitRecord, batch: Batch | None, person: Mapping[str, Any]
) -> dict[str, Any]:
    """Act in the words of the trade; wire names where the trade itself uses them."""
    said: dict[str, Any] = {
        "act": act_of(step.said["call"]),
        "infno": step.said["call"],
        "person": {name: person[name] for name in (*_PERSON, *_VOUCHERS) if person.get(name)},
        "shows": step.said.get("shows", "certificate"),
        "now": context.now,
        "visit": {"reference": visit.reference, **_given(visit, ("mdtrt_id", "med_type", "disease", "disease_name"))},
        "fields": _resolved(context, step),
    }
    if refusals(step):
        # Or whoever does it would set right what is the point of it.
        said["meant_to_be_refused"] = True
    if batch is not None:
        name = next(name for name, each in visit.batches.items() if each is batch)
        said["batch"] = {"reference": name, **_given(batch, ("acct_used_flag", "setl_id"))}
        if said["act"] in CHARGES:
            said["batch"]["lines"] = batch.lines
    if "to" in step.said:
        said["destination"] = context.places[step.said["to"]]
    return said


def _given(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names if getattr(record, name)}


def _resolved(context: RunContext, step: ScenarioStep) -> dict[str, Any]:
    """Overridden fields whose values are known now; values from answers to come are known to the hospital itself."""
    found = {}
    for name, value in step.said.get("with", {}).items():
        try:
            found[name] = resolve(value, context.lookup)
        except NotThere:
            continue
    return found


def _wait(context: RunContext, journal: Journal, step: ScenarioStep, planned: Planned) -> ObservedLeg | None:
    """The first call that turns out as it should; else the last one that was made at all."""
    others: list[ObservedLeg] = []

    def wanted(row: ObservedLeg) -> bool:
        if not _is_about(context, step, row):
            return False
        if _turns_out(step, row):
            return True
        others.append(row)
        return False

    def ended() -> bool:
        return planned.task is not None and _state(context, planned.task)[0] in ("done", "failed")

    within = float(step.said.get("within", context.mode.patience_s))
    return journal.await_row(wanted, within, ended) or (others[-1] if others else None)


def _is_about(context: RunContext, step: ScenarioStep, row: ObservedLeg) -> bool:
    act = act_of(step.said["call"])
    if row.leg != "hospital" or act_of(row.infno) != act:
        return False
    if not template(step.said["call"]).names_person:
        return bool(row.institution == context.places[context.place]["code"])
    person, said = context.people[context.role], row.said().get("input")
    shown = [person["psn_no"], person["certno"], person.get("card_no"), person.get("credential_token")]
    named = any(value_of(said, name) in shown for name in ("psn_no", "certno", "mdtrt_cert_no"))
    return named or bool(row.psn_no == person["psn_no"])


def _turns_out(step: ScenarioStep, row: ObservedLeg) -> bool:
    if step.said.get("lost"):
        return row.lost
    wanted = FAILURE if refusals(step) else str(step.said.get("expect", {}).get("infcode", SUCCESS))
    return not row.lost and same(wanted, row.answered().get("infcode"))


def _request_differences(context: RunContext, step: ScenarioStep, planned: Planned, row: ObservedLeg) -> list[Mismatch]:
    """Differences between the message and the task: places, overridden fields, charges."""
    message, place, infno = row.said(), context.places[context.place], row.infno
    person = context.people[context.role]
    head = {"fixmedins_code": place["code"], "mdtrtarea_admvs": place["area"]}
    if template(step.said["call"]).names_person:
        head["insuplc_admdvs"] = context.insurance_of(planned.visit).get("insured_at") or person["insured_at"]
    found = [each for name, value in head.items() for each in compare(name, value, message.get(name), infno=infno)]
    said = message.get("input")
    for name, value in _resolved(context, step).items():
        field = name.rpartition(".")[2]
        found += compare(
            name, value if not isinstance(value, Mapping) else value.get("text"), value_of(said, field), infno=infno
        )
    if act_of(infno) in CHARGES:
        found += _line_differences(planned.body.get("feedetail") or [], value_of(said, "feedetail"), infno)
    return [*found, *fact_differences(context.now, planned.body, row)]


def _line_differences(wanted: list[Any], got: Any, infno: str) -> list[Mismatch]:
    """Differences between charges compared as a set: item, number, price."""

    def key(row: Mapping[str, Any]) -> str:
        count, price = (format((as_number(row.get(name)) or Decimal(0)).normalize(), "f") for name in ("cnt", "pric"))
        return f"{row.get('med_list_codg')} {count} × {price}"

    left = [key(row) for row in got if isinstance(row, Mapping)] if isinstance(got, list) else []
    missing = []
    for each in map(key, wanted):
        if each in left:
            left.remove(each)
        else:
            missing.append(each)
    if not missing and not left:
        return []
    return [Mismatch("feedetail", plain("; ".join(missing) or "-"), plain("; ".join(left) or "-"), infno)]


def _adopt(planned: Planned, message: Mapping[str, Any]) -> None:
    """From here on the numbers are those that the hospital itself has given out."""
    said = message.get("input")
    number = value_of(said, "ipt_otp_no") or value_of(said, "ipt_no")
    if isinstance(number, str) and number:
        planned.visit.number = number
    rows = value_of(said, "feedetail")
    if planned.batch is not None and isinstance(rows, list) and rows and isinstance(rows[0], Mapping):
        planned.batch.number = str(rows[0].get("chrg_bchno") or planned.batch.number)
        planned.batch.lines = [dict(row) for row in rows]


def _did_not_come(context: RunContext, step: ScenarioStep, planned: Planned) -> Mismatch:
    infno = step.said["call"]
    why: Text = text("harness.nothing_came")
    if planned.task is not None:
        state, note = _state(context, planned.task)
        why = text("harness.task_state", state=text(f"harness.task_{state}"), note=note or "-")
    elif step.said.get("unprompted"):
        why = text("harness.should_by_itself")
    return Mismatch(infno, text("harness.a_message", infno=infno), why, infno)


def _close(context: RunContext, step: ScenarioStep, planned: Planned) -> None:
    """Closes a task all of whose messages came, even where the hospital did not report it."""
    mine = [number for number, each in context.planned.items() if each.task == planned.task]
    if planned.task is not None and step.number == mine[-1] and _state(context, planned.task)[0] == "open":
        context.sandbox.control("PUT", f"tasks/{planned.task}", {"state": "done"})


def _state(context: RunContext, number: int) -> tuple[str, str]:
    for each in context.sandbox.control("GET", "tasks")["tasks"]:
        if each["id"] == number:
            return each["state"], str(each.get("note") or "")
    return "-", ""
