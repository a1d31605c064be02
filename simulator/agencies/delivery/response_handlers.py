"""Handlers of accepted answers: each judges an answer against the platform's replica and books it there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from simulator.agencies.judging import answer_checks, award_checks, day_checks
from simulator.agencies.judging.award_judging import JudgedAward, judge_answered_award, knows_filings
from simulator.agencies.judging.balance_judging import cause_of_account, cause_of_balances, cause_of_cancelled_balance
from simulator.agencies.judging.demanded_balances import demanded_balances, is_deductible_per_disease
from simulator.agencies.judging.denials import cause_of_denial
from simulator.agencies.judging.dry_run import dry_run_answer
from simulator.agencies.judging.likely_cause import NO_CAUSE, with_cause
from simulator.agencies.judging.told_balances import BalanceKey, adopt_balances, reported_balances
from simulator.agencies.replica import booked_settlements, insured_people
from simulator.agencies.replica.day_rows import agency_day, setl_times
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
from simulator.insured.reconciliation_day import row_from
from simulator.insured.reversal import check_original
from simulator.sandbox.configuration import Agency, Config
from simulator.store import idempotency_keys, people, tables
from simulator.store.rows import SettlementRow


class AnswerRejected(Exception):
    """Raised for an accepted answer that must not reach the hospital, such as a cancellation with other amounts."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings[0].sentence.zh)
        self.findings = findings


@dataclass(slots=True)
class AcceptedAnswer:
    """Accepted answer of a registered agency, with the findings about it."""

    asked: Asked
    output: Output
    agency: Agency
    config: Config
    findings: list[Finding]

    def add_findings(self, *found: Finding) -> None:
        self.findings += found

    @property
    def own_clock(self) -> bool:
        """True if the agency goes by its own clock instead of the time in the messages."""
        return self.agency.capabilities.get("clock") == "own"


def handle_response(accepted_answer: AcceptedAnswer) -> Answered:
    """Judges and books an answer; raises AnswerRejected, or Refusal if the replica cannot book it."""
    return RESPONSE_HANDLERS[traits_of(accepted_answer.asked.infno).answer](accepted_answer)


def _handle_person(accepted_answer: AcceptedAnswer) -> Answered:
    """Judges the insurances against the replica as it was before this answer, then updates the replica."""
    asked = accepted_answer.asked
    own_answer = dry_run_answer(asked)
    insured_people.update_person(asked, accepted_answer.output)
    if isinstance(own_answer, Mapping):
        ours, theirs = _insurances(own_answer), _insurances(accepted_answer.output)
        cause = NO_CAUSE
        if ours != theirs:
            cause = cause_of_account(asked, own_answer, accepted_answer.output)
        rows = answer_checks.judge_rows("insurances", "/output/insuinfo", ours, theirs, cause)
        accepted_answer.add_findings(*rows)
    elif isinstance(own_answer, Refusal):
        accepted_answer.add_findings(_accepted_wrongly("person.credential", own_answer))
    return Answered(accepted_answer.output)


def _insurances(output: Mapping[str, Any]) -> dict[str, str]:
    """Category, status and balance of each insurance, by insutype and area."""
    found = {}
    for row in output.get("insuinfo") or []:
        values = (row.get("psn_type"), row.get("psn_insu_stas") or "-", yuan(to_fen(row.get("balc") or 0)))
        found[f"{row.get('insutype')}@{row.get('insuplc_admdvs')}"] = "/".join(str(each) for each in values)
    return found


def _handle_entitlement(accepted_answer: AcceptedAnswer) -> Answered:
    own_answer = dry_run_answer(accepted_answer.asked)
    known = people.load(accepted_answer.asked.work, accepted_answer.asked.body["data"]["psn_no"])
    if isinstance(own_answer, Mapping) and known is not None and knows_filings(known):
        ours = own_answer["trtinfo"][0]
        answered = accepted_answer.output.get("trtinfo") or []
        rows = [row for row in answered if row["fund_pay_type"] == ours["fund_pay_type"]]
        wanted, got = ours["trt_enjymnt_flag"], rows[0]["trt_enjymnt_flag"] if rows else "-"
        if got != wanted:
            reason = ours["trt_chk_rslt"] or text("judge.nothing_against")
            cause = cause_of_denial(accepted_answer.asked) if got == "0" else NO_CAUSE
            sentence = text("judge.entitlement_differs", wanted=wanted, got=got, reason=reason)
            sentence = with_cause(sentence, cause)
            path = "/output/trtinfo/trt_enjymnt_flag"
            accepted_answer.add_findings(
                Finding("award.entitlement", ERROR, sentence, path, wanted, got, cause.mistakes)
            )
    return Answered(accepted_answer.output)


