"""Values of the pipeline: incoming request, outgoing response, and the exchange between them."""

import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.contract import Edition
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
    """Request as received over HTTP: bytes of the message, header fields, infno of the path."""

    raw: bytes
    headers: Headers = field(default_factory=dict)
    infno_in_path: str = ""
    file: FileContent | None = None
    """File uploaded with the message in a multipart body."""
    problem: Undecodable | None = None
    """Reason why the body is not a message, found by content type and parts before it is parsed."""
    redelivered: bool = False
    """True for a message delivered again by a fault: already authenticated, and exempt from further faults."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Response to send, after `delay_s` seconds; with `dropped` the connection is broken without an answer."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    file_name: str = ""
    """File name of the body for the client to store it under; blank if the body is a message."""
    dropped: bool = False
    delay_s: float = 0.0
    twice: bool = False
    """True if the message is to be handled once more, and the second answer sent (fault `duplicate`)."""


_BLANK = envelope.head_of({})
_NOT_YET = datetime(1970, 1, 1)  # noqa: DTZ001 (wire times have no zone)


@dataclass(slots=True)
class Exchange:
    """State of a message in the pipeline; each stage fills in the fields that it determines."""

    sandbox: Sandbox
    incoming: Incoming
    real_at: float
    received: datetime = _NOT_YET
    started: float = 0.0
    edition: Edition | None = None
    id: str = field(default_factory=lambda: os.urandom(16).hex())
    head: Head = _BLANK
    body: Any = None
    digest: str = ""
    findings: list[Finding] = field(default_factory=list)
    psn_no: str = ""
    mdtrt_id: str = ""
    cipher: BodyCipher | None = None
    """Cipher for the output if the input was encrypted."""

    def begin(self, received: datetime, edition: Edition) -> None:
        """Starts the exchange and its duration; `received` is the time by the trade clock."""
        self.received, self.edition, self.started = received, edition, time.perf_counter()

    def infcode(self, code: str) -> str | int:
        """An infcode as the edition of the sandbox writes it."""
        return self.edition.infcode(code) if self.edition is not None else code

    def leg(self, answer: bytes, outcome: str) -> journal.JournalLeg:
        """Hospital leg of the exchange for the journal."""
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
