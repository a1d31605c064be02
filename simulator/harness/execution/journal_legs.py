"""Legs of messages: as the platform's journal has them, and as people are shown them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.core.masking import identity_values, mask_text, mask_tree
from simulator.harness.environment.envelope_codec import NotJson, read_json


@dataclass(frozen=True, slots=True)
class ShownLeg:
    """Message of a step and its answer, as the platform's journal or the harness itself saw them."""

    leg: str
    infno: str
    msgid: str
    request: str
    answer: str
    outcome: str
    findings: tuple[Mapping[str, Any], ...] = ()


@dataclass(slots=True)
class ObservedLeg:
    """Leg of a message that the harness read from the journal of the platform."""

    id: int
    exchange: str
    leg: str
    infno: str
    msgid: str
    psn_no: str
    institution: str
    outcome: str
    request: str
    answer: str
    findings: list[Mapping[str, Any]]
    taken: bool = False
    step: str = ""
    """The number of the step that it belongs to; blank where it belongs to none."""

    def said(self) -> dict[str, Any]:
        """The message as an object; {} when it is none."""
        return _object(self.request)

    def answered(self) -> dict[str, Any]:
        return _object(self.answer)

    @property
    def lost(self) -> bool:
        """True where the sender got no answer that it can use: none at all, or bytes that are no message."""
        return self.outcome == "dropped" or not self.answered()

    def shown(self) -> ShownLeg:
        """For people: identities masked."""
        known = identity_values(self.request, self.answer)
        return ShownLeg(
            self.leg,
            mask_text(self.infno, known),
            mask_text(self.msgid, known),
            mask_text(self.request, known),
            mask_text(self.answer, known),
            self.outcome,
            tuple(mask_tree(self.findings, known)),
        )


def _object(raw: str) -> dict[str, Any]:
    try:
        return read_json(raw.encode())
    except NotJson:
        return {}
