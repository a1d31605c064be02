"""What each kind of answer means: judged against our own copy of the people insured there, then booked on that copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from simulator.agencies.judging import answer_checks, award_checks, day_checks
from simulator.agencies.judging.balance_hypotheses import (
    BalanceKey,
    Balances,
    account_mistake,
    adopt,
    balances_told,
    hypothetical_balances,
    possible,
    suggested,
)
from simulator.agencies.judging.dry_run import Expectation, dry_run_answer, expect, not_judged
from simulator.agencies.judging.hypotheses import Alternative, likely_cause
from simulator.agencies.replica import booked_settlements, insured_people
from simulator.agencies.replica.day_rows import agency_day, setl_times
from simulator.benefit import KINDS
from simulator.core.clock import from_wire
from simulator.core.errors import Refusal
from simulator.core.findings import ERROR, INFO, Finding
from simulator.core.money import to_fen, yuan
from simulator.core.texts import Text, text
from simulator.domain.accumulators import to_wire, under_of
from simulator.domain.transaction_table import TRANSACTIONS, check_registered, traits_of
from simulator.insured import answers, books, settlement
from simulator.insured.case import Case, case_of
from simulator.insured.kept import KeptAward, KeptRefusal
from simulator.insured.place import Answered, Asked, Output
from simulator.insured.reconciliation_day import row_from
from simulator.insured.reversal import check_original
from simulator.sandbox.configuration import Agency, Config
from simulator.store import idempotency_keys, people, tables
from simulator.store.rows import SettlementRow

KEPT_BY_DISEASE = ("DEDC", "HIFP")
"""Kinds whose rows of a disease must be told; those of the deductible stand there only where it is taken so."""


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
        ours, theirs = _insurances(opinion), _insurances(accepted_answer.output)
        cause = _cause_of_account(accepted_answer, opinion) if ours != theirs else None
        accepted_answer.find(*answer_checks.judge_rows("insurances", "/output/insuinfo", ours, theirs, cause))
    elif isinstance(opinion, Refusal):
        accepted_answer.find(_accepted_wrongly("person.credential", opinion))
    return Answered(accepted_answer.output)


def _cause_of_account(accepted_answer: AcceptedAnswer, opinion: Mapping[str, Any]) -> Text | None:
    """The settlement whose account share makes up the difference of a balance, and the mistake that does so."""
    known = people.load(accepted_answer.asked.work, accepted_answer.output["baseinfo"]["psn_no"])
    told = {row.get("insutype"): to_fen(row.get("balc") or 0) for row in accepted_answer.output.get("insuinfo") or []}
    for row in opinion["insuinfo"] if known is not None else ():
        difference = told.get(row["insutype"], 0) - to_fen(row["balc"])
        if known is not None and difference:
            return account_mistake(accepted_answer.asked.work, known.id, row["insutype"], difference)
    return None


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
    if isinstance(opinion, Mapping) and known is not None and _knows_filings(known):
        ours = opinion["trtinfo"][0]
        answered = accepted_answer.output.get("trtinfo") or []
        rows = [row for row in answered if row["fund_pay_type"] == ours["fund_pay_type"]]
        wanted, got = ours["trt_enjymnt_flag"], rows[0]["trt_enjymnt_flag"] if rows else "-"
        if got != wanted:
            reason = ours["trt_chk_rslt"] or text("judge.nothing_against").zh
            sentence = text("judge.entitlement_differs", wanted=wanted, got=got, reason=reason)
            path = "/output/trtinfo/trt_enjymnt_flag"
            accepted_answer.find(Finding("award.entitlement", ERROR, sentence, path, wanted, got))
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
            got = theirs.get((insutype, year), {})
            wanted = _demanded(ours.get((insutype, year), {}), got)
            cause = _cause_of_balances(accepted_answer, insutype, year, wanted, got) if wanted != got else None
            ours_shown, theirs_shown = (_shown_balances(each, insutype, year) for each in (wanted, got))
            accepted_answer.find(
                *answer_checks.judge_rows("accumulators", "/output/cuminfo", ours_shown, theirs_shown, cause)
            )
    return Answered(accepted_answer.output)


def _demanded(ours: Balances, theirs: Balances) -> Balances:
    """Our balances without the rows of a disease that may be left out and are (rules 29)."""
    kept = {key for key in ours if key[0] in KEPT_BY_DISEASE or not under_of(key[1]).disease}
    return {key: fen for key, fen in ours.items() if key in kept or key in theirs}


def _shown_balances(balances: Mapping[tuple[str, str], int], insutype: str, year: str) -> dict[str, str]:
    """Overall before disease, in the order in which one follows from another; zeros may be left out (rules 21)."""
    kinds = {kind: index for index, kind in enumerate(KINDS)}
    keys = sorted((key for key, fen in balances.items() if fen), key=lambda key: (key[1], kinds[key[0]]))
    return {f"{insutype}/{year}/{to_wire(*key)}": str(yuan(balances[key])) for key in keys}


def _cause_of_balances(
    accepted_answer: AcceptedAnswer,
    insutype: str,
    year: str,
    ours: Mapping[tuple[str, str], int],
    theirs: Mapping[tuple[str, str], int],
) -> Text | None:
    known = people.load(accepted_answer.asked.work, accepted_answer.asked.body["data"]["psn_no"])
    if known is None or not year.isdigit():
        return None
    balance_key = BalanceKey(known.id, known.person.psn_no, insutype, int(year))
    wanted = {key: fen for key, fen in theirs.items() if fen}
    for sentence, held in hypothetical_balances(accepted_answer.asked.work, ours, balance_key, accepted_answer.agency):
        if {key: fen for key, fen in held.items() if fen} == wanted:
            return sentence
    return None


def _handle_preview(accepted_answer: AcceptedAnswer) -> Answered:
    accepted_answer.asked = replace(
        accepted_answer.asked, now=_settled_at(accepted_answer, accepted_answer.output["setlinfo"])
    )
    _judge_award(accepted_answer, expect(accepted_answer.asked, accepted_answer.findings))
    return booked_settlements.passed_preview(accepted_answer.asked, accepted_answer.output)


def _handle_settlement(accepted_answer: AcceptedAnswer) -> Answered:
    """Judges by the day that the agency settled on, then books what it answered."""
    info = accepted_answer.output["setlinfo"]
    _refuse_batch_settled_before(accepted_answer)
    _refuse_number_given_before(accepted_answer, info["setl_id"])
    began = (accepted_answer.asked.body.get("mdtrtinfo") or {}).get("begntime") or ""
    accepted_answer.find(
        *answer_checks.judge_time(info, began=began, now=accepted_answer.asked.now, own_clock=accepted_answer.own_clock)
    )
    accepted_answer.asked = replace(accepted_answer.asked, now=_settled_at(accepted_answer, info))
    expected = expect(accepted_answer.asked, accepted_answer.findings)
    likely = _judge_award(accepted_answer, expected)
    accepted_answer.find(*answer_checks.judge_own_msgid(info, accepted_answer.asked.msgid))
    case = expected.case or case_of(accepted_answer.asked)
    reasons = [{"rule": each.rule, "sentence": each.text.as_json()} for each in case.refusals]
    explained: KeptAward | KeptRefusal = {"award": None, "refusals": reasons, "steps": []}
    if expected.award is not None:
        explained = settlement.explained(expected.award)
    if likely is not None and likely.accumulated is not None and expected.award is not None:
        psn_no, year = case.known.person.psn_no, expected.award.year
        adopt(
            accepted_answer.asked.work, BalanceKey(case.known.id, psn_no, case.claim.insutype, year), likely.accumulated
        )
    given = likely.award if likely else expected.award
    return booked_settlements.book_settlement(
        accepted_answer.asked, case, given, accepted_answer.output, expected=explained
    )


def _judge_award(accepted_answer: AcceptedAnswer, expected: Expectation) -> Alternative | None:
    """The findings about an award, and the mistake that explains it, if one does."""
    info, case = accepted_answer.output["setlinfo"], expected.case
    accepted_answer.find(
        *award_checks.judge_detail(
            info, accepted_answer.output.get("setldetail"), accepted_answer.config.contract.edition
        )
    )
    if case is not None and not _only_a_filing_is_missing(accepted_answer, case):
        accepted_answer.find(*award_checks.judge_acceptance(case.refusals))
    if case is None or expected.award is None or expected.question is None:
        return None
    got = award_checks.answered_amounts(info)
    likely = None
    if not got.is_award(expected.award):
        work, question, year = accepted_answer.asked.work, expected.question, expected.award.year
        balance_key = BalanceKey(case.known.id, case.known.person.psn_no, case.claim.insutype, year)
        likely = likely_cause(
            question,
            got,
            expected.award,
            suggested=suggested(work, case, question, balance_key, accepted_answer.agency),
            possible=possible(work, question, balance_key),
        )
    if likely is not None and likely.rules[0] == "modifier" and not _knows_filings(case.known):
        sentence = text("judge.filing_assumed", group=text(f"benefit.group_{likely.award.group}"))
        accepted_answer.find(Finding("award.filing_assumed", INFO, sentence))
        return likely
    accepted_answer.find(*award_checks.judge_award(info, expected.award, likely))
    return likely


def _knows_filings(known: people.KnownPerson) -> bool:
    """No message tells filings: of whom we learned from the city we know only those that were made here."""
    return known.origin != "learned" or bool(known.person.filings)


def _only_a_filing_is_missing(accepted_answer: AcceptedAnswer, case: Case) -> bool:
    if _knows_filings(case.known) or not case.refusals or any(each.rule != "not_filed" for each in case.refusals):
        return False
    accepted_answer.find(not_judged(text("judge.filing_not_known")))
    return True


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


def _refuse_batch_settled_before(accepted_answer: AcceptedAnswer) -> None:
    """A batch settles once, whatever the msgid (rules 17)."""
    row = settlement.settlement_of_batch(accepted_answer.asked)
    if row is not None:
        sentence = text("judge.batch_settled_twice", batch=row.batch_number, setl_time=row.setl_time)
        raise AnswerRejected([Finding("idempotency.settled_batch", ERROR, sentence, "/infcode", "-1", "0")])


def _refuse_number_given_before(accepted_answer: AcceptedAnswer, number: str) -> None:
    """A setl_id names one settlement of an agency; given twice, neither could be cancelled any more."""
    for row in accepted_answer.asked.work.find(tables.settlement, agency_setl_id=number):
        if row.kind == "settlement" and accepted_answer.config.agency_for(row.insured_area) == accepted_answer.agency:
            sentence = text("judge.setl_id_reused", got=number, setl_time=row.setl_time, mdtrt_id=row.mdtrt_id)
            raise AnswerRejected([Finding("identity.setl_id", ERROR, sentence, "/output/setlinfo/setl_id", "", number)])


def _handle_cancellation(accepted_answer: AcceptedAnswer) -> Answered:
    """Every amount of a cancellation is the settlement's, negated (rules 19)."""
    settled = booked_settlements.settlement_of(accepted_answer.asked, accepted_answer.asked.body["data"]["setl_id"])
    _refuse_cancelled_wrongly(accepted_answer, settled)
    values = {name: getattr(settled, name) for name in books.AMOUNTS}
    original = answers.amount_fields(values, settled.ratio, settled.balance_after)
    found = answer_checks.judge_cancellation(accepted_answer.asked.infno, original, accepted_answer.output)
    if found:
        raise AnswerRejected(found)
    balance = books.balance_of(accepted_answer.asked.work, settled) + settled.account
    info = accepted_answer.output["setlinfo"]
    accepted_answer.find(*award_checks.judge_balance(info, balance))
    accepted_answer.find(*answer_checks.judge_own_msgid(info, accepted_answer.asked.msgid))
    return booked_settlements.book_cancellation(accepted_answer.asked, accepted_answer.output)