def _handle_registrations(accepted_answer: AcceptedAnswer) -> Answered:
    own_answer = dry_run_answer(accepted_answer.asked)
    if isinstance(own_answer, Mapping):
        path = "/output/feedetail"
        accepted_answer.add_findings(
            *answer_checks.judge_rows("registrations", path, _spans(own_answer), _spans(accepted_answer.output))
        )
    return Answered(accepted_answer.output)


def _spans(output: Mapping[str, Any]) -> dict[str, str]:
    """Last day of each registration by disease code and first day, sorted by code."""
    rows = output.get("feedetail") or []
    spans = {f"{row['opsp_dise_code']} {row['begndate']}": row.get("enddate") or "" for row in rows}
    return dict(sorted(spans.items()))


def _handle_accumulators(accepted_answer: AcceptedAnswer) -> Answered:
    """Judges the accumulators that the platform keeps too; the agency's own codes are mapped by its profile."""
    asked = accepted_answer.asked
    own_answer = dry_run_answer(asked)
    if isinstance(own_answer, Mapping):
        ours, theirs = (
            reported_balances(own_answer, None),
            reported_balances(accepted_answer.output, accepted_answer.agency),
        )
        per_disease = is_deductible_per_disease(asked)
        for insutype, year in sorted({*ours, *theirs}):
            all_ours, got = ours.get((insutype, year), {}), theirs.get((insutype, year), {})
            demanded = partial(demanded_balances, told=got, per_disease=per_disease)
            wanted, cause = demanded(all_ours), NO_CAUSE
            if wanted != got:
                cause = cause_of_balances(asked, insutype, year, all_ours, got, demanded)
            ours_shown, theirs_shown = (_shown_balances(each, insutype, year) for each in (wanted, got))
            accepted_answer.add_findings(
                *answer_checks.judge_rows("accumulators", "/output/cuminfo", ours_shown, theirs_shown, cause)
            )
    return Answered(accepted_answer.output)


def _shown_balances(balances: Mapping[tuple[str, str], int], insutype: str, year: str) -> dict[str, str]:
    """Balances by their wire code, overall before disease, without zeros.

    An agency may omit zeros (rules 21). Kinds come in the order of derivation, so the first difference is the cause.
    """
    kinds = {kind: index for index, kind in enumerate(KINDS)}
    keys = sorted((key for key, fen in balances.items() if fen), key=lambda key: (key[1], kinds[key[0]]))
    return {f"{insutype}/{year}/{to_wire(*key)}": str(yuan(balances[key])) for key in keys}


def _handle_preview(accepted_answer: AcceptedAnswer) -> Answered:
    accepted_answer.asked = replace(
        accepted_answer.asked, now=_settled_at(accepted_answer, accepted_answer.output["setlinfo"])
    )
    _judge_award(accepted_answer)
    return booked_settlements.preview_for_hospital(accepted_answer.asked, accepted_answer.output)


