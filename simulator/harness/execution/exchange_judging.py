"""Judges one exchange against what its step says, and names the likely cause from what the platform found."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.core.texts import Text, plain, text
from simulator.harness.environment.client import ControlRefused
from simulator.harness.environment.envelope_codec import Sent
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.matching import Mismatch, compare, differences
from simulator.harness.execution.results import StepResult
from simulator.harness.execution.run_context import RunContext, record_of
from simulator.harness.scenario.definition import ScenarioStep
from simulator.harness.scenario.expressions import as_number
from simulator.harness.templates import act_of

SUCCESS, FAILURE = "0", "-1"
BY_AGENCY = "agency_refused"
"""The rule of a refusal that the insured place gave in its own words."""
_MOST_CAUSES = 3
_RATIO = "pool_prop_selfpay"


def judge(context: RunContext, step: ScenarioStep, sent: Sent, rows: Sequence[ObservedLeg], result: StepResult) -> None:
    """Puts the differences of an exchange into the step's result, each with its likely causes."""
    blamed = _blamed(rows)
    found = _outcome(context, step, sent, rows)
    accepted = not found and sent.body.get("infcode") is not None
    if accepted and str(sent.body["infcode"]) == SUCCESS and act_of(sent.infno) in ("settle", "settle_stay"):
        result.award = _settlement(context, str(record_of(sent).get("setl_id") or ""))
    if not found:
        found = _fields(context, step, sent, rows, result)
    result.rule = str(blamed[0]["rule"]) if blamed and found else ""
    causes = list(map(finding_text, blamed[:_MOST_CAUSES])) or award_reasons(result.award)
    first = str(blamed[0]["path"]).rpartition("/")[2] if blamed else ""
    # What the others follow from is told first.
    found.sort(key=lambda each: each.path.rpartition(".")[2] != first)
    result.differences += [each.because([*each.causes, *causes]) for each in found]


def refusals(step: ScenarioStep) -> tuple[str, ...]:
    """The rules for which a step's message must be refused; () when it must not."""
    said = step.said.get("refused")
    if said is None:
        return ()
    return (said,) if isinstance(said, str) else tuple(said)


def _outcome(context: RunContext, step: ScenarioStep, sent: Sent, rows: Sequence[ObservedLeg]) -> list[Mismatch]:
    """Differences between the outcome and the step: answered or lost, accepted or refused."""
    if step.said.get("lost"):
        if sent.lost:
            return []
        return [Mismatch("infcode", text("harness.no_answer"), plain(str(sent.body.get("infcode"))), sent.infno)]
    if sent.lost:
        why = text("harness.answer_lost", problem=sent.problem or "-")
        return [Mismatch("infcode", plain(SUCCESS), why, sent.infno)]
    rules = refusals(step)
    wanted = FAILURE if rules else step.said.get("expect", {}).get("infcode", SUCCESS)
    found = compare("infcode", wanted, sent.body.get("infcode"), infno=sent.infno)
    if found:
        told = str(sent.body.get("err_msg") or "")
        known = any(told == each["message"]["zh"] for row in rows for each in row.findings)
        return [each.because([plain(told)]) if told and not known else each for each in found]
    if not rules:
        return []
    return _reasons(context, sent, rows, rules) or _named(step, sent, rows)


def _reasons(context: RunContext, sent: Sent, rows: Sequence[ObservedLeg], rules: tuple[str, ...]) -> list[Mismatch]:
    """Rules that the refusal does not name; a refusal by the insured place itself may use other words."""
    found = _rules(rows)
    if _in_their_words(context, rows):
        return []
    return [
        Mismatch(
            "rule",
            plain(rule),
            plain(", ".join(found) or "-"),
            sent.infno,
            (plain(str(sent.body.get("err_msg") or "")),),
        )
        for rule in rules
        if rule not in found
    ]


def _rules(rows: Sequence[ObservedLeg]) -> list[str]:
    return list(dict.fromkeys(str(each["rule"]) for row in rows for each in row.findings))


