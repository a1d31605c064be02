"""Hospital messages that an ordered fault holds back until they were reversed."""

from collections.abc import Mapping
from typing import Any

from simulator.sandbox.sandboxes import Sandbox
from simulator.store.outbox import HELD, add_row, take_held
from simulator.store.unit_of_work import UnitOfWork


def delay_message(work: UnitOfWork, exchange: str, msgid: str, raw: bytes) -> None:
    """Keeps a message that arrives only after its 2601."""
    add_row(work, msgid=exchange[:30], state=HELD, body=raw, origin_msgid=msgid, late=1)


def take_delayed(sandbox: Sandbox, body: Any) -> list[bytes]:
    """The held-back messages that a 2601 named; they arrive now."""
    data = body.get("data") if isinstance(body, Mapping) else None
    msgid = data.get("omsgid") if isinstance(data, Mapping) else None
    if not isinstance(msgid, str) or not sandbox.now_configured().faulty:
        return []
    with sandbox.begin() as (work, _, _clock):
        return take_held(work, msgid)
