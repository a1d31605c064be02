"""Steps out of exchanges: each message against what a hospital of the harness would have sent in its place.

The harness's own book of visits is led through the recorded answers, so what a template fills in by itself needs no
word, and only what differs is written down.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.capture.exchanges import RecordedExchange, Recording
from simulator.capture.fields import ABSENT, amounts, leaves, masked, odd_total, same_on_the_wire, walk
from simulator.capture.people import Captured, moment_of
from simulator.core.errors import SetupError
from simulator.core.masking import is_identity_field, mask_text
from simulator.core.texts import Text, text
from simulator.harness.environment.client import connect
from simulator.harness.environment.envelope_codec import Sent, write_json
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.hospital_calls import body_of, keep, open_charges
from simulator.harness.execution.journey import VisitRecord
from simulator.harness.execution.run_context import RunContext
from simulator.harness.scenario.definition import SELF, Scenario, ScenarioStep
from simulator.harness.scenario.expressions import as_number, is_expression
from simulator.harness.templates import act_of, template, templates, value_of

VOLATILE = (
    *("ipt_otp_no", "chrg_bchno", "feedetl_sn", "begntime", "endtime", "fee_ocur_time", "diag_time", "opter"),
    *("atddr_no", "dr_name", "dept_code", "dept_name", "caty", "diag_dept", "dise_dor_no", "dise_dor_name"),
    *("bilg_dept_codg", "bilg_dept_name", "bilg_dr_codg", "bilg_dr_name", "diag_dr_codg", "diag_dr_name", "opter_no"),
    *("mac", "ip", "ide_fixmedins_name"),
)
"""Fields with times, staff and numbers of the hospital itself, which follow from the replay."""
_SHORTEST_NUMBER = 8
"""Letters of a value that is taken for a number given by an earlier answer, and not for a code."""
_PER_LINE = ("med_list_codg", "cnt", "pric")


_PLACE = re.compile(r"[A-Z][0-9]{11}")


@dataclass(slots=True)
class Step:
    """Step of the scenario to be, with the remarks that stand beside it."""

    said: dict[str, Any]
    remark: Text | None = None
    name: str = ""
    """Name under which its answer can be kept."""
    number: int = 0
    """Number of the message that it stands for."""


@dataclass(slots=True)
class Capture:
    """Content of a scenario file."""

    recording: Recording
    people: Sequence[Captured]
    places: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    untold: list[Text] = field(default_factory=list)
    """Sentences about what could not be captured, each with the number of its message."""
    clock: str = ""


def captured(recording: Recording, people: Sequence[Captured]) -> Capture:
    """The scenario in a recording; raises SetupError where no person is named or no time is told."""
    capture = Capture(recording, people, untold=[*recording.unread, *(one for each in people for one in each.assumed)])
    if not people:
        raise SetupError(text("capture.nobody"))
    for each in recording.exchanges:
        code = str(each.request.get("fixmedins_code") or "")
        if _PLACE.fullmatch(code) and code not in capture.places.values():
            capture.places["hospital" if not capture.places else f"hospital{len(capture.places) + 1}"] = code
    capture.clock = next((moment for each in recording.exchanges if (moment := moment_of(each))), "")
    if not capture.clock:
        raise SetupError(text("capture.no_time"))
    _Book(capture).write()
    return capture


class _Book:
    """The hospital's book led through the recording."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        roles = {each.role: each.facts for each in capture.people}
        scenario = Scenario("capture", "", text("capture.title"), capture.clock, roles, capture.places, ())
        # Nothing is sent: whatever the book learns, it learns from recorded answers.
        sandbox = connect("http://127.0.0.1:9").sandbox("capture")
        self._context = RunContext(scenario, Mode(SELF), sandbox, run="C", now=capture.clock.replace("T", " "))
        self._context.people = {each.role: dict(each.wire) for each in capture.people}
        self._given: dict[str, tuple[Step, str]] = {}
        self._msgids: dict[str, Step] = {}
        self._number = 0

    def write(self) -> None:
        """Fills in the steps."""
        for each in self._capture.recording.exchanges:
            why = self._why_not(each)
            if why is not None:
                self._untold(each, why)
                continue
            self._look_at_clock(each)
            self._write(each)

    def _why_not(self, each: RecordedExchange) -> Text | None:
        """Reason why a message cannot be a step; None where it can."""
        if each.infno not in templates():
            return text("capture.no_template")
        if not isinstance(each.request.get("input"), Mapping):
            return text("capture.no_input")
        if not self._place_of(each):
            return text("capture.no_place")
        # In a scenario such a text would be looked up, not sent.
        if any(is_expression(value) for _, value in walk(each.request)):
            return text("capture.expression")
        return None

    def _untold(self, each: RecordedExchange, why: Text) -> None:
        self._capture.untold.append(text("capture.untold", number=each.number, infno=each.infno, why=why))

    def _look_at_clock(self, each: RecordedExchange) -> None:
        moment = moment_of(each)
        if moment and moment.replace("T", " ") != self._context.now:
            self._capture.steps.append(Step({"clock": moment}, number=each.number))
            self._context.now = moment.replace("T", " ")

    def _write(self, each: RecordedExchange) -> None:
        context, body = self._context, each.request["input"]
        said: dict[str, Any] = {"call": each.infno}
        self._number += 1
        step = Step(said, name=f"answer{each.number}", number=each.number)
        role = self._role_of(each)
        if role and (len(self._capture.people) > 1):
            said["for"] = role
        place = self._place_of(each)
        self._places_known(place, each)
        if place and len(self._capture.places) > 1:
            said["at"] = place
        act = act_of(each.infno)
        if act == "register":
            step.name = said["save"] = f"visit{sum(bool(one.said.get('save')) for one in self._capture.steps) + 1}"
        else:
            self._name_visit(each, said)
        if act == "charge":
            said["charges"] = self._charges(each)
        self._voucher(each, said)
        visit = context.visit_for(_as_step(said), act)
        if act in ("ask_entitlement", "describe", "register_disease", "settle", "preview"):
            self._announce(each, said, visit)
        batch = open_charges(context, _as_step(said), visit)
        facts = context.facts(_as_step(said), visit)
        self._adopt(visit, batch, body, act)
        filled = body_of(context, _as_step(said), facts, each.infno)
        self._compare(each, said, filled)
        self._head(each, said, facts.person)
        self._outcome(each, step, act)
        sent = Sent(each.infno, str(each.request.get("msgid") or ""), write_json(each.request), _raw(each.answer))
        keep(context, _as_step(said), sent, visit, batch)
        self._msgids.setdefault(sent.msgid, step)
        self._learn(each, step)
        self._capture.steps.append(step)

    def _role_of(self, each: RecordedExchange) -> str:
        body, people = each.request["input"], self._capture.people
        shown = [value_of(body, name) for name in ("psn_no", "certno", "mdtrt_cert_no")]
        answered = value_of((each.answer or {}).get("output"), "psn_no")
        found = next((one.role for one in people if any(map(one.shows, [*shown, answered]))), "")
        if not found and any(shown):
            self._untold(each, text("capture.unknown_person"))
        return found

    def _place_of(self, each: RecordedExchange) -> str:
        code = each.request.get("fixmedins_code")
        return next((name for name, one in self._capture.places.items() if one == code), "")

    def _places_known(self, place: str, each: RecordedExchange) -> None:
        head = each.request
        code = self._capture.places.get(place, "")
        about = {"code": code, "name": head.get("fixmedins_name"), "area": head.get("mdtrtarea_admvs")}
        self._context.places.setdefault(place, about)

    def _name_visit(self, each: RecordedExchange, said: dict[str, Any]) -> None:
        """Says which visit and batch a message is about, where it is not the latest."""
        body, context = each.request["input"], self._context
        mdtrt, setl, batch = (value_of(body, name) for name in ("mdtrt_id", "setl_id", "chrg_bchno"))
        for name, visit in context.visits.items():
            batches = {key: one for key, one in visit.batches.items() if setl and one.setl_id == setl}
            batches |= {key: one for key, one in visit.batches.items() if batch and one.number == batch}
            if batches or (mdtrt and visit.mdtrt_id == mdtrt):
                if name != context.latest_visit.get(said.get("for") or self._only_role()):
                    said["of"] = name
                key = next(iter(batches), "")
                if key and key != visit.latest and act_of(each.infno) != "charge":
                    said["batch"] = key
                return

    def _only_role(self) -> str:
        return self._context.role or next(iter(self._context.people), "")

    def _charges(self, each: RecordedExchange) -> list[dict[str, Any]]:
        rows = each.request["input"].get("feedetail")
        listed = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        return [{name: row[name] for name in _PER_LINE if name in row} | odd_total(row) for row in listed]

    def _voucher(self, each: RecordedExchange, said: dict[str, Any]) -> None:
        kind = value_of(each.request["input"], "mdtrt_cert_type")
        if kind in ("01", "03"):
            said["shows"] = "token" if kind == "01" else "card"
            person = self._context.people[said.get("for") or self._only_role()]
            shown = value_of(each.request["input"], "mdtrt_cert_no")
            person["credential_token" if kind == "01" else "card_no"] = shown

    def _announce(self, each: RecordedExchange, said: dict[str, Any], visit: VisitRecord) -> None:
        """Fields that begin something in the book: disease, kind of care, use of the account."""
        names = ("med_type", "dise_codg", "opsp_dise_code", "opsp_dise_name", "acct_used_flag")
        known = {"med_type": visit.med_type, "dise_codg": visit.disease}
        batch = visit.batch(str(said.get("batch") or ""))
        known["acct_used_flag"] = batch.acct_used_flag if batch is not None else "1"
        wanted = template(each.infno).input
        for name in names:
            value = value_of(each.request["input"], name)
            if isinstance(value, str) and name in str(wanted) and value != known.get(name):
                said.setdefault("with", {})[name] = value

    def _adopt(self, visit: VisitRecord, batch: Any, body: Mapping[str, Any], act: str) -> None:
        """Takes over the numbers that the hospital has given out, so that later messages are known by them."""
        if act == "register" and isinstance(number := value_of(body, "ipt_otp_no"), str):
            visit.number = number
        if act == "charge" and batch is not None and isinstance(number := value_of(body, "chrg_bchno"), str):
            batch.number = number

    def _compare(self, each: RecordedExchange, said: dict[str, Any], filled: Mapping[str, Any]) -> None:
        """Writes down every field in which the message differs from what the template fills in."""
        changes: dict[str, Any] = said.get("with", {})
        without: list[str] = []
        for path, wanted, got in leaves(filled, each.request["input"]):
            name = path.rpartition(".")[2]
            if name in VOLATILE or same_on_the_wire(wanted, got) or masked(name, wanted, got):
                continue
            if got is ABSENT:
                without.append(path)
            elif got not in _NOTHING and (is_identity_field(name) or self._names_somebody(got)):
                self._untold(each, text("capture.identity", field=path))
            elif isinstance(got, Mapping | list):
                self._untold(each, text("capture.whole_node", field=path))
            else:
                changes[path] = self._value(got)
        if changes:
            said["with"] = changes
        if without:
            said["without"] = without

    def _names_somebody(self, got: Any) -> bool:
        """True for a text that holds an identity without being a reference to it."""
        if not isinstance(got, str) or self._value(got) != _as_text(got):
            return False
        held = [str(value) for one in self._capture.people for name, value in one.wire.items() if _tells(name)]
        return mask_text(got) != got or any(len(value) > 1 and value in got for value in held)

    def _value(self, got: Any) -> Any:
        """A value as a scenario writes it: from an earlier answer where one gave it."""
        if isinstance(got, str):
            for person in self._context.people:
                for name, value in self._context.people[person].items():
                    if value == got and name in ("psn_no", "certno", "psn_name", "card_no", "credential_token"):
                        return f"${person}.{name}"
            if got in self._msgids:
                return f"${_saved(self._msgids[got])}.msgid"
            if len(got) >= _SHORTEST_NUMBER and got in self._given:
                step, path = self._given[got]
                return f"${_saved(step)}.{path}"
            return _as_text(got)
        return {"number": str(got)} if isinstance(got, int | Decimal) and not isinstance(got, bool) else got

    def _head(self, each: RecordedExchange, said: dict[str, Any], person: Mapping[str, Any]) -> None:
        head: dict[str, Any] = {}
        place = self._context.places[self._context.place]
        for name, wanted in (("insuplc_admdvs", person.get("insured_at")), ("mdtrtarea_admvs", place["area"])):
            got = each.request.get(name)
            if got != wanted and got is not None:
                head[name] = got
        msgid = str(each.request.get("msgid") or "")
        if msgid in self._msgids:
            head["msgid"] = f"${_saved(self._msgids[msgid])}.msgid"
        if head:
            said["head"] = head

    def _outcome(self, each: RecordedExchange, step: Step, act: str) -> None:
        said = step.said
        step.remark = text("capture.from_message", number=each.number)
        if each.answer is None:
            fault = {"control": "POST faults", "body": {"at": "hospital", "infno": each.infno, "what": _LOST}}
            self._capture.steps.append(Step(fault, text("capture.lost", number=each.number), number=each.number))
            said["lost"] = True
        elif not each.accepted:
            if each.rules:
                said["refused"] = each.rules[0] if len(each.rules) == 1 else list(each.rules)
            else:
                said["expect"] = {"infcode": str(each.answer.get("infcode"))}
                self._untold(each, text("capture.refused_unnamed"))
        elif each.rules:
            self._untold(each, text("capture.finding", rules=", ".join(each.rules)))
        elif act in ("preview", "settle", "cancel", "ask_accumulators", "identify"):
            literal = dict(amounts(each.answer.get("output")))
            if literal:
                said["literal"] = literal

    def _learn(self, each: RecordedExchange, step: Step) -> None:
        """Numbers in an answer, by which later messages may name it."""
        output = (each.answer or {}).get("output")
        for path, value in walk(output):
            if isinstance(value, str) and len(value) >= _SHORTEST_NUMBER:
                self._given.setdefault(value, (step, path))


def _tells(name: str) -> bool:
    """True for a field whose value tells a person from others."""
    return name == "psn_no" or is_identity_field(name)


_NOTHING = ("", None, "null")
"""Values of an identity field that point at no person."""
_LOST = "drop_after_commit"


def _as_step(said: Mapping[str, Any]) -> ScenarioStep:
    return ScenarioStep("call", "1", said, "", 1, "", "")


def _as_text(got: str) -> Any:
    """A text that stays a text where the template has a number."""
    return {"text": got} if as_number(got) is not None else got


def _raw(answer: Mapping[str, Any] | None) -> bytes | None:
    return None if answer is None else write_json(answer)


def _saved(step: Step) -> str:
    step.said.setdefault("save", step.name)
    return str(step.said["save"])
