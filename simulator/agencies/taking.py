"""What each kind of answer means: judged against our own copy of the people insured there, then booked on that copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from simulator.agencies import acquaintance, award_judge, judge, mirror
from simulator.agencies.causes import Alternative, likely_cause
from simulator.agencies.expectation import Expectation, expect, not_judged, own_opinion
from simulator.agencies.history import Holding, adopt, balances_told, held_otherwise, possible, suggested
from simulator.benefit import KINDS
from simulator.clock import from_wire
from simulator.errors import Refusal
from simulator.findings import ERROR, INFO, Finding
from simulator.insured import answers, books, settlement
from simulator.insured.case import Case, case_of
from simulator.insured.place import Answered, Asked, Output
from simulator.money import to_fen, yuan
from simulator.sandboxes import Agency, Config
from simulator.store import people, tables
from simulator.texts import Text, text


class NotPassedOn(Exception):
    """The answer breaks something that the hospital's books or ours cannot bear: it is not passed on."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings[0].sentence.zh)
        self.findings = findings


@dataclass(slots=True)
class Taking:
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


def take(taking: Taking) -> Answered:
    """Judges and books; raises NotPassedOn, or Refusal where our copy cannot follow."""
    return _TAKEN.get(taking.asked.infno, _pass_on)(taking)


def _pass_on(taking: Taking) -> Answered:
    return Answered(taking.output)


def _take_person(taking: Taking) -> Answered:
    """Learns whom the platform did not know; what it knew before must be so still."""
    opinion = own_opinion(taking.asked)
    acquaintance.learn(taking.asked, taking.output)
    if isinstance(opinion, Mapping):
        path = "/output/insuinfo"
        taking.find(*judge.judge_rows("insurances", path, _insurances(opinion), _insurances(taking.output)))
    elif isinstance(opinion, Refusal):
        taking.find(_accepted_wrongly("person.credential", opinion))
    return Answered(taking.output)


def _insurances(output: Mapping[str, Any]) -> dict[str, str]:
    """Type, category, state and balance of each insurance, by type and place."""
    found = {}
    for row in output.get("insuinfo") or []:
        told = (row.get("psn_type"), row.get("psn_insu_stas") or "-", yuan(to_fen(row.get("balc") or 0)))
        found[f"{row.get('insutype')}@{row.get('insuplc_admdvs')}"] = "/".join(str(each) for each in told)
    return found


def _take_entitlement(taking: Taking) -> Answered:
    opinion = own_opinion(taking.asked)
    known = people.load(taking.asked.work, taking.asked.body["data"]["psn_no"])
    if isinstance(opinion, Mapping) and known is not None and _knows_filings(known):
        ours = opinion["trtinfo"][0]
        answered = taking.output.get("trtinfo") or []
        rows = [row for row in answered if row["fund_pay_type"] == ours["fund_pay_type"]]
        wanted, got = ours["trt_enjymnt_flag"], rows[0]["trt_enjymnt_flag"] if rows else "-"
        if got != wanted:
            reason = ours["trt_chk_rslt"] or text("judge.nothing_against").zh
            sentence = text("judge.entitlement_differs", wanted=wanted, got=got, reason=reason)
            path = "/output/trtinfo/trt_enjymnt_flag"
            taking.find(Finding("award.entitlement", ERROR, sentence, path, wanted, got))
    return Answered(taking.output)


def _take_registrations(taking: Taking) -> Answered:
    opinion = own_opinion(taking.asked)
    if isinstance(opinion, Mapping):
        path = "/output/feedetail"
        taking.find(*judge.judge_rows("registrations", path, _spans(opinion), _spans(taking.output)))
    return Answered(taking.output)


def _spans(output: Mapping[str, Any]) -> dict[str, str]:
    """Code and first day -> last day; the order is that of the code."""
    rows = output.get("feedetail") or []
    spans = {f"{row['opsp_dise_code']} {row['begndate']}": row.get("enddate") or "-" for row in rows}
    return dict(sorted(spans.items()))


