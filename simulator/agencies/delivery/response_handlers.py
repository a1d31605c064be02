"""What each kind of answer means: judged against our own copy of the people insured there, then booked on that copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from simulator.agencies.judging import answer_checks, award_checks
from simulator.agencies.judging.award_judging import JudgedAward, judge_answered_award, knows_filings
from simulator.agencies.judging.balance_judging import cause_of_account, cause_of_balances, cause_of_cancelled_balance
from simulator.agencies.judging.denials import cause_of_denial
from simulator.agencies.judging.dry_run import dry_run_answer
from simulator.agencies.judging.told_balances import BalanceKey, adopt, balances_told
from simulator.agencies.replica import booked_settlements, insured_people
from simulator.benefit import KINDS
from simulator.core.clock import from_wire
from simulator.core.errors import Refusal
from simulator.core.findings import ERROR, Finding
from simulator.core.money import to_fen, yuan
from simulator.core.texts import text
from simulator.domain.accumulators import to_wire
from simulator.domain.transaction_table import TRANSACTIONS, check_registered, traits_of
from simulator.insured import answers, books, settlement
from simulator.insured.case import case_of
from simulator.insured.kept import KeptAward, KeptRefusal
from simulator.insured.place import Answered, Asked, Output
from simulator.sandbox.configuration import Agency, Config
from simulator.store import people, tables


class AnswerRejected(Exception):
    """The answer breaks something that the hospital's books or ours cannot bear: it is not passed on."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings[0].sentence.zh)
        self.findings = findings


@dataclass(slots=True)
class AcceptedAnswer:
    """One accepted answer of a registered agency, and what is found about it."""

    asked: Asked
    output: Output
    agency: Agency
    config: Config
    findings: list[Finding]

    def find(self, *found: Finding) -> None:
        self.findings += found

    @property
    def own_clock(self) -> bool:
        return self.agency.capabilities.get("clock") == "own"


def handle_response(accepted_answer: AcceptedAnswer) -> Answered:
    """Judges and books; raises AnswerRejected, or Refusal where our copy cannot follow."""
    return RESPONSE_HANDLERS[traits_of(accepted_answer.asked.infno).answer](accepted_answer)


def _handle_person(accepted_answer: AcceptedAnswer) -> Answered:
    """Learns whom the platform did not know; what it knew before must be so still."""
    opinion = dry_run_answer(accepted_answer.asked)
    insured_people.learn(accepted_answer.asked, accepted_answer.output)
    if isinstance(opinion, Mapping):
        path, ours, theirs = "/output/insuinfo", _insurances(opinion), _insurances(accepted_answer.output)
        cause = (
            cause_of_account(accepted_answer.asked, opinion, accepted_answer.output)
            if ours != theirs
            else answer_checks.NO_CAUSE
        )
        accepted_answer.find(*answer_checks.judge_rows("insurances", path, ours, theirs, cause))
    elif isinstance(opinion, Refusal):
        accepted_answer.find(_accepted_wrongly("person.credential", opinion))
    return Answered(accepted_answer.output)


def _insurances(output: Mapping[str, Any]) -> dict[str, str]:
    """Type, category, state and balance of each insurance, by type and place."""
    found = {}
    for row in output.get("insuinfo") or []:
        told = (row.get("psn_type"), row.get("psn_insu_stas") or "-", yuan(to_fen(row.get("balc") or 0)))
        found[f"{row.get('insutype')}@{row.get('insuplc_admdvs')}"] = "/".join(str(each) for each in told)
    return found


def _handle_entitlement(accepted_answer: AcceptedAnswer) -> Answered:
    opinion = dry_run_answer(accepted_answer.asked)
    known = people.load(accepted_answer.asked.work, accepted_answer.asked.body["data"]["psn_no"])
    if isinstance(opinion, Mapping) and known is not None and knows_filings(known):
        ours = opinion["trtinfo"][0]
        answered = accepted_answer.output.get("trtinfo") or []
        rows = [row for row in answered if row["fund_pay_type"] == ours["fund_pay_type"]]
        wanted, got = ours["trt_enjymnt_flag"], rows[0]["trt_enjymnt_flag"] if rows else "-"
        if got != wanted:
            reason = ours["trt_chk_rslt"] or text("judge.nothing_against").zh
            cause = cause_of_denial(accepted_answer.asked) if got == "0" else answer_checks.NO_CAUSE
            sentence = text("judge.entitlement_differs", wanted=wanted, got=got, reason=reason)
            sentence = award_checks.with_cause(sentence, cause.sentence)
            path = "/output/trtinfo/trt_enjymnt_flag"
            accepted_answer.find(Finding("award.entitlement", ERROR, sentence, path, wanted, got, cause.mistakes))
    return Answered(accepted_answer.output)


