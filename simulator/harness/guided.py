"""A `call` that a real hospital makes: asked for on the board of guided steps, waited for, judged as it came.

The board says what is to be done in the words of the trade (person, disease, charges, which settlement); how, and under
which numbers, is the hospital's own business. An `unprompted` call is never asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.harness.calls import body_of, keep, open_charges
from simulator.harness.expressions import Fields, NotThere, as_number, resolve
from simulator.harness.journal import Journal
from simulator.harness.journey import Batch, Visit, learn_from_request
from simulator.harness.judging import FAILURE, SUCCESS, judge, refusals
from simulator.harness.legs import Row
from simulator.harness.matching import Difference, compare, same
from simulator.harness.results import StepResult
from simulator.harness.scenario import TREATMENT, Step
from simulator.harness.templates import act_of, template
from simulator.harness.wire import Sent
from simulator.harness.world import World
from simulator.texts import Text, join, plain, text

_PERSON = ("psn_no", "psn_name", "psn_cert_type", "certno", "psn_type", "insutype", "insured_at")
_VOUCHERS = ("card_no", "card_sn", "credential_token")
WITHOUT_PERSON = ("sign_in", "sign_out", "ask_institution", "ask_codes")
_NOT_JUDGED = ("feedetl_sn",)
"""Numbers that a hospital gives out itself."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one guided call is about, known when its group was put on the board."""

    visit: Visit
    batch: Batch | None
    body: Mapping[str, Any]
    task: int | None
    role: str
    place: str


def calls_itself(world: World, step: Step) -> bool:
    """Whether a real hospital makes this call."""
    return world.lane.use == TREATMENT and world.lane.calls_itself(world.place_of(step)["area"])


