"""Effects of each kind of fault on a message and its answer, the same on both legs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.core.json_codec import NotAMessage, read_json, write_json

HANDLED, REFUSED, LOST, HELD_BACK = "handled", "refused", "lost", "held back"
"""Outcomes of a fault before handling; a message held back is delivered after its reversal."""


def _truncated(answer: bytes, _psn_no: str) -> bytes:
    return answer[: len(answer) // 2]


def _garbled(answer: bytes, _psn_no: str) -> bytes:
    half = len(answer) // 2
    return answer[:half] + b"\xff\xfe\x00" + answer[half + 3 :]


def _for_another_person(answer: bytes, psn_no: str) -> bytes:
    """Changes every psn_no, psn_name and certno of an answer; bytes that are not a message stay unchanged."""
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
    """Effect of a kind of fault on the message before handling, and on the answer after it."""

    before: str = HANDLED
    delayed: bool = False
    """True if the answer is sent late, after the delay of the fault."""
    twice: bool = False
    """True if the message is handled twice, and the second answer sent."""
    lost: bool = False
    """True if no answer is sent."""
    status: int = 200
    """HTTP status; any other than 200 is sent without the answer."""
    corrupt: Callable[[bytes, str], bytes] | None = None
    """Function that changes the bytes of the answer; its second argument is the psn_no of the message."""


EFFECTS: Mapping[str, Effect] = {
    "delay": Effect(delayed=True),
    "refuse": Effect(before=REFUSED),
    "drop_before": Effect(before=LOST),
    "drop_after_commit": Effect(lost=True),
    "duplicate": Effect(twice=True),
    "late": Effect(before=HELD_BACK),
    "truncate": Effect(corrupt=_truncated),
    "garble": Effect(corrupt=_garbled),
    "wrong_person": Effect(corrupt=_for_another_person),
    "http_500": Effect(status=500),
}
"""Effects by the name of a fault in control calls and scenarios (`what`)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault injected into a message; `id` is that of its row in the table of faults."""

    id: int
    what: str
    delay_s: float

    @property
    def effect(self) -> Effect:
        return EFFECTS[self.what]


@dataclass(frozen=True, slots=True)
class DisturbedAnswer:
    """Answer after a fault: bytes, or None if no answer is sent, and the HTTP status."""

    body: bytes | None
    status: int = 200


def before_handling(fault: Fault | None) -> str:
    """Outcome of a message before handling: HANDLED, REFUSED, LOST or HELD_BACK."""
    return HANDLED if fault is None else fault.effect.before


def after_handling(fault: Fault | None, answer: bytes, psn_no: str) -> DisturbedAnswer:
    """Applies a fault to the answer; deterministic. `psn_no` is the person of the message."""
    if fault is None:
        return DisturbedAnswer(answer)
    effect = fault.effect
    if effect.lost:
        return DisturbedAnswer(None)
    if effect.status != 200:
        return DisturbedAnswer(b"", effect.status)
    return DisturbedAnswer(effect.corrupt(answer, psn_no) if effect.corrupt else answer)
