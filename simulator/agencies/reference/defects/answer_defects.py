"""Defects of answers: times, units, numbers, rows, amounts in the wrong field, another person's data."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from simulator.agencies.reference.defects.families import cancels, of_family, previews, settles
from simulator.agencies.reference.defects.overlays import Answer, overlays_answer
from simulator.core.clock import from_wire, wire_time
from simulator.domain.transaction_table import Family
from simulator.insured.answers import WIRE_AMOUNTS
from simulator.insured.place import Answered, Asked, Output

_BEIJING_AHEAD = timedelta(hours=8)
_INFO, _DETAIL = "setlinfo", "setldetail"


@overlays_answer
def settlement_time_in_utc(sound: Answer, asked: Asked) -> Answered:
    return _info_changed(sound, asked, _time_in_utc)


@overlays_answer
def settlement_time_of_yesterday(sound: Answer, asked: Asked) -> Answered:
    return _info_changed(sound, asked, lambda info: {**info, "setl_time": wire_time(asked.now - timedelta(days=2))})


@overlays_answer
def year_cut_at_utc(sound: Answer, asked: Asked) -> Answered:
    """Decides by the day in UTC, which is the day before until eight in the morning."""
    if not (settles(asked) or previews(asked)):
        return sound(asked)
    answered = sound(replace(asked, now=asked.now - _BEIJING_AHEAD))
    told = wire_time(asked.now)
    return replace(answered, output={**answered.output, _INFO: {**answered.output[_INFO], "setl_time": told}})


@overlays_answer
def funds_as_text(sound: Answer, asked: Asked) -> Answered:
    return _info_changed(sound, asked, lambda info: {**info, "fund_pay_sumamt": str(info["fund_pay_sumamt"])})


@overlays_answer
def amounts_in_fen(sound: Answer, asked: Asked) -> Answered:
    """Tells every amount of an award in fen."""
    names = (*WIRE_AMOUNTS.values(), "balc")
    return _info_changed(
        sound, asked, lambda info: {name: value * 100 if name in names else value for name, value in info.items()}
    )


@overlays_answer
def balance_in_fen(sound: Answer, asked: Asked) -> Answered:
    return _info_changed(sound, asked, lambda info: {**info, "balc": info["balc"] * 100})


@overlays_answer
def ratio_not_told(sound: Answer, asked: Asked) -> Answered:
    return _info_changed(sound, asked, lambda info: {**info, "pool_prop_selfpay": Decimal(0)})


@overlays_answer
def ratio_of_the_person_told(sound: Answer, asked: Asked) -> Answered:
    """Tells the share of the person in place of the pool's."""
    return _info_changed(sound, asked, lambda info: {**info, "pool_prop_selfpay": 1 - info["pool_prop_selfpay"]})


@overlays_answer
def own_number_as_msgid(sound: Answer, asked: Asked) -> Answered:
    return _info_changed(
        sound, asked, lambda info: {**info, "medins_setl_id": f"{asked.insured_area}{asked.now:%Y%m%d%H%M%S}0000000001"}
    )


@overlays_answer
def settlement_number_given_again(sound: Answer, asked: Asked) -> Answered:
    """Gives every settlement of a person the same number."""
    if not settles(asked):
        return sound(asked)
    number = f"A{asked.insured_area}{asked.body['data']['psn_no'][-18:]:0>18}"
    return _info_changed(sound, asked, lambda info: {**info, "setl_id": number})


@overlays_answer
def cancellation_under_new_number(sound: Answer, asked: Asked) -> Answered:
    if not cancels(asked):
        return sound(asked)
    return _info_changed(sound, asked, lambda info: {**info, "setl_id": f"{info['setl_id'][:-1]}X"})


@overlays_answer
def cancellation_not_negated(sound: Answer, asked: Asked) -> Answered:
    if not cancels(asked):
        return sound(asked)
    names = (*WIRE_AMOUNTS.values(), "pdn_cash_pay")
    return _info_changed(
        sound, asked, lambda info: {name: abs(value) if name in names else value for name, value in info.items()}
    )


@overlays_answer
def cancellation_negates_balance(sound: Answer, asked: Asked) -> Answered:
    if not cancels(asked):
        return sound(asked)
    return _info_changed(sound, asked, lambda info: {**info, "balc": -info["balc"]})


@overlays_answer
def details_without_account(sound: Answer, asked: Asked) -> Answered:
    account = asked.code("fund_pay_type", "account")
    return _details_changed(sound, asked, lambda rows: [row for row in rows if row["fund_pay_type"] != account])


