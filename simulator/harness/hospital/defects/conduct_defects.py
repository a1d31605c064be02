"""Defects of conduct: acts left out or done twice, and what follows a lost answer."""

from dataclasses import replace

from simulator.harness.hospital.defects.overlays import (
    overlays_message,
    overlays_recovery,
)
from simulator.harness.hospital.hospital import ASK_ANEW, GIVE_UP, Recovery, WriteMessage
from simulator.harness.hospital.logbook import Logbook, Message
from simulator.harness.hospital.message_builder import Order
from simulator.harness.templates import Template, number_of


@overlays_message
def charges_not_uploaded(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _left_out(sound, book, order, "charge")


@overlays_message
def visit_not_described(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _left_out(sound, book, order, "describe")


@overlays_message
def entitlement_not_asked(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _left_out(sound, book, order, "ask_entitlement")


@overlays_message
def preview_left_out(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _left_out(sound, book, order, "preview")


@overlays_message
def settlement_left_out(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Takes a preview for the settlement itself."""
    return _left_out(sound, book, order, "settle")


@overlays_message
def settled_before_the_preview(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    """Settles where the preview is asked for."""
    if order.name != "preview":
        return sound(book, order)
    return sound(book, replace(order, act={**order.act, "act": "settle", "infno": number_of("settle")}))


@overlays_message
def settlement_not_cancelled(sound: WriteMessage, book: Logbook, order: Order) -> Message | None:
    return _left_out(sound, book, order, "cancel")


@overlays_recovery
def lost_settlement_sent_anew(sound: Recovery, lost: Template) -> str:
    """Settles again under a new msgid without a reversal."""
    return ASK_ANEW if lost.reversible else sound(lost)


@overlays_recovery
def lost_settlement_given_up(sound: Recovery, lost: Template) -> str:
    """Leaves a settlement whose answer was lost as it is."""
    return GIVE_UP if lost.reversible else sound(lost)


def _left_out(sound: WriteMessage, book: Logbook, order: Order, name: str) -> Message | None:
    return None if order.name == name else sound(book, order)
