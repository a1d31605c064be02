"""Hospital messages that an ordered fault holds back until they were reversed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from simulator.sandbox.sandboxes import Sandbox
from simulator.store.outbox import HELD, HeldMessage
from simulator.store.statements import Statement
from simulator.store.tables import outbox
from simulator.store.unit_of_work import UnitOfWork

_HELD = Statement(
    select(outbox.c.id, outbox.c.body).where(outbox.c.state == HELD, outbox.c.origin_msgid == bindparam("msgid")),
    HeldMessage,
)


def delay_message(work: UnitOfWork, exchange: str, msgid: str, raw: bytes) -> None:
    """Keeps a message that arrives only after its 2601."""
    work.add(
        outbox,
        msgid=exchange[:30],
        area="",
        infno="",
        state=HELD,
        body=raw,
        origin_msgid=msgid,
        psn_no="",
        mdtrt_id="",
        subject="",
        late=1,
        attempts=0,
        next_try=0.0,
        claimed_until=0.0,
        owner="",
        last_error="",
        exchange="",
    )


def take_delayed(sandbox: Sandbox, body: Any) -> list[bytes]:
    """The held-back messages that a 2601 named; they arrive now."""
    data = body.get("data") if isinstance(body, Mapping) else None
    msgid = data.get("omsgid") if isinstance(data, Mapping) else None
    if not isinstance(msgid, str) or not sandbox.now_configured().faulty:
        return []
    with sandbox.begin() as (work, _, _clock):
        rows = work.all(_HELD, msgid=msgid)
        for row in rows:
            work.remove(outbox, id=row.id)
    return [bytes(row.body) for row in rows]