def _take_accumulators(taking: Taking) -> Answered:
    """Kinds we do not keep are not judged; an agency's own codes are read by its profile."""
    asked = taking.asked
    opinion = own_opinion(asked)
    if isinstance(opinion, Mapping):
        ours, theirs = balances_told(opinion, None), balances_told(taking.output, taking.agency)
        for insutype, year in sorted({*ours, *theirs}):
            wanted, got = ours.get((insutype, year), {}), theirs.get((insutype, year), {})
            cause = _cause_of_balances(taking, insutype, year, wanted, got) if wanted != got else None
            ours_shown, theirs_shown = (_shown_balances(each, insutype, year) for each in (wanted, got))
            taking.find(*judge.judge_rows("accumulators", "/output/cuminfo", ours_shown, theirs_shown, cause))
    return Answered(taking.output)


def _shown_balances(balances: Mapping[tuple[str, str], int], insutype: str, year: str) -> dict[str, str]:
    """Overall before disease, in the order in which one follows from another; zeros may be left out (rules 21)."""
    kinds = {kind: index for index, kind in enumerate(KINDS)}
    keys = sorted((key for key, fen in balances.items() if fen), key=lambda key: (key[1], kinds[key[0]]))
    return {f"{insutype}/{year}/{kind}{code}": str(yuan(balances[kind, code])) for kind, code in keys}


def _cause_of_balances(
    taking: Taking, insutype: str, year: str, ours: Mapping[tuple[str, str], int], theirs: Mapping[tuple[str, str], int]
) -> Text | None:
    known = people.load(taking.asked.work, taking.asked.body["data"]["psn_no"])
    if known is None or not year.isdigit():
        return None
    holding = Holding(known.id, known.person.psn_no, insutype, int(year))
    wanted = {key: fen for key, fen in theirs.items() if fen}
    for sentence, held in held_otherwise(taking.asked.work, ours, holding, taking.agency):
        if {key: fen for key, fen in held.items() if fen} == wanted:
            return sentence
    return None


def _take_preview(taking: Taking) -> Answered:
    taking.asked = replace(taking.asked, now=_settled_at(taking, taking.output["setlinfo"]))
    _judge_award(taking, expect(taking.asked, taking.findings))
    return mirror.passed_preview(taking.asked, taking.output)


def _take_settlement(taking: Taking) -> Answered:
    """Judges by the day that the agency settled on, then books what it answered."""
    info = taking.output["setlinfo"]
    _refuse_number_given_before(taking, info["setl_id"])
    began = (taking.asked.body.get("mdtrtinfo") or {}).get("begntime") or ""
    taking.find(*judge.judge_time(info, began=began, now=taking.asked.now, own_clock=taking.own_clock))
    taking.asked = replace(taking.asked, now=_settled_at(taking, info))
    expected = expect(taking.asked, taking.findings)
    likely = _judge_award(taking, expected)
    case = expected.case or case_of(taking.asked)
    reasons = [{"rule": each.rule, "sentence": each.text.as_json()} for each in case.refusals]
    explained: Mapping[str, Any] = {"award": None, "refusals": reasons, "steps": []}
    if expected.award is not None:
        explained = settlement.explained(expected.award)
    if likely is not None and likely.accumulated is not None and expected.award is not None:
        psn_no, year = case.known.person.psn_no, expected.award.year
        adopt(taking.asked.work, Holding(case.known.id, psn_no, case.claim.insutype, year), likely.accumulated)
    given = likely.award if likely else expected.award
    return mirror.book_settlement(taking.asked, case, given, taking.output, expected=explained)


def _judge_award(taking: Taking, expected: Expectation) -> Alternative | None:
    """The findings about an award, and the mistake that explains it, if one does."""
    info, case = taking.output["setlinfo"], expected.case
    taking.find(*award_judge.judge_detail(info, taking.output.get("setldetail"), taking.config.contract.edition))
    if case is not None and not _only_a_filing_is_missing(taking, case):
        taking.find(*award_judge.judge_acceptance(case.refusals))
    if case is None or expected.award is None or expected.question is None:
        return None
    got = award_judge.answered_amounts(info)
    likely = None
    if not got.is_award(expected.award):
        work, question, year = taking.asked.work, expected.question, expected.award.year
        holding = Holding(case.known.id, case.known.person.psn_no, case.claim.insutype, year)
        likely = likely_cause(
            question,
            got,
            expected.award,
            suggested=suggested(work, case, question, holding, taking.agency),
            possible=possible(work, question, holding),
        )
    if likely is not None and likely.rules[0] == "modifier" and not _knows_filings(case.known):
        sentence = text("judge.filing_assumed", group=text(f"benefit.group_{likely.award.group}"))
        taking.find(Finding("award.filing_assumed", INFO, sentence))
        return likely
    taking.find(*award_judge.judge_award(info, expected.award, likely))
    return likely


