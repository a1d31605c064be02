"""Handlers of accepted answers: each judges an answer against the platform's replica and books it there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from simulator.agencies.judging import answer_checks, award_checks, day_checks
from simulator.agencies.judging.balance_hypotheses import (
    BalanceKey,
    account_mistake,
    adopt_balances,
    hypothetical_balances,
    possible_mistakes,
    reported_balances,
    suggested_mistakes,
)
from simulator.agencies.judging.demanded_balances import demanded_balances, is_deductible_per_disease
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
from simulator.domain.accumulators import to_wire
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
    own_answer = dry_run_answer(accepted_answer.asked)
    insured_people.update_person(accepted_answer.asked, accepted_answer.output)
    if isinstance(own_answer, Mapping):
        ours, theirs = _insurances(own_answer), _insurances(accepted_answer.output)
        cause = _cause_of_account(accepted_answer, own_answer) if ours != theirs else None
        rows = answer_checks.judge_rows("insurances", "/output/insuinfo", ours, theirs, cause)
        accepted_answer.add_findings(*rows)
    elif isinstance(own_answer, Refusal):
        accepted_answer.add_findings(_accepted_wrongly("person.credential", own_answer))
    return Answered(accepted_answer.output)


def _cause_of_account(accepted_answer: AcceptedAnswer, own_answer: Mapping[str, Any]) -> Text | None:
    """Settlement whose account share makes up the difference of a balance, and the mistake that does so."""
    known = people.load(accepted_answer.asked.work, accepted_answer.output["baseinfo"]["psn_no"])
    told = {row.get("insutype"): to_fen(row.get("balc") or 0) for row in accepted_answer.output.get("insuinfo") or []}
    for row in own_answer["insuinfo"] if known is not None else ():
        difference = told.get(row["insutype"], 0) - to_fen(row["balc"])
        if known is not None and difference:
            return account_mistake(accepted_answer.asked.work, known.id, row["insutype"], difference)
    return None


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
    if isinstance(own_answer, Mapping) and known is not None and _knows_filings(known):
        ours = own_answer["trtinfo"][0]
        answered = accepted_answer.output.get("trtinfo") or []
        rows = [row for row in answered if row["fund_pay_type"] == ours["fund_pay_type"]]
        wanted, got = ours["trt_enjymnt_flag"], rows[0]["trt_enjymnt_flag"] if rows else "-"
        if got != wanted:
            reason = ours["trt_chk_rslt"] or text("judge.nothing_against").zh
            sentence = text("judge.entitlement_differs", wanted=wanted, got=got, reason=reason)
            path = "/output/trtinfo/trt_enjymnt_flag"
            accepted_answer.add_findings(Finding("award.entitlement", ERROR, sentence, path, wanted, got))
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
    spans = {f"{row['opsp_dise_code']} {row['begndate']}": row.get("enddate") or "-" for row in rows}
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
        for insutype, year in sorted({*ours, *theirs}):
            got = theirs.get((insutype, year), {})
            wanted = demanded_balances(
                ours.get((insutype, year), {}), got, per_disease=is_deductible_per_disease(asked)
            )
            cause = _cause_of_balances(accepted_answer, insutype, year, wanted, got) if wanted != got else None
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
    # Zeros are dropped on both sides, since an agency may leave them out (rules 21).
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
    expected = expect(accepted_answer.asked, accepted_answer.findings)
    likely = _judge_award(accepted_answer, expected)
    accepted_answer.add_findings(*answer_checks.judge_own_msgid(info, accepted_answer.asked.msgid))
    case = expected.case or case_of(accepted_answer.asked)
    reasons = [{"rule": each.rule, "sentence": each.text.as_json()} for each in case.refusals]
    explained: KeptAward | KeptRefusal = {"award": None, "refusals": reasons, "steps": []}
    if expected.award is not None:
        explained = settlement.explained(expected.award)
    if likely is not None and likely.accumulated is not None and expected.award is not None:
        # The agency keeps other balances than the replica; adopting them stops the same error in later settlements.
        psn_no, year = case.known.person.psn_no, expected.award.year
        adopt_balances(
            accepted_answer.asked.work, BalanceKey(case.known.id, psn_no, case.claim.insutype, year), likely.accumulated
        )
    # Layers and accumulators follow the award that explains the answer, not the one that should have been given.
    given = likely.award if likely else expected.award
    return booked_settlements.book_settlement(
        accepted_answer.asked, case, given, accepted_answer.output, expected=explained
    )


def _judge_award(accepted_answer: AcceptedAnswer, expected: Expectation) -> Alternative | None:
    """Adds the findings about an award; returns the mistake that reproduces its amounts, or None."""
    info, case = accepted_answer.output["setlinfo"], expected.case
    accepted_answer.add_findings(
        *award_checks.judge_detail(
            info, accepted_answer.output.get("setldetail"), accepted_answer.config.contract.edition
        )
    )
    if case is not None and not _only_a_filing_is_missing(accepted_answer, case):
        accepted_answer.add_findings(*award_checks.judge_acceptance(case.refusals))
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
            suggested=suggested_mistakes(work, case, question, balance_key, accepted_answer.agency),
            possible=possible_mistakes(work, question, balance_key),
        )
    if likely is not None and likely.rules[0] == "modifier" and not _knows_filings(case.known):
        sentence = text("judge.filing_assumed", group=text(f"benefit.group_{likely.award.group}"))
        accepted_answer.add_findings(Finding("award.filing_assumed", INFO, sentence))
        return likely
    accepted_answer.add_findings(*award_checks.judge_award(info, expected.award, likely))
    return likely


def _knows_filings(known: people.KnownPerson) -> bool:
    """True if the replica has the person's filings.

    No message queries filings: of a person learned from an agency, only those made on the platform are known.
    """
    return known.origin != "learned" or bool(known.person.filings)


def _only_a_filing_is_missing(accepted_answer: AcceptedAnswer, case: Case) -> bool:
    if _knows_filings(case.known) or not case.refusals or any(each.rule != "not_filed" for each in case.refusals):
        return False
    accepted_answer.add_findings(not_judged(text("judge.filing_not_known")))
    return True


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
    balance = books.balance_of(accepted_answer.asked.work, settled) + settled.account
    info = accepted_answer.output["setlinfo"]
    accepted_answer.add_findings(*award_checks.judge_balance(info, balance))
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
