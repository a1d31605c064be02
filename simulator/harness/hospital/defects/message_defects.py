"""Defects of messages: header, codes, identity, numbers of visits, batches and settlements."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from simulator.harness.environment.envelope_codec import read_json, write_json
from simulator.harness.hospital.defects.overlays import (
    Fields,
    changed_message,
    changed_nodes,
    overlays_message,
    overlays_reversal,
)
from simulator.harness.hospital.hospital import WriteMessage, WriteReversal
from simulator.harness.hospital.logbook import Logbook, Message
from simulator.harness.hospital.message_builder import Order
from simulator.harness.templates import number_of

_MOMENT = "%Y-%m-%d %H:%M:%S"
_BEIJING_AHEAD = timedelta(hours=8)


@overlays_message
def own_place_as_insured_place(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return changed_message(sound(book, order), lambda head: {**head, "insuplc_admdvs": head["mdtrtarea_admvs"]})


@overlays_message
def insured_place_as_own_place(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return changed_message(sound(book, order), lambda head: {**head, "mdtrtarea_admvs": head["insuplc_admdvs"]})


@overlays_message
def code_of_another_institution(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return changed_message(
        sound(book, order), lambda head: {**head, "fixmedins_code": f"{head['fixmedins_code'][:-1]}9"}
    )


@overlays_message
def message_time_in_utc(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Writes the time of a message in UTC, and names it in the msgid."""
    return changed_message(sound(book, order), lambda head: {**head, "inf_time": _in_utc(head["inf_time"])})