def await_call(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    """Asks for the call where nobody has yet, waits for it, and judges what was sent and answered."""
    if step.number not in world.planned:
        _plan(world, step)
    planned: Planned = world.planned[step.number]
    world.role, world.place = planned.role, planned.place
    row = _wait(world, journal, step, planned)
    if row is None:
        result.differences.append(_did_not_come(world, step, planned))
        return
    row.taken = True
    rows = journal.exchange(row)
    result.legs += [each.shown() for each in rows]
    sent = _as_sent(row)
    _adopt(planned, row.said())
    keep(world, step, sent, planned.visit, planned.batch)
    result.differences += _request_differences(world, step, planned, row)
    judge(world, step, sent, rows, result)
    _close(world, step, planned)


def await_guided(world: World, journal: Journal, step: Step, result: StepResult) -> None:
    """A `guide` step: put on the board, done when whoever does it says so."""
    asked = step.said["guide"]
    title = {"zh": asked.get("title", asked["act"]), "en": asked.get("title_en", asked["act"])}
    data = resolve(asked.get("data", {}), world.lookup)
    body = {"role": asked["role"], "act": asked["act"], "title": title, "data": data}
    number = int(world.sandbox.control("POST", "tasks", body)["id"])
    within = float(step.said.get("within", world.lane.patience_s))
    journal.await_row(lambda _: False, within, lambda: _state(world, number)[0] in ("done", "failed"))
    state, note = _state(world, number)
    if state != "done":
        result.differences.append(
            Difference(asked["act"], plain("done"), text("harness.task_state", state=state, note=note or "-"))
        )


def _plan(world: World, first: Step) -> None:
    """Puts the guided calls that follow each other in one group on the board as one task."""
    steps = [first] if first.said.get("unprompted") else _group_from(world, first)
    acts, bodies = [], []
    for step in steps:
        infno = step.said["call"]
        visit = world.visit_for(step, act_of(infno))
        batch = open_charges(world, step, visit)
        facts = world.facts(step, visit)
        body = body_of(world, step, facts)
        acts.append(_act(world, step, visit, batch, facts.person))
        learn_from_request(infno, body, visit, batch)
        bodies.append((step, visit, batch, body, world.role, world.place))
    task = None
    if not first.said.get("unprompted"):
        task = int(world.sandbox.control("POST", "tasks", _task(world, steps, acts))["id"])
    for step, visit, batch, body, role, place in bodies:
        world.planned[step.number] = Planned(visit, batch, body, task, role, place)


def _group_from(world: World, first: Step) -> list[Step]:
    """The calls asked for together; a hospital that is refused goes no further by itself, so a refusal ends them."""
    steps = list(world.scenario.steps)
    start = steps.index(first)
    found = [first]
    for step in steps[start + 1 :]:
        same_group = step.group == first.group and step.verb == "call" and world.lane.use in step.uses
        if not same_group or step.said.get("unprompted") or not calls_itself(world, step) or refusals(found[-1]):
            break
        found.append(step)
    return found


def _task(world: World, steps: list[Step], acts: list[dict[str, Any]]) -> dict[str, Any]:
    names = join([template(step.said["call"]).title for step in steps])
    place, person = world.places[world.place], world.people[world.role]
    key = "task_title_refused" if refusals(steps[-1]) else "task_title"
    title = text(f"harness.{key}", place=place["name"], person=person["psn_name"], acts=names)
    act = acts[0]["act"] if len(acts) == 1 else "visit"
    reference = f"{world.run}-{steps[0].number}"
    data = {"reference": reference, "institution": place, "steps": acts}
    return {"role": "hospital", "act": act, "title": title.as_json(), "data": data}


def _act(world: World, step: Step, visit: Visit, batch: Batch | None, person: Mapping[str, Any]) -> dict[str, Any]:
    """One act in the words of the trade; wire names where the trade itself uses them."""
    said: dict[str, Any] = {
        "act": act_of(step.said["call"]),
        "infno": step.said["call"],
        "person": {name: person[name] for name in (*_PERSON, *_VOUCHERS) if person.get(name)},
        "shows": step.said.get("shows", "certificate"),
        "now": world.now,
        "visit": {"reference": visit.reference, **_given(visit, ("mdtrt_id", "med_type", "disease", "disease_name"))},
        "fields": _resolved(world, step),
    }
    if refusals(step):
        # Or whoever does it would set right what is the point of it.
        said["meant_to_be_refused"] = True
    if batch is not None:
        name = next(name for name, each in visit.batches.items() if each is batch)
        said["batch"] = {"reference": name, **_given(batch, ("acct_used_flag", "setl_id"))}
        if said["act"] == "charge":
            said["batch"]["lines"] = batch.lines
    if "to" in step.said:
        said["destination"] = world.places[step.said["to"]]
    return said


def _given(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names if getattr(record, name)}


def _resolved(world: World, step: Step) -> dict[str, Any]:
    """Overridden fields whose values are known now; what depends on answers to come the hospital knows itself."""
    found = {}
    for name, value in step.said.get("with", {}).items():
        try:
            found[name] = resolve(value, world.lookup)
        except NotThere:
            continue
    return found


def _wait(world: World, journal: Journal, step: Step, planned: Planned) -> Row | None:
    """The first call that turns out as it should; else the last one that was made at all."""
    others: list[Row] = []

    def wanted(row: Row) -> bool:
        if not _is_about(world, step, row):
            return False
        if _turns_out(step, row):
            return True
        others.append(row)
        return False

    def ended() -> bool:
        return planned.task is not None and _state(world, planned.task)[0] in ("done", "failed")

    within = float(step.said.get("within", world.lane.patience_s))
    return journal.await_row(wanted, within, ended) or (others[-1] if others else None)


def _is_about(world: World, step: Step, row: Row) -> bool:
    act = act_of(step.said["call"])
    if row.leg != "hospital" or act_of(row.infno) != act:
        return False
    if act in WITHOUT_PERSON:
        return bool(row.institution == world.places[world.place]["code"])
    person, said = world.people[world.role], Fields(row.said().get("input") or {})
    shown = {person["psn_no"], person["certno"], person.get("card_no"), person.get("credential_token")}
    named = any(said.get(name) in shown for name in ("psn_no", "certno", "mdtrt_cert_no"))
    return named or bool(row.psn_no == person["psn_no"])


def _turns_out(step: Step, row: Row) -> bool:
    if step.said.get("lost"):
        return row.outcome == "dropped"
    wanted = FAILURE if refusals(step) else str(step.said.get("expect", {}).get("infcode", SUCCESS))
    return row.outcome != "dropped" and same(wanted, row.answered().get("infcode"))


def _request_differences(world: World, step: Step, planned: Planned, row: Row) -> list[Difference]:
    """Where the message says something else than was asked for: places, overridden fields, charges."""
    message, place, infno = row.said(), world.places[world.place], row.infno
    person = world.people[world.role]
    head = {"fixmedins_code": place["code"], "mdtrtarea_admvs": place["area"]}
    if act_of(infno) not in WITHOUT_PERSON:
        head["insuplc_admdvs"] = world.insurance_of(planned.visit).get("insured_at") or person["insured_at"]
    found = [each for name, value in head.items() for each in compare(name, value, message.get(name), infno=infno)]
    said = Fields(message.get("input") or {})
    for name, value in _resolved(world, step).items():
        field = name.rpartition(".")[2]
        found += compare(
            name, value if not isinstance(value, Mapping) else value.get("text"), said.get(field), infno=infno
        )
    if act_of(infno) == "charge":
        found += _line_differences(planned.body.get("feedetail") or [], said.get("feedetail") or [], infno)
    return found


def _line_differences(wanted: list[Any], got: list[Any], infno: str) -> list[Difference]:
    """Charges are compared as a set: which item, how many, at what price."""

    def key(row: Mapping[str, Any]) -> str:
        count, price = (format((as_number(row.get(name)) or Decimal(0)).normalize(), "f") for name in ("cnt", "pric"))
        return f"{row.get('med_list_codg')} {count} × {price}"

    left = [key(row) for row in got]
    missing = []
    for each in map(key, wanted):
        if each in left:
            left.remove(each)
        else:
            missing.append(each)
    if not missing and not left:
        return []
    return [Difference("feedetail", plain("; ".join(missing) or "-"), plain("; ".join(left) or "-"), infno)]


def _adopt(planned: Planned, message: Mapping[str, Any]) -> None:
    """From here on the numbers are those that the hospital itself has given out."""
    said = message.get("input") or {}
    number = Fields(said).get("ipt_otp_no")
    if isinstance(number, str) and number:
        planned.visit.number = number
    rows = said.get("feedetail")
    if planned.batch is not None and isinstance(rows, list) and rows and isinstance(rows[0], Mapping):
        planned.batch.number = str(rows[0].get("chrg_bchno") or planned.batch.number)
        planned.batch.lines = [dict(row) for row in rows]


def _as_sent(row: Row) -> Sent:
    lost = row.outcome == "dropped"
    return Sent(row.infno, row.msgid, row.request.encode(), None if lost else row.answer.encode(), 0 if lost else 200)


def _did_not_come(world: World, step: Step, planned: Planned) -> Difference:
    infno = step.said["call"]
    why: Text = text("harness.nothing_came")
    if planned.task is not None:
        state, note = _state(world, planned.task)
        why = text("harness.task_state", state=text(f"harness.task_{state}"), note=note or "-")
    elif step.said.get("unprompted"):
        why = text("harness.should_by_itself")
    return Difference(infno, text("harness.a_message", infno=infno), why, infno)


def _close(world: World, step: Step, planned: Planned) -> None:
    """A task all of whose messages came is done, whoever forgot to say so."""
    mine = [number for number, each in world.planned.items() if each.task == planned.task]
    if planned.task is not None and step.number == mine[-1] and _state(world, planned.task)[0] == "open":
        world.sandbox.control("PUT", f"tasks/{planned.task}", {"state": "done"})


def _state(world: World, number: int) -> tuple[str, str]:
    for each in world.sandbox.control("GET", "tasks")["tasks"]:
        if each["id"] == number:
            return each["state"], str(each.get("note") or "")
    return "-", ""
