"""Hospital messages that an injected fault delays until they have been reversed."""

from collections.abc import Mapping
from typing import Any

from simulator.sandbox.sandboxes import Sandbox
from simulator.store.outbox import HELD, add_row, take_held
from simulator.store.unit_of_work import UnitOfWork


def delay_message(work: UnitOfWork, exchange: str, msgid: str, raw: bytes) -> None:
    """Stores a message to be handled after the 2601 that reverses it."""
    # `exchange` serves as the row's own msgid: the hospital's may stand in several rows.
    add_row(work, msgid=exchange[:30], state=HELD, body=raw, origin_msgid=msgid, late=1)


def take_delayed(sandbox: Sandbox, body: Any) -> list[bytes]:
    """Removes and returns the delayed messages named by a 2601 with this `input`, to be handled now."""
    data = body.get("data") if isinstance(body, Mapping) else None
    msgid = data.get("omsgid") if isinstance(data, Mapping) else None
    if not isinstance(msgid, str) or not sandbox.current_config().faulty:
        return []
    with sandbox.begin() as (work, _, _clock):
        return take_held(work, msgid)
