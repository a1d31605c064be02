"""What comes in, what goes out, and one message on its way between them."""

import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.core import envelope
from simulator.core.envelope import Head
from simulator.core.findings import Finding
from simulator.core.signing import Headers
from simulator.domain.files import FileContent
from simulator.gateway.codec.encryption import BodyCipher
from simulator.gateway.codec.request_body import JSON
from simulator.gateway.codec.undecodable import Undecodable
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import journal


@dataclass(frozen=True, slots=True)
class Incoming:
    """What came over HTTP: the sandbox and the number in the path, headers, bytes."""

    raw: bytes
    headers: Headers = field(default_factory=dict)
    infno_in_path: str = ""
    file: FileContent | None = None
    """The file that came beside the message in a multipart body."""
    problem: Undecodable | None = None
    """Why the body is no message, as far as its form tells."""
    again: bool = False
    """Delivered once more by an ordered fault: it was authenticated then, and no further fault strikes it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes back; `dropped` means that the connection ends without an answer, `delay_s` that it comes late."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    file_name: str = ""
    """Name under which the body is to be kept, where it is a file."""
    dropped: bool = False
    delay_s: float = 0.0
    twice: bool = False
    """Delivered twice: the message is handled once more, and the second answer goes."""


_BLANK = envelope.head_of({})
_NOT_YET = datetime(1970, 1, 1)  # noqa: DTZ001 (wire times have no zone)


@dataclass(slots=True)
class Exchange:
    """One message on its way; each field is set once, by the stage that knows it."""

    sandbox: Sandbox
    incoming: Incoming
    real_at: float
    received: datetime = _NOT_YET
    started: float = 0.0
    id: str = field(default_factory=lambda: os.urandom(16).hex())
    head: Head = _BLANK
    body: Any = None
    digest: str = ""
    findings: list[Finding] = field(default_factory=list)
    psn_no: str = ""
    mdtrt_id: str = ""
    cipher: BodyCipher | None = None
    """Enciphers the output, where the message came enciphered."""

    def begin(self, received: datetime) -> None:
        """Its turn has come: `received` by the trade clock."""
        self.received, self.started = received, time.perf_counter()

    def leg(self, answer: bytes, outcome: str) -> journal.JournalLeg:
        """The exchange as the journal keeps it."""
        return journal.JournalLeg.under(
            self.head,
            leg=journal.HOSPITAL,
            exchange=self.id,
            at=self.received,
            real_at=self.real_at,
            psn_no=self.psn_no,
            mdtrt_id=self.mdtrt_id,
            outcome=outcome,
            duration_ms=round((time.perf_counter() - self.started) * 1000, 3),
            request=self.incoming.raw,
            answer=answer,
        )
