"""Tries a message: holds it to the contract alone, or really sends it to a sandbox and tells what came of it."""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select

from simulator.contract import Contract
from simulator.contract.checking import CheckedFault, Checking
from simulator.contract.recordings import Broken, RecordedLeg, Where
from simulator.contract.recordings.recorded_legs import direction_of, read_text
from simulator.core.errors import SetupError
from simulator.core.masking import mask_sentence, mask_text
from simulator.core.signing import NONE, Profile, signature, string_to_sign
from simulator.core.texts import Text, text
from simulator.gateway.exchange import Incoming
from simulator.pages.message_lines import place_of, tidy
from simulator.platform import Platform
from simulator.sandbox.sandboxes import Sandbox
from simulator.store.rows import FindingRow
from simulator.store.statements import Statement
from simulator.store.store import Gone
from simulator.store.tables import finding, journal


class _SentLeg(NamedTuple):
    """The exchange that a leg belongs to, and what was sent."""

    exchange: str
    request: bytes


_SINCE = Statement(
    select(journal.c.exchange, journal.c.request)
    .where(journal.c.id > bindparam("last"))
    .order_by(journal.c.id)
    .limit(500),
    _SentLeg,
)
_MSGID = re.compile(r'("msgid"\s*:\s*)"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Remark:
    """Remark on a message: place, severity, and the row of the edition or the rule behind it."""

    number: int
    severity: str
    rule: str
    pointer: str
    line: int
    """0 where the message has no such line, as for what was said to the insured place."""
    sentence: Text
    row: str = ""
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """Result of a message that was really sent."""

    message: str
    status: int
    answer: str
    dropped: bool
    delay_s: float
    remarks: tuple[Remark, ...]
    edition: str
    strict: bool


def check(contract: Contract, message: str, *, strict: bool, infno: str) -> list[Remark]:
    """Faults of a message by the contract; `infno` is the transaction of an answer."""
    where = Where("", 1, "", message)
    value = read_text(message, where)
    if not isinstance(value, Broken) and direction_of(value) is None:
        value = Broken(where, "not_a_message", text("contract.not_a_message"))
    if isinstance(value, Broken):
        return [Remark(1, "error", value.rule, "", _line_of_error(message), value.sentence)]
    run = Checking(lambda *_: contract, strict, assumed=infno)
    found = run.leg(RecordedLeg(where, str(direction_of(value)), value, len(message), infno=infno))
    return [_remark(number, each) for number, each in enumerate(found, 1)]


def send(platform: Platform, sandbox: Sandbox, message: str, *, fresh: bool, unmasked: bool) -> Sending:
    """Sends a message as a hospital would, signed where the sandbox demands it. Raises SetupError and Gone."""
    config = sandbox.current_config()
    with sandbox.begin() as (work, _, clock):
        last = work.last_id(journal)
        now = clock.now(platform.sandboxes.real_time())
    message = with_fresh_msgid(message, now) if fresh else message
    # The platform itself refuses a lone surrogate; the page shows that refusal.
    raw = message.encode("utf-8", "surrogatepass")
    headers = _signed(config.profile, platform.sandboxes.real_time())
    outgoing = platform.pipeline.handle(sandbox, Incoming(raw, headers))
    rows = _said_of(sandbox, raw, after=last)
    answer = tidy(outgoing.body.decode("utf-8", "replace"))
    return Sending(
        message=message,
        status=outgoing.status,
        answer=answer if unmasked else mask_text(answer),
        dropped=outgoing.dropped,
        delay_s=outgoing.delay_s,
        remarks=tuple(_told(number, row, message, unmasked=unmasked) for number, row in enumerate(rows, 1)),
        edition=config.contract.label,
        strict=config.strict,
    )


def sandbox_of(platform: Platform, name: str) -> Sandbox:
    """The sandbox of that name; raises SetupError."""
    found = platform.sandboxes.get(name)
    if found is None:
        raise SetupError(text("gateway.no_sandbox", name=name[:60]))
    return found


def with_fresh_msgid(message: str, now: datetime) -> str:
    """Message with a fresh msgid: institution, time, a random number."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return message
    if not isinstance(value, dict) or not isinstance(value.get("msgid"), str):
        return message
    code = str(value.get("fixmedins_code") or "")
    made = f"{code:0<12.12}{now:%Y%m%d%H%M%S}{secrets.randbelow(10_000):04d}"
    return _MSGID.sub(lambda found: f"{found.group(1)}{json.dumps(made, ensure_ascii=False)}", message, count=1)


def _said_of(sandbox: Sandbox, raw: bytes, *, after: int) -> list[FindingRow]:
    """The findings of both legs of the message that was just sent."""
    try:
        with sandbox.begin() as (work, _, _clock):
            legs = work.all(_SINCE, last=after)
            own = [row.exchange for row in legs if bytes(row.request) == raw]
            return work.find(finding, exchange=own[-1], order="id") if own else []
    except Gone:
        return []


def _signed(profile: Profile, real: float) -> dict[str, str]:
    """The headers that the sandbox's own gateway profile demands."""
    if profile.name == NONE:
        return {}
    values = {
        "_api_name": "callService",
        "_api_version": "1.0.0",
        "_api_timestamp": str(int(real * 1000)),
        "_api_access_key": profile.access_key,
    }
    return {**values, "_api_signature": signature(string_to_sign(values), profile.secret_key)}


def _remark(number: int, found: CheckedFault) -> Remark:
    fault = found.fault
    return Remark(number, found.severity, fault.rule, found.pointer, found.line, fault.sentence, fault.row)


def _told(number: int, row: FindingRow, message: str, *, unmasked: bool) -> Remark:
    sentence = Text(row.zh, row.en)
    if not unmasked:
        sides = [mask_sentence(side, path=row.path, got=row.got) for side in (row.zh, row.en)]
        sentence = Text(*sides)
    own = row.leg == "hospital"
    pointer = _pointer(row.path)
    line = place_of(message, pointer) if own and pointer else 0
    return Remark(number, row.severity, row.rule, pointer, line, sentence, leg="" if own else row.leg)


def _pointer(path: str) -> str:
    """A JSON pointer for a path that may be written with dots: `input.feedetail[2].cnt`."""
    if not path or path.startswith("/"):
        return path
    return "/" + path.replace("[", ".").replace("]", "").replace(".", "/")


def _line_of_error(message: str) -> int:
    try:
        json.loads(message)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        return 0
    return 0


def moment(platform: Platform, sandbox: Sandbox) -> str:
    """The sandbox's trade clock as the wire writes it."""
    with sandbox.begin() as (_, _config, clock):
        return clock.now(platform.sandboxes.real_time()).strftime("%Y-%m-%d %H:%M:%S")
