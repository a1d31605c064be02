"""The messages of a rehearsal, conversation by conversation, with what scenarios and a second opinion say of them."""

import copy
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache

from simulator.contract import contract_of
from simulator.contract.checking import Checking
from simulator.contract.checking.memory import Remembered
from simulator.contract.recordings import RecordedLeg, legs_of
from simulator.harness.execution.exchange_judging import refusals
from simulator.harness.scenario.library import load
from tests.support.arithmetic import SCOPE, dates, spans
from tests.support.oracle import Rows

SPOILT = {"total_differs": ("medfee_sumamt",), "scope_differs": SCOPE}
"""Refusals of the trade that a recording shows too, where the step itself spoils one of these fields."""
SHOWS_AS = {"total_differs": "identity_batch", "scope_differs": "identity_repeated"}

SHOWN_BY_ITSELF = {
    "charge_amount_differs": ("identity_line", "det_item_fee_sumamt"),
    "ends_before_it_begins": ("dates_order", "enddate"),
}
"""Refusals of the trade that one message shows without any other."""


def entries(path):
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@cache
def steps():
    """By scenario and number: every step of the shipped scenarios."""
    return {(each.id, step.number): step for each in load([]) for step in each.steps}


def declared(entry):
    """What a scenario says is wrong with a recorded request, in the words of the check: (rule, field) pairs."""
    step = steps().get((entry["scenario"], entry["step"]))
    if garbled(entry):
        return {("not_json", "")}
    if step is not None and step.verb == "probe" and entry["leg"] == "agency":
        if step.said.get("malformed") == "unlisted":
            return {("transaction", "infno")}
        return {("msgid_twice", "msgid")} if spends_again(entry["scenario"], step) else set()
    if step is None or step.verb != "call" or entry["leg"] != "hospital":
        return set()
    said, found = step.said, set()
    for rule in refusals(step):
        if rule.startswith("contract."):
            fields = said.get("named") or said.get("without") or [*said.get("with", {})]
            found |= {(rule.removeprefix("contract."), field) for field in fields}
        elif rule == "message":
            found.add(("not_json", ""))
        elif rule == "msgid_other_body":
            found.add(("msgid_twice", "msgid"))
        elif rule == "infno_not_served" and "infno" in said.get("head", {}):
            found |= of_another_kind(entry, said["call"], said["head"]["infno"])
        found |= {SHOWN_BY_ITSELF[rule]} if rule in SHOWN_BY_ITSELF else set()
        found |= {(SHOWS_AS[rule], each) for each in SPOILT.get(rule, ()) if each in said.get("with", {})}
    return found


def garbled(entry):
    """Tells whether a fault on the way left an answer that is no message: cut short, garbled, or a page of HTML."""
    try:
        return bool(entry["answer"]) and not isinstance(json.loads(entry["answer"]), dict)
    except ValueError:
        return True


def spends_again(scenario, step):
    """Tells whether a probe sends another content under a spent msgid; a refusal before it has freed the msgid."""
    table, _, row = step.number.partition(".")
    before = [steps()[scenario, f"{table}.{each}"].said for each in range(1, int(row or 1))]
    freed = any(said.get("refused") and "msgid" not in said for said in before)
    return {"again", "with"} <= set(step.said) and "msgid" not in step.said and not freed


def of_another_kind(entry, made, named):
    """The nodes of a message that says it is of another transaction: those it should not have, those it lacks."""
    trees = rows(entry["edition"], entry["leg"]).trees
    own, other = (set(trees[number, "in"][""]["children"]) for number in (made, named))
    return {("unknown_node", node) for node in own - other} | {("node_missing", node) for node in other - own}


@cache
def rows(edition, side):
    return Rows(edition, ("agency",) if side == "agency" else ())


@cache
def contract_for(side, edition):
    return contract_of(edition, ("agency",) if side == "agency" else ())


