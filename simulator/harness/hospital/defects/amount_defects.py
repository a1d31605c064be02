"""Defects of amounts: charges and totals that a hospital uploads, previews and settles."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from simulator.harness.hospital.defects.overlays import (
    Fields,
    changed_nodes,
    changed_rows,
    overlays_message,
)
from simulator.harness.hospital.hospital import WriteMessage
from simulator.harness.hospital.logbook import Logbook, Message
from simulator.harness.hospital.message_builder import Order

_FEN = Decimal("0.01")
_SCOPES = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
_SUM, _LINE_SUM = "medfee_sumamt", "det_item_fee_sumamt"


@overlays_message
def charges_rounded_to_yuan(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _lines(sound(book, order), lambda row: {**row, _LINE_SUM: _whole(row[_LINE_SUM])})


@overlays_message
def charges_rounded_to_jiao(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _lines(
        sound(book, order),
        lambda row: {**row, _LINE_SUM: row[_LINE_SUM].quantize(Decimal("0.1"), ROUND_HALF_UP) + 0 * _FEN},
    )


@overlays_message
def charges_in_fen(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _lines(sound(book, order), lambda row: {**row, "pric": row["pric"] * 100, _LINE_SUM: row[_LINE_SUM] * 100})


@overlays_message
def negative_charges_not_uploaded(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return changed_rows(sound(book, order), lambda rows: [row for row in rows if row[_LINE_SUM] >= 0])


@overlays_message
def negative_charges_uploaded_as_positive(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _lines(sound(book, order), lambda row: {**row, "cnt": abs(row["cnt"]), _LINE_SUM: abs(row[_LINE_SUM])})


@overlays_message
def last_charge_left_out(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return changed_rows(sound(book, order), lambda rows: rows[:-1] or rows)


@overlays_message
def charge_uploaded_twice(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return changed_rows(
        sound(book, order), lambda rows: [*rows, {**rows[0], "feedetl_sn": f"{rows[0]['feedetl_sn']}9"}]
    )


@overlays_message
def charge_numbers_repeated(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Gives all charges of an upload one number."""
    return changed_rows(sound(book, order), lambda rows: [{**row, "feedetl_sn": "1"} for row in rows])


@overlays_message
def quantities_counted_as_one(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _lines(sound(book, order), lambda row: {**row, "cnt": Decimal(1), "pric": row[_LINE_SUM]})


@overlays_message
def own_item_codes(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Uploads charges under codes of the hospital in place of the national ones."""
    return _lines(sound(book, order), lambda row: {**row, "med_list_codg": f"Y{row['med_list_codg'][-6:]}"})


@overlays_message
def total_one_fen_off(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _totals(sound(book, order), lambda node: {**node, _SUM: node[_SUM] + _FEN})


@overlays_message
def total_in_fen(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _totals(sound(book, order), lambda node: {**node, _SUM: node[_SUM] * 100})


@overlays_message
def total_as_text(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _totals(sound(book, order), lambda node: {**node, _SUM: str(node[_SUM])})


@overlays_message
def total_rounded_to_yuan(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _totals(sound(book, order), lambda node: {**node, _SUM: _whole(node[_SUM])})


@overlays_message
def everything_in_scope(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Settles as if the whole bill were in scope."""

    def all_in_scope(node: Fields) -> Fields:
        parts = {name: Decimal("0.00") for name in _SCOPES if name in node}
        return {**node, **parts, "inscp_scp_amt": node[_SUM]} if parts else node

    return _totals(sound(book, order), all_in_scope)


@overlays_message
def scopes_exchanged(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Exchanges the amounts above the ceiling and of prior self-pay."""

    def exchanged(node: Fields) -> Fields:
        if "overlmt_selfpay" not in node:
            return node
        return {**node, "overlmt_selfpay": node["preselfpay_amt"], "preselfpay_amt": node["overlmt_selfpay"]}

    return _totals(sound(book, order), exchanged)


def _lines(message: Message | None, change: Callable[[Fields], Fields]) -> Message | None:
    return changed_rows(message, lambda rows: [change(row) for row in rows])


def _totals(message: Message | None, change: Callable[[Fields], Fields]) -> Message | None:
    return changed_nodes(message, lambda node: change(node) if _SUM in node else node)


def _whole(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_UP) + 0 * _FEN