def _handle_registrations(accepted_answer: AcceptedAnswer) -> Answered:
    opinion = dry_run_answer(accepted_answer.asked)
    if isinstance(opinion, Mapping):
        path = "/output/feedetail"
        accepted_answer.find(
            *answer_checks.judge_rows("registrations", path, _spans(opinion), _spans(accepted_answer.output))
        )
    return Answered(accepted_answer.output)


def _spans(output: Mapping[str, Any]) -> dict[str, str]:
    """Code and first day -> last day; the order is that of the code."""
    rows = output.get("feedetail") or []
    spans = {f"{row['opsp_dise_code']} {row['begndate']}": row.get("enddate") or "-" for row in rows}
    return dict(sorted(spans.items()))


def _handle_accumulators(accepted_answer: AcceptedAnswer) -> Answered:
    """Kinds we do not keep are not judged; an agency's own codes are read by its profile."""
    asked = accepted_answer.asked
    opinion = dry_run_answer(asked)
    if isinstance(opinion, Mapping):
        ours, theirs = balances_told(opinion, None), balances_told(accepted_answer.output, accepted_answer.agency)
        for insutype, year in sorted({*ours, *theirs}):
            wanted, got = ours.get((insutype, year), {}), theirs.get((insutype, year), {})
            cause = cause_of_balances(asked, insutype, year, wanted, got) if wanted != got else answer_checks.NO_CAUSE
            ours_shown, theirs_shown = (_shown_balances(each, insutype, year) for each in (wanted, got))
            accepted_answer.find(
                *answer_checks.judge_rows("accumulators", "/output/cuminfo", ours_shown, theirs_shown, cause)
            )
    return Answered(accepted_answer.output)


def _shown_balances(balances: Mapping[tuple[str, str], int], insutype: str, year: str) -> dict[str, str]:
    """Overall before disease, in the order in which one follows from another; zeros may be left out (rules 21)."""
    kinds = {kind: index for index, kind in enumerate(KINDS)}
    keys = sorted((key for key, fen in balances.items() if fen), key=lambda key: (key[1], kinds[key[0]]))
    return {f"{insutype}/{year}/{to_wire(*key)}": str(yuan(balances[key])) for key in keys}


def _handle_preview(accepted_answer: AcceptedAnswer) -> Answered:
    accepted_answer.asked = replace(
        accepted_answer.asked, now=_settled_at(accepted_answer, accepted_answer.output["setlinfo"])
    )
    _judge_award(accepted_answer)
    return booked_settlements.passed_preview(accepted_answer.asked, accepted_answer.output)


def _handle_settlement(accepted_answer: AcceptedAnswer) -> Answered:
    """Judges by the day that the agency settled on, then books what it answered."""
    info = accepted_answer.output["setlinfo"]
    _refuse_number_given_before(accepted_answer, info["setl_id"])
    began = (accepted_answer.asked.body.get("mdtrtinfo") or {}).get("begntime") or ""
    accepted_answer.find(
        *answer_checks.judge_time(info, began=began, now=accepted_answer.asked.now, own_clock=accepted_answer.own_clock)
    )
    accepted_answer.asked = replace(accepted_answer.asked, now=_settled_at(accepted_answer, info))
    judged = _judge_award(accepted_answer)
    expected = judged.expected
    case = expected.case or case_of(accepted_answer.asked)
    reasons = [{"rule": each.rule, "sentence": each.text.as_json()} for each in case.refusals]
    explained: KeptAward | KeptRefusal = {"award": None, "refusals": reasons, "steps": []}
    if expected.award is not None:
        explained = settlement.explained(expected.award)
    if judged.adopted is not None and expected.award is not None:
        psn_no, year = case.known.person.psn_no, expected.award.year
        adopt(accepted_answer.asked.work, BalanceKey(case.known.id, psn_no, case.claim.insutype, year), judged.adopted)
    return booked_settlements.book_settlement(
        accepted_answer.asked, case, judged.given, accepted_answer.output, expected=explained
    )


