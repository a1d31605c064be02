"""Judges one exchange against what its step says, and names the likely cause from what the platform found."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.harness.client import ControlRefused
from simulator.harness.expressions import as_number
from simulator.harness.legs import Row
from simulator.harness.matching import Difference, compare, differences
from simulator.harness.results import StepResult
from simulator.harness.scenario import Step
from simulator.harness.templates import act_of
from simulator.harness.wire import Sent
from simulator.harness.world import World, record_of
from simulator.texts import Text, plain, text

SUCCESS, FAILURE = "0", "-1"
BY_AGENCY = "agency_refused"
"""The rule of a refusal that the insured place gave in its own words."""
_MOST_CAUSES = 3


def judge(world: World, step: Step, sent: Sent, rows: Sequence[Row], result: StepResult) -> None:
    """Puts the differences of an exchange into the step's result, each with its likely causes."""
    blamed = _blamed(rows)
    found = _outcome(world, step, sent, rows)
    accepted = not found and sent.body.get("infcode") is not None
    if accepted and str(sent.body["infcode"]) == SUCCESS and act_of(sent.infno) == "settle":
        result.award = _settlement(world, str(record_of(sent).get("setl_id") or ""))
    if not found:
        found = _fields(world, step, sent, rows, result)
    result.rule = str(blamed[0]["rule"]) if blamed and found else ""
    causes = list(map(_finding_text, blamed[:_MOST_CAUSES])) or award_reasons(result.award)
    first = str(blamed[0]["path"]).rpartition("/")[2] if blamed else ""
    # What the others follow from is told first.
    found.sort(key=lambda each: each.path.rpartition(".")[2] != first)
    result.differences += [each.because([*each.causes, *causes]) for each in found]


def refusals(step: Step) -> tuple[str, ...]:
    """The rules for which a step's message must be refused; () when it must not."""
    said = step.said.get("refused")
    if said is None:
        return ()
    return (said,) if isinstance(said, str) else tuple(said)


def _outcome(world: World, step: Step, sent: Sent, rows: Sequence[Row]) -> list[Difference]:
    """Whether it was answered at all, and accepted or refused as it should be."""
    if step.said.get("lost"):
        if sent.lost:
            return []
        return [Difference("infcode", text("harness.no_answer"), plain(str(sent.body.get("infcode"))), sent.infno)]
    if sent.lost:
        why = text("harness.answer_lost", problem=sent.problem or "-")
        return [Difference("infcode", plain(SUCCESS), why, sent.infno)]
    rules = refusals(step)
    wanted = FAILURE if rules else step.said.get("expect", {}).get("infcode", SUCCESS)
    found = compare("infcode", wanted, sent.body.get("infcode"), infno=sent.infno)
    if found:
        told = str(sent.body.get("err_msg") or "")
        known = any(told == each["message"]["zh"] for row in rows for each in row.findings)
        return [each.because([plain(told)]) if told and not known else each for each in found]
    if not rules:
        return []
    return _reasons(world, sent, rows, rules) or _named(step, sent, rows)


def _reasons(world: World, sent: Sent, rows: Sequence[Row], rules: tuple[str, ...]) -> list[Difference]:
    """The refusal names each rule; one that the insured place gave itself need not be in our words."""
    found = _rules(rows)
    if _in_their_words(world, rows):
        return []
    return [
        Difference("rule", plain(rule), plain(", ".join(found) or "-"), sent.infno, (plain(str(sent.body["err_msg"])),))
        for rule in rules
        if rule not in found
    ]


def _rules(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(str(each["rule"]) for row in rows for each in row.findings))


def _in_their_words(world: World, rows: Sequence[Row]) -> bool:
    """Whether the insured place refused by itself: neither rule nor wording need be ours."""
    return BY_AGENCY in _rules(rows) and any(map(world.lane.answers_itself, world.scenario.insured_areas))


def _named(step: Step, sent: Sent, rows: Sequence[Row]) -> list[Difference]:
    """Each field that the refusal must name is the subject of a finding."""
    found = [str(each["path"]).rpartition("/")[2].rpartition(".")[2] for row in rows for each in row.findings]
    return [
        Difference(field, text("harness.named"), plain(", ".join(dict.fromkeys(found)) or "-"), sent.infno)
        for field in step.said.get("named", ())
        if field not in found
    ]


def _fields(world: World, step: Step, sent: Sent, rows: Sequence[Row], result: StepResult) -> list[Difference]:
    record = record_of(sent)
    left_out = ("infcode", "err_msg") if refusals(step) and _in_their_words(world, rows) else ("infcode",)
    wanted = {path: value for path, value in step.said.get("expect", {}).items() if path not in left_out}
    found = differences(wanted, record, world.lookup, infno=sent.infno)
    literal: Mapping[str, Any] = step.said.get("literal", {})
    if literal and world.literals:
        found += differences(literal, record, world.lookup, infno=sent.infno)
    elif literal:
        result.notes.append(text("harness.literals_give_way"))
    if step.said.get("award") == "expected" or (literal and not world.literals and result.award):
        told = {each.path for each in found}
        found += [each for each in award_differences(result.award, sent.infno) if each.path not in told]
    return found


def award_differences(settlement: Mapping[str, Any] | None, infno: str) -> list[Difference]:
    """Where the amounts answered are not those of the award that the rules give."""
    expected = (settlement or {}).get("expected")
    award = expected.get("award") if isinstance(expected, Mapping) else None
    if settlement is None or not isinstance(award, Mapping):
        return [Difference("award", text("harness.an_award"), text("harness.no_award"), infno)]
    answered = settlement["answered"]
    return [
        each
        for name, value in award.items()
        if name in answered
        for each in compare(name, _with_digits(value, answered[name]), answered[name], infno=infno)
    ]


def _with_digits(value: Any, like: Any) -> Any:
    """A number written with as many decimals as another, so that a person compares like with like."""
    one, other = as_number(value), as_number(like)
    if one is None or other is None:
        return value
    return format(one.quantize(other), "f") if one == one.quantize(other) else value


def _settlement(world: World, setl_id: str) -> Mapping[str, Any] | None:
    try:
        return world.sandbox.control("GET", f"settlements/{setl_id}") if setl_id else None
    except ControlRefused:
        return None


def _blamed(rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    """What the platform found on the message that may be the cause, the worst first."""
    order = {"error": 0, "warning": 1}
    found = [each for row in rows for each in row.findings if each["severity"] in order]
    return sorted(found, key=lambda each: order[each["severity"]])


def _finding_text(finding: Mapping[str, Any]) -> Text:
    message = finding["message"]
    rule = finding["rule"]
    return Text(f"{rule}：{message['zh']}", f"{rule}: {message['en']}")


def award_reasons(settlement: Mapping[str, Any] | None) -> list[Text]:
    """The steps of the award, one sentence each."""
    expected = (settlement or {}).get("expected")
    steps = expected.get("steps", ()) if isinstance(expected, Mapping) else ()
    return [Text(each["sentence"]["zh"], each["sentence"]["en"]) for each in steps if "sentence" in each]