def _knows_filings(known: people.Known) -> bool:
    """No message tells filings: of whom we learned from the city we know only those that were made here."""
    return known.origin != "learned" or bool(known.person.filings)


def _only_a_filing_is_missing(taking: Taking, case: Case) -> bool:
    if _knows_filings(case.known) or not case.refusals or any(each.rule != "not_filed" for each in case.refusals):
        return False
    taking.find(not_judged(text("judge.filing_not_known")))
    return True


def _settled_at(taking: Taking, info: Mapping[str, Any]) -> datetime:
    """The moment whose day decides (rules 10): the agency's own, unless it cannot be meant."""
    now = taking.asked.now
    try:
        settled = from_wire(str(info.get("setl_time")))
    except ValueError:
        return now
    if taking.own_clock or abs((settled - now).total_seconds()) <= judge.GRACE_S:
        return settled
    return now


def _refuse_number_given_before(taking: Taking, number: str) -> None:
    """A setl_id names one settlement of an agency; given twice, neither could be cancelled any more."""
    for row in taking.asked.work.find(tables.settlement, agency_setl_id=number):
        if row.kind == "settlement" and taking.config.agency_for(row.insured_area) == taking.agency:
            sentence = text("judge.setl_id_reused", got=number, setl_time=row.setl_time, mdtrt_id=row.mdtrt_id)
            raise NotPassedOn([Finding("identity.setl_id", ERROR, sentence, "/output/setlinfo/setl_id", "", number)])


def _take_cancellation(taking: Taking) -> Answered:
    """Every amount of a cancellation is the settlement's, negated (rules 19)."""
    settled = mirror.settlement_of(taking.asked, taking.asked.body["data"]["setl_id"])
    values = {name: getattr(settled, name) for name in books.AMOUNTS}
    original = answers.amount_fields(values, settled.ratio, settled.balance_after)
    found = judge.judge_cancellation(original, taking.output)
    if settled.state != "live":
        sentence = text("judge.cancelled_twice", setl_id=settled.agency_setl_id, state=settled.state)
        found.append(Finding("identity.setl_id", ERROR, sentence, "/infcode", "-1", "0"))
    if found:
        raise NotPassedOn(found)
    balance = books.balance_of(taking.asked.work, settled) + settled.account
    taking.find(*award_judge.judge_balance(taking.output["setlinfo"], balance))
    return mirror.book_cancellation(taking.asked, taking.output)


def _take_reversal(taking: Taking) -> Answered:
    """The agency has taken it back; where ours would not, the books part, and that is told."""
    try:
        with taking.asked.work.attempt():
            return mirror.undo_original(taking.asked)
    except Refusal as refusal:
        taking.find(_accepted_wrongly("reversal.accepted", refusal))
        return Answered({})


def _take_grant(taking: Taking) -> Answered:
    return mirror.add_grant(taking.asked, taking.output)


def _take_end(taking: Taking) -> Answered:
    return mirror.end_grant(taking.asked, taking.output)


def _accepted_wrongly(rule: str, refusal: Refusal) -> Finding:
    sentence = text("judge.accepted_wrongly", reason=refusal.text)
    return Finding(rule, ERROR, sentence, "/infcode", "-1", "0")


_TAKEN: dict[str, Callable[[Taking], Answered]] = {
    "1101": _take_person,
    "2001": _take_entitlement,
    "5206": _take_accumulators,
    "5301": _take_registrations,
    "2206": _take_preview,
    "2206A": _take_preview,
    "2207": _take_settlement,
    "2207A": _take_settlement,
    "2208": _take_cancellation,
    "2601": _take_reversal,
    "2501": _take_grant,
    "2501A": _take_grant,
    "2503": _take_grant,
    "2502": _take_end,
    "2504": _take_end,
}