def _handle_settlement(accepted_answer: AcceptedAnswer) -> Answered:
    """Judges a settlement by the figures of the agency's settlement day, then books it as answered."""
    info = accepted_answer.output["setlinfo"]
    _refuse_batch_settled_before(accepted_answer)
    _refuse_number_given_before(accepted_answer, info["setl_id"])
    began = (accepted_answer.asked.body.get("mdtrtinfo") or {}).get("begntime") or ""
    accepted_answer.add_findings(
        *answer_checks.judge_time(info, began=began, now=accepted_answer.asked.now, own_clock=accepted_answer.own_clock)
    )
    accepted_answer.asked = replace(accepted_answer.asked, now=_settled_at(accepted_answer, info))
    judged = _judge_award(accepted_answer)
    accepted_answer.add_findings(*answer_checks.judge_own_msgid(info, accepted_answer.asked.msgid))
    expected = judged.expected
    case = expected.case or case_of(accepted_answer.asked)
    reasons = [{"rule": each.rule, "sentence": each.text.as_json()} for each in case.refusals]
    explained: KeptAward | KeptRefusal = {"award": None, "refusals": reasons, "steps": []}
    if expected.award is not None:
        explained = settlement.explained(expected.award)
    if judged.adopted is not None and expected.award is not None:
        # The agency keeps other balances than the replica; adopting them stops the same error in later settlements.
        balance_key = BalanceKey(case.known.id, case.known.person.psn_no, case.claim.insutype, expected.award.year)
        adopt_balances(accepted_answer.asked.work, balance_key, judged.adopted)
    # Layers and accumulators follow the award that explains the answer, not the one that should have been given.
    return booked_settlements.book_settlement(
        accepted_answer.asked, case, judged.given, accepted_answer.output, expected=explained
    )


def _judge_award(accepted_answer: AcceptedAnswer) -> JudgedAward:
    """Adds the findings about an award; returns the award and the balances that it is booked by."""
    info, edition = accepted_answer.output["setlinfo"], accepted_answer.config.contract.edition
    accepted_answer.add_findings(*award_checks.judge_detail(info, accepted_answer.output.get("setldetail"), edition))
    judged = judge_answered_award(accepted_answer.asked, info, accepted_answer.agency)
    accepted_answer.add_findings(*judged.findings)
    return judged


def _settled_at(accepted_answer: AcceptedAnswer, info: Mapping[str, Any]) -> datetime:
    """Time whose day selects the figures (rules 10): the agency's setl_time if plausible, else the trade clock's."""
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
    """Raises AnswerRejected for a setl_id that the agency used before: neither settlement could be cancelled."""
    for row in accepted_answer.asked.work.find(tables.settlement, agency_setl_id=number):
        if row.kind == "settlement" and accepted_answer.config.agency_for(row.insured_area) == accepted_answer.agency:
            sentence = text("judge.setl_id_reused", got=number, setl_time=row.setl_time, mdtrt_id=row.mdtrt_id)
            raise AnswerRejected([Finding("identity.setl_id", ERROR, sentence, "/output/setlinfo/setl_id", "", number)])


def _handle_cancellation(accepted_answer: AcceptedAnswer) -> Answered:
    """Judges that each amount is the settlement's, negated (rules 19), then books the cancellation."""
    settled = booked_settlements.settlement_of(accepted_answer.asked, accepted_answer.asked.body["data"]["setl_id"])
    _refuse_cancelled_wrongly(accepted_answer, settled)
    values = {name: getattr(settled, name) for name in books.AMOUNTS}
    original = answers.amount_fields(values, settled.ratio, settled.balance_after)
    found = answer_checks.judge_cancellation(accepted_answer.asked.infno, original, accepted_answer.output)
    if found:
        raise AnswerRejected(found)
    before = books.balance_of(accepted_answer.asked.work, settled)
    info, balance = accepted_answer.output["setlinfo"], before + settled.account
    cause = cause_of_cancelled_balance(settled, info, before)
    accepted_answer.add_findings(*award_checks.judge_balance(info, balance, cause))
    accepted_answer.add_findings(*answer_checks.judge_own_msgid(info, accepted_answer.asked.msgid))
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
    """Reverses the original on the replica; a finding if the replica's own rules would have refused."""
    asked = accepted_answer.asked
    data = asked.body["data"]
    try:
        with asked.work.savepoint():
            check_original(idempotency_keys.find(asked.work, data["omsgid"]), data["psn_no"], data["oinfno"])
            return booked_settlements.undo_original(asked)
    except Refusal as refusal:
        accepted_answer.add_findings(_accepted_wrongly("reversal.accepted", refusal))
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
    accepted_answer.add_findings(*day_checks.judge_day(sent, day.compared, day.reversed, told, setl_times(asked.work)))
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
"""Handlers by the name in column `answer` of the table of transactions."""

check_registered("answers", RESPONSE_HANDLERS, (each.answer for each in TRANSACTIONS.values() if each.answer))