def _in_their_words(context: RunContext, rows: Sequence[ObservedLeg]) -> bool:
    """True where the insured place refused by itself: neither rule nor wording need be ours."""
    return BY_AGENCY in _rules(rows) and any(map(context.mode.answers_itself, context.scenario.insured_areas))


def _named(step: ScenarioStep, sent: Sent, rows: Sequence[ObservedLeg]) -> list[Mismatch]:
    """Each field that the refusal must name is the subject of a finding."""
    found = [str(each["path"]).rpartition("/")[2].rpartition(".")[2] for row in rows for each in row.findings]
    return [
        Mismatch(field, text("harness.named"), plain(", ".join(dict.fromkeys(found)) or "-"), sent.infno)
        for field in step.said.get("named", ())
        if field not in found
    ]


def _fields(
    context: RunContext, step: ScenarioStep, sent: Sent, rows: Sequence[ObservedLeg], result: StepResult
) -> list[Mismatch]:
    record = record_of(sent)
    left_out = ("infcode", "err_msg") if refusals(step) and _in_their_words(context, rows) else ("infcode",)
    wanted = {path: value for path, value in step.said.get("expect", {}).items() if path not in left_out}
    found = differences(wanted, record, context.lookup, infno=sent.infno)
    literal: Mapping[str, Any] = step.said.get("literal", {})
    if literal and context.literals:
        found += differences(literal, record, context.lookup, infno=sent.infno)
    elif literal:
        result.notes.append(text("harness.literals_give_way"))
    if step.said.get("award") == "expected" or (literal and not context.literals and result.award):
        told = {each.path for each in found}
        found += [each for each in award_differences(result.award, sent.infno) if each.path not in told]
    return found


def award_differences(settlement: Mapping[str, Any] | None, infno: str) -> list[Mismatch]:
    """Differences between the amounts answered and the award by the rules."""
    expected = (settlement or {}).get("expected")
    award = expected.get("award") if isinstance(expected, Mapping) else None
    if settlement is None or not isinstance(award, Mapping):
        return [Mismatch("award", text("harness.an_award"), text("harness.no_award"), infno)]
    answered = settlement["answered"]
    left_out = () if _lies_above_the_deductible(award) else (_RATIO,)
    return [
        each
        for name, value in award.items()
        if name in answered and name not in left_out
        for each in compare(name, _with_digits(value, answered[name]), answered[name], infno=infno)
    ]


def _lies_above_the_deductible(award: Mapping[str, Any]) -> bool:
    """True where the pool's ratio applies to an amount; else it is not judged (rules 31)."""
    in_scope, deductible = (as_number(award.get(name)) for name in ("inscp_scp_amt", "act_pay_dedc"))
    return in_scope is None or deductible is None or in_scope > deductible


def _with_digits(value: Any, like: Any) -> Any:
    """A number written with as many decimals as another, so that a person compares like with like."""
    one, other = as_number(value), as_number(like)
    if one is None or other is None:
        return value
    return format(one.quantize(other), "f") if one == one.quantize(other) else value


def _settlement(context: RunContext, setl_id: str) -> Mapping[str, Any] | None:
    try:
        return context.sandbox.control("GET", f"settlements/{setl_id}") if setl_id else None
    except ControlRefused:
        return None


def _blamed(rows: Sequence[ObservedLeg]) -> list[Mapping[str, Any]]:
    """Findings on the message that may be the cause, the worst first."""
    order = {"error": 0, "warning": 1}
    found = [each for row in rows for each in row.findings if each["severity"] in order]
    return sorted(found, key=lambda each: order[each["severity"]])


def finding_text(finding: Mapping[str, Any]) -> Text:
    """Sentence of a finding, its rule after it."""
    message = finding["message"]
    rule = finding["rule"]
    return Text(f"{message['zh']}（{rule}）", f"{message['en']} ({rule})")


def award_reasons(settlement: Mapping[str, Any] | None) -> list[Text]:
    """The steps of the award, one sentence each."""
    expected = (settlement or {}).get("expected")
    steps = expected.get("steps", ()) if isinstance(expected, Mapping) else ()
    return [Text(each["sentence"]["zh"], each["sentence"]["en"]) for each in steps if "sentence" in each]
