"""The registry of handlers, and what a handler is given and may give back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from simulator.catalogue import Institution
from simulator.core.envelope import Head
from simulator.core.errors import Refusal
from simulator.core.findings import Finding
from simulator.core.refusals import refuse_in_strict
from simulator.core.texts import Text
from simulator.domain.files import FileContent
from simulator.domain.transaction_table import Traits, traits_of
from simulator.insured.place import Answered, Asked, Charged
from simulator.sandbox.configuration import Config
from simulator.store.unit_of_work import UnitOfWork

Body = Mapping[str, Any]
Output = dict[str, Any]


@dataclass(slots=True)
class Call:
    """What a handler may use: the unit of work, the rules of the sandbox, the header, the trade clock."""

    work: UnitOfWork
    config: Config
    head: Head
    """The hospital's."""
    institution: Institution
    now: datetime
    findings: list[Finding] = field(default_factory=list)
    file: FileContent | None = None
    """The file that came beside the message."""

    @property
    def infno(self) -> str:
        return self.head.infno

    @property
    def msgid(self) -> str:
        return self.head.msgid

    @property
    def treated_area(self) -> str:
        return self.head.treated_area

    @property
    def insured_area(self) -> str:
        return self.head.insured_area

    def refuse_in_strict(self, refusal: Refusal, *, taken: Text | None = None) -> None:
        """Raises the refusal in strict; in lenient the message is taken, and a warning says how."""
        refuse_in_strict(refusal, strict=self.config.strict, findings=self.findings, taken=taken)

    def asked(self, infno: str, body: Body, *, msgid: str = "", more: tuple[Refusal, ...] = ()) -> Asked:
        """The same call as a message to the insured place; `more` are our own reasons against it."""
        return Asked.under(
            self.head,
            self.work,
            self.config.place,
            body,
            self.now,
            infno=infno,
            msgid=msgid or self.head.msgid,
            origin_msgid=self.head.msgid,
            more=more,
            strict=self.config.strict,
            findings=self.findings,
        )

    def asked_in_process(self, ask: "Ask") -> Asked:
        """A question as the insured place simulated here gets it: our reasons beside it, charges in fen."""
        return replace(self.asked(ask.infno, ask.body, more=ask.more), charged=ask.charged)


@dataclass(frozen=True, slots=True)
class Kept:
    """An output, and the settlement row that a reversal of this message would undo."""

    output: Output | list[Output]
    settlement_id: int | None = None
    file: FileContent | None = None
    """Sent in the place of an answer in JSON."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The insured place decides: what to ask it, and what to do with its answer.

    Where it is simulated here, it answers inside the same unit of work. Where it is a registered agency, `then` runs in
    a second one, after the answer was judged and booked on the platform's own copy.
    """

    infno: str
    body: Body
    then: Callable[[Call, Answered], Kept]
    psn_no: str = ""
    mdtrt_id: str = ""
    """The visit that is blocked while the outcome is unknown."""
    more: tuple[Refusal, ...] = ()
    """Our own reasons against it: told after those of a place simulated here; nothing is forwarded in spite of them."""
    charged: Charged | None = None
    """The charges of a settlement, for a place that is simulated here."""
    written_out: Callable[[], Body] | None = None
    """Makes the body as a message to an agency holds it, where `body` leaves the charges to `charged`."""

    def as_message(self) -> "Ask":
        """The same question with everything in its body, to be sent."""
        return (
            self if self.written_out is None else replace(self, body=self.written_out(), charged=None, written_out=None)
        )


Handler = Callable[[Body, Call], Kept | Ask]


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction served: its row of the table and its handler."""

    traits: Traits
    handler: Handler


HANDLERS: dict[str, Transaction] = {}


def transaction(*infnos: str) -> Callable[[Handler], Handler]:
    """Registers a function as the handler of these numbers; raises ValueError for one that has a handler."""

    def register(handler: Handler) -> Handler:
        for infno in infnos:
            if infno in HANDLERS:
                raise ValueError(f"{infno} is handled by {HANDLERS[infno].handler.__name__} and {handler.__name__}")
            HANDLERS[infno] = Transaction(traits_of(infno), handler)
        return handler

    return register