def _refuse_cancelled_wrongly(accepted_answer: AcceptedAnswer, settled: SettlementRow) -> None:
    """Only a live settlement of that person and visit can be cancelled."""
    asked = accepted_answer.asked
    try:
        settlement.live_settlement(asked, asked.body["data"])
    except Refusal as refusal:
        sentence = text("judge.accepted_wrongly", reason=refusal.text)
        if settled.state != "live":
            sentence = text("judge.cancelled_twice", setl_id=settled.agency_setl_id, state=settled.state)
        raise AnswerRejected([Finding("identity.setl_id", ERROR, sentence, "/infcode", "-1", "0")]) from None


def _handle_reversal(accepted_answer: AcceptedAnswer) -> Answered:
    """The agency has taken it back; where ours would not, the books part, and that is told."""
    asked = accepted_answer.asked
    data = asked.body["data"]
    try:
        with asked.work.savepoint():
            check_original(idempotency_keys.find(asked.work, data["omsgid"]), data["psn_no"], data["oinfno"])
            return booked_settlements.undo_original(asked)
    except Refusal as refusal:
        accepted_answer.find(_accepted_wrongly("reversal.accepted", refusal))
        return Answered({})


def _handle_grant(accepted_answer: AcceptedAnswer) -> Answered:
    return booked_settlements.add_grant(accepted_answer.asked, accepted_answer.output)


def _handle_end(accepted_answer: AcceptedAnswer) -> Answered:
    return booked_settlements.end_grant(accepted_answer.asked, accepted_answer.output)


def _handle_day(accepted_answer: AcceptedAnswer) -> Answered:
    """The differences told against those between the rows sent and our copy."""
    asked = accepted_answer.asked
    day = agency_day(asked.work, accepted_answer.config, accepted_answer.agency, asked.body["data"]["day"])
    sent = [row_from(each) for each in asked.body.get("rows") or []]
    told = accepted_answer.output.get("differences") or []
    accepted_answer.find(*day_checks.judge_day(sent, day.compared, day.reversed, told, setl_times(asked.work)))
    return Answered(accepted_answer.output)


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
    "day": _handle_day,
}
"""Handlers by the name under which the table of transactions has them."""

check_registered("answers", RESPONSE_HANDLERS, (each.answer for each in TRANSACTIONS.values() if each.answer))