def _judge_award(accepted_answer: AcceptedAnswer) -> JudgedAward:
    """The findings about an award, and the mistake that explains it, if one does."""
    info, edition = accepted_answer.output["setlinfo"], accepted_answer.config.contract.edition
    accepted_answer.find(*award_checks.judge_detail(info, accepted_answer.output.get("setldetail"), edition))
    judged = judge_answered_award(accepted_answer.asked, info, accepted_answer.agency)
    accepted_answer.find(*judged.findings)
    return judged


def _settled_at(accepted_answer: AcceptedAnswer, info: Mapping[str, Any]) -> datetime:
    """The moment whose day decides (rules 10): the agency's own, unless it cannot be meant."""
    now = accepted_answer.asked.now
    try:
        settled = from_wire(str(info.get("setl_time")))
    except ValueError:
        return now
    if accepted_answer.own_clock or abs((settled - now).total_seconds()) <= answer_checks.GRACE_S:
        return settled
    return now


def _refuse_number_given_before(accepted_answer: AcceptedAnswer, number: str) -> None:
    """A setl_id names one settlement of an agency; given twice, neither could be cancelled any more."""
    for row in accepted_answer.asked.work.find(tables.settlement, agency_setl_id=number):
        if row.kind == "settlement" and accepted_answer.config.agency_for(row.insured_area) == accepted_answer.agency:
            sentence = text("judge.setl_id_reused", got=number, setl_time=row.setl_time, mdtrt_id=row.mdtrt_id)
            raise AnswerRejected([Finding("identity.setl_id", ERROR, sentence, "/output/setlinfo/setl_id", "", number)])


def _handle_cancellation(accepted_answer: AcceptedAnswer) -> Answered:
    """Every amount of a cancellation is the settlement's, negated (rules 19)."""
    settled = booked_settlements.settlement_of(accepted_answer.asked, accepted_answer.asked.body["data"]["setl_id"])
    values = {name: getattr(settled, name) for name in books.AMOUNTS}
    original = answers.amount_fields(values, settled.ratio, settled.balance_after)
    found = answer_checks.judge_cancellation(accepted_answer.asked.infno, original, accepted_answer.output)
    if settled.state != "live":
        sentence = text("judge.cancelled_twice", setl_id=settled.agency_setl_id, state=settled.state)
        found.append(Finding("identity.setl_id", ERROR, sentence, "/infcode", "-1", "0"))
    if found:
        raise AnswerRejected(found)
    before = books.balance_of(accepted_answer.asked.work, settled)
    info, balance = accepted_answer.output["setlinfo"], before + settled.account
    cause = cause_of_cancelled_balance(settled, info, before)
    accepted_answer.find(*award_checks.judge_balance(info, balance, *cause))
    return booked_settlements.book_cancellation(accepted_answer.asked, accepted_answer.output)


def _handle_reversal(accepted_answer: AcceptedAnswer) -> Answered:
    """The agency has taken it back; where ours would not, the books part, and that is told."""
    try:
        with accepted_answer.asked.work.savepoint():
            return booked_settlements.undo_original(accepted_answer.asked)
    except Refusal as refusal:
        accepted_answer.find(_accepted_wrongly("reversal.accepted", refusal))
        return Answered({})


def _handle_grant(accepted_answer: AcceptedAnswer) -> Answered:
    return booked_settlements.add_grant(accepted_answer.asked, accepted_answer.output)


def _handle_end(accepted_answer: AcceptedAnswer) -> Answered:
    return booked_settlements.end_grant(accepted_answer.asked, accepted_answer.output)


def _accepted_wrongly(rule: str, refusal: Refusal) -> Finding:
    sentence = text("judge.accepted_wrongly", reason=refusal.text)
    return Finding(rule, ERROR, sentence, "/infcode", "-1", "0")


RESPONSE_HANDLERS: Mapping[str, Callable[[AcceptedAnswer], Answered]] = {
    "person": _handle_person,
    "entitlement": _handle_entitlement,
    "accumulators": _handle_accumulators,
    "registrations": _handle_registrations,
    "pre_settlement": _handle_preview,
    "settlement": _handle_settlement,
    "cancellation": _handle_cancellation,
    "reversal": _handle_reversal,
    "grant": _handle_grant,
    "grant_withdrawal": _handle_end,
}
"""Handlers by the name under which the table of transactions has them."""

check_registered("answers", RESPONSE_HANDLERS, (each.answer for each in TRANSACTIONS.values() if each.answer))
