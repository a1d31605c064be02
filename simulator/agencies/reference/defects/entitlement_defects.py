"""Defects of entitlement: insurance, registration, filing, identity papers, and a day compared."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.agencies.reference.defects.families import of_family
from simulator.agencies.reference.defects.overlays import Answer, overlays_answer
from simulator.core.errors import refuse
from simulator.domain.person import Filing, Insurance, Person, Registration
from simulator.domain.transaction_table import Family, traits_of
from simulator.insured.place import Answered, Asked, row_number
from simulator.store import people
from simulator.store.tables import person as person_table
from simulator.store.tables import registration

_A_DAY = timedelta(days=1)
_ENTITLEMENT_QUERY = "entitlement_query"


@overlays_answer
def suspended_is_paid(sound: Answer, asked: Asked) -> Answered:
    return _seen(sound, asked, lambda person: _insurances(person, lambda each: replace(each, status="normal")))


@overlays_answer
def ended_insurance_is_paid(sound: Answer, asked: Asked) -> Answered:
    return _seen(
        sound, asked, lambda person: _insurances(person, lambda each: replace(each, status="normal", valid_to=None))
    )


@overlays_answer
def unregistered_is_paid(sound: Answer, asked: Asked) -> Answered:
    """Takes every billed disease for registered."""
    billed = str((asked.body.get("mdtrtinfo") or asked.body.get("data") or {}).get("dise_codg") or "")
    if not billed:
        return sound(asked)
    always = Registration(billed, billed, asked.now.date() - timedelta(days=366))
    return _seen(sound, asked, lambda person: replace(person, registrations=(*person.registrations, always)))


@overlays_answer
def registration_end_exclusive(sound: Answer, asked: Asked) -> Answered:
    """Ends a registration the day before its last day."""
    return _seen(sound, asked, lambda person: replace(person, registrations=tuple(map(_shorter, person.registrations))))


@overlays_answer
def registration_checked_on_settlement_day(sound: Answer, asked: Asked) -> Answered:
    visit = asked.body.get("mdtrtinfo")
    if not visit:
        return sound(asked)
    moved = {**visit, "begntime": f"{asked.now:%Y-%m-%d %H:%M:%S}"}
    return sound(replace(asked, body={**asked.body, "mdtrtinfo": moved}))


@overlays_answer
def sub_code_taken_as_another_disease(sound: Answer, asked: Asked) -> Answered:
    """Compares the billed code with the registered one letter by letter."""
    billed = str((asked.body.get("mdtrtinfo") or {}).get("dise_codg") or "")
    if not billed:
        return sound(asked)
    return _seen(
        sound,
        asked,
        lambda person: replace(
            person, registrations=tuple(each for each in person.registrations if each.disease == billed)
        ),
    )


@overlays_answer
def filing_end_exclusive(sound: Answer, asked: Asked) -> Answered:
    """Ends a filing the day before its last day."""
    return _filings_seen(sound, asked, _shorter)


@overlays_answer
def ended_filing_still_valid(sound: Answer, asked: Asked) -> Answered:
    return _filings_seen(sound, asked, lambda each: replace(each, valid_to=None) if each.active else each)


@overlays_answer
def withdrawn_referral_still_valid(sound: Answer, asked: Asked) -> Answered:
    return _filings_seen(
        sound, asked, lambda each: replace(each, active=True, valid_to=None) if each.group == "referral" else each
    )


@overlays_answer
def filing_begins_a_day_late(sound: Answer, asked: Asked) -> Answered:
    return _filings_seen(sound, asked, lambda each: replace(each, valid_from=each.valid_from + _A_DAY))


@overlays_answer
def filing_covers_its_own_code_only(sound: Answer, asked: Asked) -> Answered:
    return _filings_seen(
        sound, asked, lambda each: each if each.place == asked.treated_area else replace(each, active=False)
    )


@overlays_answer
def filing_covers_a_province(sound: Answer, asked: Asked) -> Answered:
    return _filings_seen(
        sound,
        asked,
        lambda each: replace(each, place=asked.treated_area) if each.place[:2] == asked.treated_area[:2] else each,
    )


@overlays_answer
def unfiled_refused(sound: Answer, asked: Asked) -> Answered:
    """Refuses every person without a filing elsewhere, although the city file pays less or asks for none."""
    if traits_of(asked.infno).awarded and not asked.place.local(asked.treated_area, asked.insured_area):
        known = people.load(asked.work, asked.body["data"]["psn_no"])
        if known is not None and not any(each.active for each in known.person.filings):
            raise refuse("not_filed", area=asked.treated_area, city=asked.city().name)
    return sound(asked)


@overlays_answer
def ended_identity_still_counts(sound: Answer, asked: Asked) -> Answered:
    return _seen(
        sound,
        asked,
        lambda person: replace(person, identities=tuple(replace(each, valid_to=None) for each in person.identities)),
    )


@overlays_answer
def everybody_is_entitled(sound: Answer, asked: Asked) -> Answered:
    """Answers yes to every question about entitlement."""
    return _flag_told(sound, asked, "1")


@overlays_answer
def nobody_is_entitled(sound: Answer, asked: Asked) -> Answered:
    """Answers no to every question about entitlement."""
    return _flag_told(sound, asked, "0")


@overlays_answer
def registration_not_kept(sound: Answer, asked: Asked) -> Answered:
    """Answers a registration with a number and forgets it."""
    answered = sound(asked)
    if of_family(asked, Family.DISEASE_REGISTRATION):
        number = row_number(f"{asked.place.numbers}R", answered.output["result"]["trt_dcla_detl_sn"])
        asked.work.remove(registration, id=number)
    return answered


@overlays_answer
def registration_withdrawal_not_kept(sound: Answer, asked: Asked) -> Answered:
    return Answered({}) if of_family(asked, Family.DISEASE_REGISTRATION_WITHDRAWAL) else sound(asked)


@overlays_answer
def referral_withdrawal_not_kept(sound: Answer, asked: Asked) -> Answered:
    return Answered({}) if of_family(asked, Family.REFERRAL_WITHDRAWAL) else sound(asked)


@overlays_answer
def filing_not_kept(sound: Answer, asked: Asked) -> Answered:
    """Answers a filing made on the platform and forgets it."""
    return Answered({}) if of_family(asked, Family.FILING) else sound(asked)


@overlays_answer
def ended_registrations_told(sound: Answer, asked: Asked) -> Answered:
    if not of_family(asked, Family.REGISTRATION_QUERY):
        return sound(asked)
    long_ago = replace(asked, now=asked.now.replace(year=asked.now.year - 1))
    return sound(long_ago)


@overlays_answer
def last_digits_of_registrations_cut(sound: Answer, asked: Asked) -> Answered:
    """Tells registrations under the class code in place of the code that was registered."""
    answered = sound(asked)
    if not of_family(asked, Family.REGISTRATION_QUERY):
        return answered
    rows = [{**row, "opsp_dise_code": f"{row['opsp_dise_code'][:4]}99"} for row in answered.output["feedetail"]]
    return replace(answered, output={**answered.output, "feedetail": rows})


@overlays_answer
def card_serial_unchecked(sound: Answer, asked: Asked) -> Answered:
    """Takes any serial number for that of the card."""
    if not of_family(asked, Family.PERSON_QUERY):
        return sound(asked)
    holders = people.by_credential(asked.work, asked.body["data"]["mdtrt_cert_no"])
    if not holders:
        return sound(asked)
    return sound(_with_data(asked, card_sn=holders[0].person.card_sn))


@overlays_answer
def identity_unchecked(sound: Answer, asked: Asked) -> Answered:
    """Takes any certificate and name beside the voucher that was shown."""
    if not of_family(asked, Family.PERSON_QUERY):
        return sound(asked)
    return sound(_with_data(asked, certno="", psn_name=""))


@overlays_answer
def accumulators_of_last_year_told(sound: Answer, asked: Asked) -> Answered:
    """Answers the question about this year with the balances of the year before."""
    if not of_family(asked, Family.ACCUMULATOR_QUERY):
        return sound(asked)
    month = str(asked.body["data"].get("cum_ym") or f"{asked.now:%Y%m}")
    return sound(_with_data(asked, cum_ym=f"{int(month[:4]) - 1}{month[4:]}"))


@overlays_answer
def day_always_agrees(sound: Answer, asked: Asked) -> Answered:
    answered = sound(asked)
    return Answered({"differences": []}) if of_family(asked, Family.RECONCILIATION_DAY) else answered


@overlays_answer
def day_cut_at_utc(sound: Answer, asked: Asked) -> Answered:
    """Compares the rows of a Beijing day with its own of the day before."""
    if not of_family(asked, Family.RECONCILIATION_DAY):
        return sound(asked)
    data = asked.body["data"]
    before = f"{asked.now.strptime(data['day'], '%Y-%m-%d') - _A_DAY:%Y-%m-%d}"
    return sound(_with_data(asked, day=before))


def _seen(sound: Answer, asked: Asked, change: Callable[[Person], Person]) -> Answered:
    """Answer of an agency that takes the person of a message for changed.

    Only for messages of settlements and entitlement: another answer would tell or keep the changed person.
    """
    traits = traits_of(asked.infno)
    if not (traits.awarded or traits.family == _ENTITLEMENT_QUERY):
        return sound(asked)
    psn_no = asked.body["data"]["psn_no"]
    row = asked.work.get(person_table, psn_no=psn_no)
    if row is not None:
        known = people.load_by_id(asked.work, row.id)
        # Whoever loads the person in this unit of work finds this one, until something is written.
        asked.work.cached(("person", psn_no), lambda: replace(known, person=change(known.person)))
    return sound(asked)


def _filings_seen(sound: Answer, asked: Asked, change: Callable[[Filing], Filing]) -> Answered:
    return _seen(sound, asked, lambda person: replace(person, filings=tuple(map(change, person.filings))))


def _insurances(person: Person, change: Callable[[Insurance], Insurance]) -> Person:
    return replace(person, insurances=tuple(map(change, person.insurances)))


def _shorter(granted: Any) -> Any:
    """Filing or registration whose last day is the day before."""
    return granted if granted.valid_to is None else replace(granted, valid_to=granted.valid_to - _A_DAY)


def _flag_told(sound: Answer, asked: Asked, flag: str) -> Answered:
    answered = sound(asked)
    if not of_family(asked, _ENTITLEMENT_QUERY):
        return answered
    rows = [{**row, "trt_enjymnt_flag": flag} for row in answered.output["trtinfo"]]
    return replace(answered, output={**answered.output, "trtinfo": rows})


def _with_data(asked: Asked, **changed: str) -> Asked:
    return replace(asked, body={**asked.body, "data": {**asked.body["data"], **changed}})