@overlays_answer
def details_without_layers(sound: Answer, asked: Asked) -> Answered:
    account = asked.code("fund_pay_type", "account")
    return _details_changed(
        sound, asked, lambda rows: [*rows[:1], *(row for row in rows[1:] if row["fund_pay_type"] == account)]
    )


@overlays_answer
def details_one_fen_off(sound: Answer, asked: Asked) -> Answered:
    fen = Decimal("0.01")
    return _details_changed(
        sound, asked, lambda rows: [{**rows[0], "fund_payamt": rows[0]["fund_payamt"] + fen}, *rows[1:]]
    )


@overlays_answer
def pool_told_as_assistance(sound: Answer, asked: Asked) -> Answered:
    """Exchanges the fields of the pool and of medical assistance."""
    return _info_changed(sound, asked, lambda info: {**info, "hifp_pay": info["maf_pay"], "maf_pay": info["hifp_pay"]})


@overlays_answer
def own_purchase_told_as_prior_selfpay(sound: Answer, asked: Asked) -> Answered:
    def exchanged(info: Output) -> Output:
        return {**info, "fulamt_ownpay_amt": info["preselfpay_amt"], "preselfpay_amt": info["fulamt_ownpay_amt"]}

    return _info_changed(sound, asked, exchanged)


@overlays_answer
def visit_number_of_its_own(sound: Answer, asked: Asked) -> Answered:
    return _info_changed(sound, asked, lambda info: {**info, "mdtrt_id": f"A{info['mdtrt_id'][1:]}"})


@overlays_answer
def name_of_another(sound: Answer, asked: Asked) -> Answered:
    if cancels(asked):
        return sound(asked)
    return _info_changed(sound, asked, lambda info: {**info, "psn_name": "无名氏"})


@overlays_answer
def certificate_of_another(sound: Answer, asked: Asked) -> Answered:
    if cancels(asked):
        return sound(asked)
    return _info_changed(sound, asked, lambda info: {**info, "certno": info["certno"][::-1]})


@overlays_answer
def retired_told_as_employed(sound: Answer, asked: Asked) -> Answered:
    """Tells the category of the retired as that of the employed in the answer about a person."""
    retired, employed = asked.code("psn_type", "retired"), asked.code("psn_type", "employed")
    return _rows_changed(
        sound, asked, Family.PERSON_QUERY, "insuinfo", lambda row: _exchanged(row, "psn_type", retired, employed)
    )


@overlays_answer
def balance_told_as_zero(sound: Answer, asked: Asked) -> Answered:
    """Tells an empty account in the answer about a person."""
    return _rows_changed(sound, asked, Family.PERSON_QUERY, "insuinfo", lambda row: {**row, "balc": Decimal("0.00")})


@overlays_answer
def accumulators_in_fen(sound: Answer, asked: Asked) -> Answered:
    return _rows_changed(
        sound, asked, Family.ACCUMULATOR_QUERY, "cuminfo", lambda row: {**row, "cum": row["cum"] * 100}
    )


@overlays_answer
def accumulators_without_diseases(sound: Answer, asked: Asked) -> Answered:
    """Tells the total of each kind and leaves out what of it is for a disease."""
    answered = sound(asked)
    if not of_family(asked, Family.ACCUMULATOR_QUERY):
        return answered
    rows = [row for row in answered.output["cuminfo"] if "M" not in row["cum_type_code"][4:]]
    return replace(answered, output={**answered.output, "cuminfo": rows})


def _time_in_utc(info: Output) -> Output:
    return {**info, "setl_time": wire_time(from_wire(info["setl_time"]) - _BEIJING_AHEAD)}


def _info_changed(sound: Answer, asked: Asked, change: Callable[[Output], Output]) -> Answered:
    """Answer whose setlinfo is changed; an answer without one stays as it is."""
    answered = sound(asked)
    info = answered.output.get(_INFO)
    if info is None:
        return answered
    return replace(answered, output={**answered.output, _INFO: change(info)})


def _details_changed(
    sound: Answer, asked: Asked, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
) -> Answered:
    answered = sound(asked)
    rows = answered.output.get(_DETAIL)
    return replace(answered, output={**answered.output, _DETAIL: change(rows)}) if rows else answered


def _rows_changed(
    sound: Answer, asked: Asked, family: Family, node: str, change: Callable[[Output], Output]
) -> Answered:
    answered = sound(asked)
    if not of_family(asked, family):
        return answered
    return replace(answered, output={**answered.output, node: [change(row) for row in answered.output[node]]})


def _exchanged(row: Output, name: str, one: str, other: str) -> Output:
    return {**row, name: other} if row[name] == one else row
