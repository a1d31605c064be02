"""Overlays of the reference hospital: each is wrapped round a sound function and spoils one thing of it.

A defect overlays one of three seams: the message that is written for an act, the reversal of a lost message, or the
decision what follows a lost answer. It stands in the registry of its seam under the name of its function.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from simulator.harness.environment.envelope_codec import read_json, write_json
from simulator.harness.hospital.hospital import Recovery, ReferenceHospital, WriteMessage, WriteReversal
from simulator.harness.hospital.logbook import Logbook, Message
from simulator.harness.hospital.message_builder import Order
from simulator.harness.templates import Template

MessageOverlay = Callable[[WriteMessage, Logbook, Order], Message | None]
ReversalOverlay = Callable[[WriteReversal, Logbook, Message, str, Mapping[str, Any]], tuple[str, bytes]]
RecoveryOverlay = Callable[[Recovery, Template], str]

_MESSAGES: dict[str, MessageOverlay] = {}
_REVERSALS: dict[str, ReversalOverlay] = {}
_RECOVERIES: dict[str, RecoveryOverlay] = {}


def overlays_message(overlay: MessageOverlay) -> MessageOverlay:
    """Registers a defect of messages; None in place of a message leaves the act out."""
    _refuse_second(overlay.__name__)
    _MESSAGES[overlay.__name__] = overlay
    return overlay


def overlays_reversal(overlay: ReversalOverlay) -> ReversalOverlay:
    """Registers a defect of reversals."""
    _refuse_second(overlay.__name__)
    _REVERSALS[overlay.__name__] = overlay
    return overlay


def overlays_recovery(overlay: RecoveryOverlay) -> RecoveryOverlay:
    """Registers a defect of what follows a lost answer."""
    _refuse_second(overlay.__name__)
    _RECOVERIES[overlay.__name__] = overlay
    return overlay


def names_of_hospital_defects() -> frozenset[str]:
    """Names of all registered defects."""
    return frozenset((*_MESSAGES, *_REVERSALS, *_RECOVERIES))


def with_defects(hospital: ReferenceHospital, names: Collection[str]) -> ReferenceHospital:
    """Hospital with these defects laid over it, in the order of their names."""
    write, reverse, recovery = hospital.write, hospital.write_back, hospital.recovery
    for name in sorted(names):
        if name in _MESSAGES:
            write = partial(_MESSAGES[name], write)
        if name in _REVERSALS:
            reverse = partial(_REVERSALS[name], reverse)
        if name in _RECOVERIES:
            recovery = partial(_RECOVERIES[name], recovery)
    return replace(hospital, write=write, write_back=reverse, recovery=recovery)


Fields = dict[str, Any]


def changed_message(message: Message | None, change: Callable[[Fields], Fields]) -> Message | None:
    """Message whose envelope is changed; the logbook's columns follow."""
    if message is None:
        return None
    fields = change(read_json(message.raw))
    return replace(message, msgid=fields["msgid"], raw=write_json(fields))


def changed_nodes(message: Message | None, change: Callable[[Fields], Fields]) -> Message | None:
    """Message whose nodes, and the rows of whose lists, are changed one by one."""

    def inside(fields: Fields) -> Fields:
        return {**fields, "input": {name: _each(node, change) for name, node in fields["input"].items()}}

    return changed_message(message, inside)


def changed_rows(message: Message | None, change: Callable[[list[Fields]], list[Fields]]) -> Message | None:
    """Message whose list of charges is changed as a whole."""

    def inside(fields: Fields) -> Fields:
        said = fields["input"]
        return {**fields, "input": {**said, "feedetail": change(said["feedetail"])}} if "feedetail" in said else fields

    return changed_message(message, inside)


def _each(node: Any, change: Callable[[Fields], Fields]) -> Any:
    if isinstance(node, list):
        return [change(row) for row in node]
    return change(node) if isinstance(node, dict) else node


def _refuse_second(name: str) -> None:
    if name in names_of_hospital_defects():
        raise ValueError(f"two defects are called {name}")