@overlays_message
def message_time_without_seconds(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return changed_message(sound(book, order), lambda head: {**head, "inf_time": head["inf_time"][:16]})


@overlays_message
def msgid_of_another_institution(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return changed_message(sound(book, order), lambda head: {**head, "msgid": f"H00000000000{head['msgid'][12:]}"})


@overlays_message
def msgid_too_short(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Leaves the date's century out of a msgid."""
    return changed_message(sound(book, order), lambda head: {**head, "msgid": head["msgid"][:12] + head["msgid"][14:]})


@overlays_message
def msgid_repeated(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Sends every message of a visit to an institution under one msgid."""
    fact = f"first msgid {order.place['code']}"

    def with_first(head: Fields) -> Fields:
        first = book.fact(fact)
        if first is None:
            book.remember(fact, head["msgid"])
        return {**head, "msgid": first or head["msgid"]}

    return changed_message(sound(book, order), with_first)


@overlays_message
def sign_in_of_yesterday(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Goes on sending the number of the first sign-in."""
    fact = f"first sign_no {order.place['code']}"

    def with_first(head: Fields) -> Fields:
        first = book.fact(fact)
        if first is None and head["sign_no"]:
            book.remember(fact, head["sign_no"])
        return {**head, "sign_no": first or head["sign_no"]}

    return changed_message(sound(book, order), with_first)


@overlays_message
def category_of_the_employed(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "psn_type", lambda _: "11")


@overlays_message
def insurance_of_residents(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "insutype", lambda told: "390" if told == "310" else "310")


@overlays_message
def care_as_ordinary(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "med_type", lambda _: "11")


@overlays_message
def disease_left_out(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "dise_codg", lambda _: "")


@overlays_message
def disease_of_another_class(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "dise_codg", lambda told: "M03900" if told else told)


@overlays_message
def certificate_of_another_sent(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "certno", lambda told: f"{told[:-4]}{int(told[-4:-1]) ^ 1:03d}{told[-1]}")


@overlays_message
def name_of_another_sent(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "psn_name", lambda _: "无名氏")


@overlays_message
def account_always_asked_for(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "acct_used_flag", lambda _: "1")


@overlays_message
def account_never_asked_for(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "acct_used_flag", lambda _: "0")


@overlays_message
def account_flag_changed_after_preview(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    message = sound(book, order)
    if order.name != "settle":
        return message
    return _with_field(message, "acct_used_flag", lambda told: "0" if told == "1" else "1")


@overlays_message
def voucher_code_of_one_digit(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "mdtrt_cert_type", lambda told: told.lstrip("0"))


@overlays_message
def card_serial_left_out(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "card_sn", lambda _: "")


@overlays_message
def identity_left_out(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Leaves the fields of identity out that a message between two places needs."""
    left_out = ("psn_cert_type", "certno", "psn_name", "psn_type")
    return changed_nodes(
        sound(book, order), lambda node: {name: value for name, value in node.items() if name not in left_out}
    )


@overlays_message
def visit_number_misspelt(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Writes `mdtrt_ID` for `mdtrt_id`."""
    return changed_nodes(
        sound(book, order),
        lambda node: {"mdtrt_ID" if name == "mdtrt_id" else name: value for name, value in node.items()},
    )


@overlays_message
def visit_number_of_the_first(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Goes on using the number of a person's first visit."""
    fact = f"first visit {order.act['person'].get('psn_no')}"

    def first(told: str) -> str:
        if book.fact(fact) is None:
            book.remember(fact, told)
        return str(book.fact(fact))

    return _with_field(sound(book, order), "mdtrt_id", first)


@overlays_message
def hospital_number_as_visit_number(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "mdtrt_id", lambda _: order.visit.number)


@overlays_message
def batch_number_of_another(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Previews and settles under a batch number that nothing was uploaded under."""
    message = sound(book, order)
    return message if order.name == "charge" else _with_field(message, "chrg_bchno", lambda told: f"{told}0")


@overlays_message
def another_settlement_cancelled(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Cancels the settlement before the one that was meant."""
    message = sound(book, order)
    return _with_field(message, "setl_id", _number_before) if order.name == "cancel" else message


@overlays_message
def cancelled_for_another_visit(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    message = sound(book, order)
    return _with_field(message, "mdtrt_id", _number_before) if order.name == "cancel" else message


@overlays_message
def charges_dated_tomorrow(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "fee_ocur_time", lambda told: _moved(told, timedelta(days=1)))


@overlays_message
def charges_dated_before_the_visit(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "fee_ocur_time", lambda told: _moved(told, -timedelta(days=30)))


@overlays_message
def visit_begins_tomorrow(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "begntime", lambda told: _moved(told, timedelta(days=1)))


@overlays_message
def dates_with_slashes(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _with_field(sound(book, order), "begntime", lambda told: told.replace("-", "/"))


@overlays_reversal
def reversal_names_itself(
    sound: WriteReversal, book: Logbook, lost: Message, now: str, place: Mapping[str, Any]
) -> tuple[str, bytes]:
    """Writes the msgid of the reversal where that of the lost message belongs."""
    number, raw = sound(book, lost, now, place)
    return number, _reversal_with(raw, "omsgid", number)


@overlays_reversal
def reversal_names_the_preview(
    sound: WriteReversal, book: Logbook, lost: Message, now: str, place: Mapping[str, Any]
) -> tuple[str, bytes]:
    """Names the pre-settlement as the transaction to be reversed."""
    number, raw = sound(book, lost, now, place)
    return number, _reversal_with(raw, "oinfno", number_of("preview"))


@overlays_reversal
def reversal_for_another_person(
    sound: WriteReversal, book: Logbook, lost: Message, now: str, place: Mapping[str, Any]
) -> tuple[str, bytes]:
    number, raw = sound(book, lost, now, place)
    return number, _reversal_with(raw, "psn_no", lost.psn_no[::-1])


def _with_field(message: Message | None, name: str, change: Callable[[str], str]) -> Message | None:
    """Message in which a field is changed wherever a node or a row has it."""
    return changed_nodes(message, lambda node: {**node, name: change(node[name])} if name in node else node)


def _in_utc(moment: str) -> str:
    return _moved(moment, -_BEIJING_AHEAD)


def _moved(moment: str, by: timedelta) -> str:
    """Moment at another time; a blank stays blank."""
    if not moment:
        return moment
    return f"{datetime.strptime(moment, _MOMENT) + by:{_MOMENT}}"  # noqa: DTZ007 (Beijing wall time)


def _number_before(number: str) -> str:
    """Number whose last digits are less by one, as that of the settlement or visit before."""
    return f"{number[:-6]}{int(number[-6:]) - 1:06d}"


def _reversal_with(raw: bytes, name: str, value: str) -> bytes:
    fields = read_json(raw)
    return write_json({**fields, "input": {"data": {**fields["input"]["data"], name: value}}})
