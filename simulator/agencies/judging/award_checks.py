"""Checks of an answered award against the expected one; the first different amount identifies the rule.

A difference of policy is a finding, not a refusal: the insured place is the payer, and its answer is booked.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from simulator.agencies.judging.diagnosis import Diagnosis
from simulator.agencies.judging.likely_cause import NO_CAUSE, Cause, with_basis, with_cause
from simulator.agencies.judging.mistakes.question import AnsweredAmounts, Outcome, outcome_of
from simulator.benefit import Award, AwardStep
from simulator.contract import Edition
from simulator.contract.amounts import NAMES, fen_of
from simulator.core.errors import Refusal
from simulator.core.findings import ERROR, WARNING, Finding
from simulator.core.money import yuan
from simulator.core.texts import Text, text
from simulator.insured.answers import FUND_CODES, WIRE_AMOUNTS

CHAIN = (
    ("own_purchase", "scope"),
    ("above_ceiling", "scope"),
    ("prior_selfpay", "scope"),
    ("in_scope", "scope"),
    ("deductible", "deductible"),
    ("ratio", "ratio"),
    ("pool", "pool"),
    ("large_amount", "layers.large_amount"),
    ("major_illness", "layers.major_illness"),
    ("civil_servants", "layers.civil_servants"),
    ("enterprise", "layers.enterprise"),
    ("other", "layers.other"),
    ("assistance", "layers.assistance"),
    ("hospital", "hospital"),
    ("account", "account_pays"),
    ("personal", "result"),
)
"""Amounts of an award and their rules, in the order of derivation; the first different amount identifies the rule."""
_RATIO = "pool_prop_selfpay"
_PATH = "/output/setlinfo"


def answered_amounts(info: Mapping[str, Any]) -> AnsweredAmounts:
    """Amounts of a setlinfo in fen by the engine's names, and the pool's ratio (0-1) to four decimals."""
    amounts = {ours: fen_of(info.get(wire)) or 0 for ours, wire in WIRE_AMOUNTS.items()}
    return AnsweredAmounts(amounts, _ratio(info.get(_RATIO)), fen_of(info.get("balc")) or 0)


def outcome_of_award(expected: Award) -> Outcome:
    """Expected award as an answer would show it."""
    return outcome_of(expected, WIRE_AMOUNTS)


def judge_award(info: Mapping[str, Any], expected: Award, diagnosis: Diagnosis) -> list[Finding]:
    """Compares the amounts of a setlinfo in the order of CHAIN; the first difference is an error, later ones warnings.

    `diagnosis` has the mistakes that reproduce the answer; the rule named in the error is then the mistaken one.
    """
    got = answered_amounts(info)
    differing = [(ours, rule) for ours, rule in CHAIN if not _agrees(ours, got, expected)]
    if not differing:
        return judge_balance(info, expected.balance_after, diagnosis.cause)
    (first, family), *others = differing
    rule = _rule_of(family, expected.steps)
    # Wrong balances show first in another rule (deductible, cap), so the cause of the balances is named instead.
    told = diagnosis.told
    if told and (told[0].balances_differ or rule not in {each.rule for each in told}):
        rule = told[0].rule
    wanted, came = _wanted(first, expected), _got(first, got)
    sentence = text("judge.amount_differs", field=_shown(first), wanted=wanted, got=came)
    sentence = with_cause(with_basis(sentence, _basis(rule, expected.steps)), diagnosis.cause)
    found = [_finding(f"award.{rule}", ERROR, first, sentence, expected, got, diagnosis.cause.mistakes)]
    for ours, following in others:
        wanted, came, because = _wanted(ours, expected), _got(ours, got), _shown(first)
        follows = text("judge.amount_follows", field=_shown(ours), wanted=wanted, got=came, first=because)
        found.append(_finding(f"award.{following}", WARNING, ours, follows, expected, got))
    return found


def judge_refusal(err_msg: str, expected: Award, cause: Cause) -> list[Finding]:
    """Judges a refusal where the expected award pays: an error, with the mistakes that may have led to it."""
    wanted = text("judge.would_pay", fund=yuan(expected.fund_total))
    sentence = text("judge.refused_unexpectedly", err_msg=err_msg or "-", fund=yuan(expected.fund_total))
    sentence = with_cause(sentence, cause)
    return [Finding("award.refused", ERROR, sentence, "/infcode", str(wanted), err_msg or "-1", cause.mistakes)]


def judge_acceptance(reasons: Sequence[Refusal]) -> list[Finding]:
    """Judges an acceptance: an error if the rules give a reason to refuse."""
    if not reasons:
        return []
    first = reasons[0]
    sentence = text("judge.paid_unexpectedly", reason=first.text)
    return [Finding(f"award.entitlement.{first.rule}", ERROR, sentence, "/infcode", "-1", "0")]


def judge_detail(info: Mapping[str, Any], detail: Any, edition: Edition) -> list[Finding]:
    """Judges that the rows of setldetail add up to the amounts of setlinfo, fund by fund (rules 20)."""
    rows = [row for row in detail if isinstance(row, Mapping)] if isinstance(detail, list) else []
    found = []
    for fund in ("pool", *FUND_CODES):
        codes = _codes(edition, fund)
        detailed = sum(fen_of(row.get("fund_payamt")) or 0 for row in rows if str(row.get("fund_pay_type")) in codes)
        wire = WIRE_AMOUNTS[fund]
        wanted = fen_of(info.get(wire)) or 0
        if detailed != wanted:
            sentence = text("judge.detail_differs", field=_shown(fund), wanted=yuan(wanted), got=yuan(detailed))
            found.append(
                Finding(f"detail.{wire}", ERROR, sentence, "/output/setldetail", str(yuan(wanted)), str(yuan(detailed)))
            )
    return found


def judge_balance(info: Mapping[str, Any], balance: int, cause: Cause = NO_CAUSE) -> list[Finding]:
    """Judges the account balance after the message; `balance` is the expected one in fen."""
    got = fen_of(info.get("balc")) or 0
    if got == balance:
        return []
    wanted, came = str(yuan(balance)), str(yuan(got))
    sentence = with_cause(text("judge.balance_differs", wanted=wanted, got=came), cause)
    return [Finding("award.balance", ERROR, sentence, f"{_PATH}/balc", wanted, came, cause.mistakes)]


def _codes(edition: Edition, fund: str) -> frozenset[str]:
    """Codes of a fund in fund_pay_type; editions may end them with 1 instead of 0 (310101 for 310100, rules 20)."""
    words = ("pool_employees", "pool_residents") if fund == "pool" else (FUND_CODES[fund],)
    known = [edition.meanings.get("fund_pay_type", {}).get(word, "") for word in words]
    return frozenset(known) | {f"{code[:-1]}1" for code in known if code.endswith("0")}


def _agrees(ours: str, got: AnsweredAmounts, expected: Award) -> bool:
    if ours == "ratio":
        # The ratio is judged only where an amount lies above the deductible (rules 31).
        return got.ratio == expected.ratio or expected.in_scope <= expected.deductible
    return bool(got.amounts[ours] == getattr(expected, ours))


def _rule_of(family: str, steps: Sequence[AwardStep]) -> str:
    """Rule that produced the expected figure: for the pool the cap that reduced it, for the ratio its modifier."""
    named = {step.rule: step for step in steps}
    if family == "pool":
        for cap in ("annual_cap", "disease_cap"):
            if cap in named and named[cap].before != named[cap].after:
                return cap
    if family == "ratio" and "modifier" in named and named["modifier"].before != named["modifier"].after:
        return "modifier"
    return family


def _basis(rule: str, steps: Sequence[AwardStep]) -> Text | None:
    """Sentence of the award step that applied the rule, with its source; None if no step did."""
    for step in reversed(steps):
        if step.rule == rule or (rule == "account_pays" and step.rule == "account_elsewhere"):
            origin = " ".join(each for each in (step.source, step.reference) if each)
            key = "judge.basis_with_source" if origin else "judge.basis"
            return text(key, rule=step.rule, why=step.sentence, source=origin)
    return None


def _finding(
    rule: str, severity: str, ours: str, sentence: Text, expected: Award, got: AnsweredAmounts,
    mistakes: tuple[str, ...] = (),
) -> Finding:  # fmt: skip
    wire = _RATIO if ours == "ratio" else WIRE_AMOUNTS[ours]
    return Finding(rule, severity, sentence, f"{_PATH}/{wire}", _wanted(ours, expected), _got(ours, got), mistakes)


def _shown(ours: str) -> Text:
    """Wire name of an amount, preceded by its Chinese title in Chinese texts."""
    wire = _RATIO if ours == "ratio" else WIRE_AMOUNTS[ours]
    title = text("judge.ratio_name").zh if ours == "ratio" else NAMES.get(wire, "")
    return Text(f"{title} {wire}".strip(), wire)


def _wanted(ours: str, expected: Award) -> str:
    return str(expected.ratio) if ours == "ratio" else str(yuan(getattr(expected, ours)))


def _got(ours: str, got: AnsweredAmounts) -> str:
    return str(got.ratio) if ours == "ratio" else str(yuan(got.amounts[ours]))


def _ratio(value: Any) -> Decimal:
    try:
        return Decimal(str(value or 0)).quantize(Decimal("0.0001"))
    except ArithmeticError:
        return Decimal(0)