@dataclass(frozen=True)
class Said:
    """One leg as a second opinion sees it, with the request that it answers."""

    leg: RecordedLeg
    asked: "Said | None" = None

    @property
    def number(self):
        return self.leg.envelope.get("infno") if self.leg.direction == "in" else self.asked.number

    @property
    def rows(self):
        side = "agency" if str(self.number).startswith("SIM-") else self.leg.side
        return rows(self.leg.spoken.edition, side)

    @property
    def served(self):
        return isinstance(self.number, str) and self.rows.serves(self.number)

    @property
    def refused(self):
        return self.leg.direction == "out" and str(self.leg.envelope.get("infcode")) != "0"

    @property
    def judged(self):
        """Whether what is inside `input` or `output` is looked at."""
        return self.served and not self.refused

    def with_envelope(self, envelope):
        return replace(self, leg=replace(self.leg, envelope=envelope))


def conversations(path):
    """The messages of every sandbox of a recording, in an order that two runs have in common.

    Those whose request was no message are left out.
    """
    found = defaultdict(dict)
    for leg in legs_of(path):
        if isinstance(leg, RecordedLeg) and (
            leg.direction == "in" or (leg.exchange, "in") in found[leg.spoken.sandbox]
        ):
            talk = found[leg.spoken.sandbox]
            talk[leg.exchange, leg.direction] = Said(leg, talk.get((leg.exchange, "in")))
    # What a run calls itself stands before the first hyphen.
    return [list(found[name].values()) for name in sorted(found, key=lambda name: name.partition("-")[2])]


def opinion(talk, said):
    """Everything that is wrong with one message of a conversation, which goes on with it."""
    return sorted([*alone(said), *between(talk, said)])


def apart(treated, insured):
    """Two places of a header are two cities by four digits, those of municipalities and the like by two (rules 11)."""
    if not all(isinstance(each, str) and each for each in (treated, insured)):
        return False
    digits = 2 if insured[:2] in ("11", "12", "31", "46", "50", "54", "66") else 4
    return treated[:digits] != insured[:digits]


def alone(said):
    """Breaches that a message shows by itself, and an answer beside its request."""
    envelope, direction = said.leg.envelope, said.leg.direction
    found = said.rows.head(envelope, direction)
    if not said.served and direction == "in":
        return [*found, ("transaction", "/infno")]
    if not said.judged:
        return found
    head = envelope if direction == "in" else said.asked.leg.envelope
    treated, insured = head.get("mdtrtarea_admvs"), head.get("insuplc_admdvs")
    inner = "input" if direction == "in" else "output"
    remote = apart(treated, insured)
    if direction == "in" and inner not in envelope:
        return found  # the header says that it is missing, once
    body = envelope.get(inner)
    found += said.rows.body(said.number, direction, body, remote=remote, insured=remote or bool(insured))
    pairs = _spans(said.rows, said.number, direction)
    return found + (dates(body, f"/{inner}", pairs) if pairs else [])


@cache
def _spans(of, number, direction):
    tree = of.trees.get((number, direction), {})
    return {at: pairs for at, node in tree.items() if (pairs := spans(node["rows"]))}


def between(talk, said):
    """Breaches that need an earlier message."""
    envelope, side = said.leg.envelope, said.leg.side
    if not said.served:
        return []
    if said.leg.direction == "in":
        return talk.asked(side, said.number, envelope.get("msgid"), envelope.get("input"))
    asked, output = said.asked.leg.envelope, envelope.get("output")
    msgid = str(asked.get("msgid"))
    return talk.answered(side, said.number, asked.get("input"), output, refused=said.refused, msgid=msgid)


def checked(checking, said):
    """What the product finds in one message, as the second opinion says it."""
    return sorted((found.fault.rule, found.fault.path) for found in checking.leg(said.leg) if found.severity == "error")


def fork(checking):
    """A run that goes on from here and leaves the other where it is."""
    memory = checking.memory
    own = copy.copy(memory)
    for name in ("pre_settled", "settled", "msgids"):
        setattr(own, name, Remembered(getattr(memory, name).entries.copy()))
    charges = memory.charges.entries
    own.charges = Remembered(copy.deepcopy(charges) if charges else charges.copy())
    waiting = checking.waiting.copy()
    return Checking(contract_for, strict=True, memory=own, waiting=waiting, messages=checking.messages)
