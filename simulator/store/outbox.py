"""States of a row in the outbox: sending -> done | refused | unknown; unknown -> reversed | done | given up."""

from typing import NamedTuple

SENDING, DONE, REFUSED, UNKNOWN, REVERSED, GIVEN_UP, HELD = (
    "sending",
    "done",
    "refused",
    "unknown",
    "reversed",
    "given_up",
    "held",
)


class OpenMessage(NamedTuple):
    """A message whose outcome is open, and the hospital's msgid that it stands for."""

    state: str
    origin_msgid: str
    msgid: str


class WaitingMessage(NamedTuple):
    """A message of unknown outcome, and when it may be tried again."""

    id: int
    area: str
    psn_no: str
    next_try: float
    claimed_until: float


class AbandonedMessage(NamedTuple):
    """A message whose sender died before its outcome was known."""

    msgid: str
    origin_msgid: str
    infno: str


class HeldMessage(NamedTuple):
    """A message of a hospital that a fault holds back."""

    id: int
    body: bytes
