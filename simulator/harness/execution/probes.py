"""A `probe`: the platform sends a message to a person's agency past its own guards, and their books are compared."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from simulator.core.texts import plain, text
from simulator.harness.execution.exchange_judging import finding_text
from simulator.harness.execution.hospital_calls import body_of, header
from simulator.harness.execution.journal_reader import Journal
from simulator.harness.execution.matching import Mismatch, compare, differences
from simulator.harness.execution.results import StepResult
from simulator.harness.execution.run_context import RunContext
from simulator.harness.scenario.definition import ScenarioStep
from simulator.harness.scenario.expressions import Fields, NotThere, resolve
from simulator.harness.templates import override, remove

ACCEPTED, REFUSED = "0", "-1"
SAME, NEW = "same", "new"
_WAYS_OF_SENDING = ("at_once", "malformed", "reversed_at_once")
_EITHER_OUTCOME = {"malformed", "reversed_at_once"}
"""Ways of sending where the answer depends on the way or on which message came first; the findings judge it."""


def probe(context: RunContext, journal: Journal, step: ScenarioStep, result: StepResult) -> None:
    """Has the platform send the message of a step, and judges outcome, findings and the person's books."""
    person = context.person_of(step)
    asked = {"message": _message(context, step)}
    asked |= {name: step.said[name] for name in _WAYS_OF_SENDING if name in step.said}
    asked |= _beside(context, step)
    told = context.sandbox.control("POST", f"agencies/{person['insured_at']}/messages", asked)
    # Beside others nobody's books are left out.
    about = {} if "beside" in step.said else {"psn_no": person["psn_no"]}
    books = context.sandbox.control("POST", "books", about)
    journal.look()
    row = journal.take(lambda each: each.leg == "agency" and each.exchange == told["exchange"])
    result.legs += [row.shown()] if row is not None else []
    record = Fields(
        {
            **(told["output"] if isinstance(told["output"], Mapping) else {}),
            "agency": {
                "msgid": told["msgid"],
                "request": row.said() if row else {},
                "answer": row.answered() if row else {},
            },
            **{name: told[name] for name in ("msgid", "infcode", "err_msg", "output")},
        }
    )
    infno = str(step.said["probe"])
    wanted = REFUSED if step.said.get("refused") else ACCEPTED
    found = [each for each in (*told["findings"], *books["findings"]) if each["severity"] == "error"]
    causes = [finding_text(each) for each in found]
    result.rule = str(found[0]["rule"]) if found else ""
    unequal = [] if step.said.keys() & _EITHER_OUTCOME else _outcome(wanted, told, infno)
    unequal += differences(step.said.get("expect", {}), record, context.lookup, infno=infno)
    unequal += [_difference(each) for each in found]
    result.differences += [each.because([*each.causes, *causes]) for each in unequal]
    context.save(step, record)


def _beside(context: RunContext, step: ScenarioStep) -> dict[str, Any]:
    """The messages about other persons; afterwards the step's own person is the one spoken of."""
    if "beside" not in step.said:
        return {}
    role = context.role
    own = {name: value for name, value in step.said.items() if name not in ("beside", "with")}
    others = [_message(context, replace(step, said={**own, **row})) for row in step.said["beside"]]
    context.role = role
    return {"beside": others}


def _outcome(wanted: str, told: Mapping[str, Any], infno: str) -> list[Mismatch]:
    return compare("infcode", wanted, told["infcode"] or text("harness.no_answer").zh, infno=infno)


def _message(context: RunContext, step: ScenarioStep) -> dict[str, Any]:
    """The envelope: that of an earlier message, or one made like a hospital's, with what the step changes in it."""
    said = step.said
    if "again" in said:
        message = _earlier(resolve(said["again"], context.lookup), str(said["again"]))
        body = message["input"]
        override(body, resolve(said.get("with", {}), context.lookup))
        remove(body, said.get("without", []))
    else:
        facts = context.facts(step, context.visit_for(step, ""))
        body = body_of(context, step, facts, str(said["probe"]))
        message = {**header(context, facts), "msgid": ""}
    msgid = resolve(said.get("msgid", SAME), context.lookup)
    if msgid != SAME:
        message["msgid"] = "" if msgid == NEW else msgid
    message |= {"infno": said["probe"], **resolve(said.get("head", {}), context.lookup), "input": body}
    return {**message, "input": _WAYS[said["written"]](body)} if "written" in said else message


def _earlier(record: Any, written: str) -> dict[str, Any]:
    """A copy of the message as the agency saw it."""
    fields = record if isinstance(record, Mapping) else {}
    # A message of the platform itself, as `expect-incoming` saves it, is the agency's as it stands.
    seen = fields.get("agency", fields)
    request = seen.get("request") if isinstance(seen, Mapping) else None
    if not isinstance(request, Mapping) or not isinstance(request.get("input"), Mapping):
        raise NotThere(text("harness.not_forwarded", name=written))
    copied: dict[str, Any] = _copied(request)
    return copied


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _reordered(value: Any) -> Any:
    """The same with every object's keys in the opposite order."""
    if isinstance(value, Mapping):
        return {key: _reordered(value[key]) for key in reversed(list(value))}
    return [_reordered(inner) for inner in value] if isinstance(value, list) else value


def _fewer_decimals(value: Any) -> Any:
    """The same with 1.00 written as 1.0."""
    if isinstance(value, Mapping):
        return {key: _fewer_decimals(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fewer_decimals(inner) for inner in value]
    if isinstance(value, Decimal) and format(value, "f").endswith("0") and value.as_tuple().exponent == -2:
        return value.quantize(Decimal("0.1"))
    return value


_WAYS = {"reordered": _reordered, "decimals": _fewer_decimals}
"""Other ways of writing a message that says the same."""


def _difference(finding: Mapping[str, Any]) -> Mismatch:
    path = str(finding["path"]).strip("/").replace("/", ".")
    wanted, got = plain(str(finding["wanted"] or "-")), plain(str(finding["got"] or "-"))
    return Mismatch(f"{finding['rule']} {path}".strip(), wanted, got, str(finding["infno"]))
