"""What each fault does to a message, on the hospital leg and on the agency leg alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.core.json_codec import NotAMessage, read_json, write_json

HANDLED, REFUSED, LOST, HELD_BACK = "handled", "refused", "lost", "held back"
"""What becomes of a message before it is handled; one held back arrives after its reversal."""


def _truncated(answer: bytes, _psn_no: str) -> bytes:
    return answer[: len(answer) // 2]


def _garbled(answer: bytes, _psn_no: str) -> bytes:
    half = len(answer) // 2
    return answer[:half] + b"\xff\xfe\x00" + answer[half + 3 :]


def _for_another_person(answer: bytes, psn_no: str) -> bytes:
    """The answer with every psn_no, name and certificate changed; bytes that are no message stay as they are."""
    try:
        body = read_json(answer)
    except NotAMessage:
        return answer
    if not isinstance(body, dict):
        return answer
    _change_person(body.get("output"), psn_no)
    return write_json(body)


def _change_person(value: Any, psn_no: str) -> None:
    if isinstance(value, list):
        for item in value:
            _change_person(item, psn_no)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "psn_no":
                value[key] = (psn_no or item)[:6] + "99999999999999"
            elif key == "psn_name":
                value[key] = "错认人"
            elif key == "certno":
                value[key] = "230999190001010019"
            else:
                _change_person(item, psn_no)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one kind of fault does: to the message before it is handled, and to the answer after."""

    before: str = HANDLED
    delayed: bool = False
    """The answer comes late."""
    twice: bool = False
    """The message is delivered again, and the second answer goes."""
    lost: bool = False
    """The answer does not come."""
    status: int = 200
    """The HTTP status in place of the answer."""
    spoil: Callable[[bytes, str], bytes] | None = None
    """Changes the bytes of the answer; the second argument is the psn_no that the message was about."""


EFFECTS: Mapping[str, Effect] = {
    "delay": Effect(delayed=True),
    "refuse": Effect(before=REFUSED),
    "drop_before": Effect(before=LOST),
    "drop_after_commit": Effect(lost=True),
    "duplicate": Effect(twice=True),
    "late": Effect(before=HELD_BACK),
    "truncate": Effect(spoil=_truncated),
    "garble": Effect(spoil=_garbled),
    "wrong_person": Effect(spoil=_for_another_person),
    "http_500": Effect(status=500),
}
"""Every kind of fault by the name under which it is ordered."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that strikes a message; `id` tells which order it was."""

    id: int
    what: str
    delay_s: float

    @property
    def effect(self) -> Effect:
        return EFFECTS[self.what]


@dataclass(frozen=True, slots=True)
class Disturbed:
    """The answer as its sender gets it: bytes, or None for none at all, and the HTTP status."""

    body: bytes | None
    status: int = 200


def before_handling(fault: Fault | None) -> str:
    """What becomes of the message: handled, refused, lost or held back."""
    return HANDLED if fault is None else fault.effect.before


def after_handling(fault: Fault | None, answer: bytes, psn_no: str) -> Disturbed:
    """What becomes of the answer; the same every time."""
    if fault is None:
        return Disturbed(answer)
    effect = fault.effect
    if effect.lost:
        return Disturbed(None)
    if effect.status != 200:
        return Disturbed(b"", effect.status)
    return Disturbed(effect.spoil(answer, psn_no) if effect.spoil else answer)
