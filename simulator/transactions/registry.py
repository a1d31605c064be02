"""Registry of the handlers of transactions, and the types of their arguments and results."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from simulator.catalogue import Institution
from simulator.core.envelope import Head
from simulator.core.errors import Refusal
from simulator.core.findings import WARNING, Finding
from simulator.core.refusals import refuse_in_strict
from simulator.core.texts import Text
from simulator.domain.files import FileContent
from simulator.domain.transaction_table import Traits, traits_of
from simulator.insured.place import Answered, Asked, Body, Charged, Output
from simulator.sandbox.configuration import Config
from simulator.store.unit_of_work import UnitOfWork


@dataclass(slots=True)
class Call:
    """Context of a message for its handler; `now` is Beijing time of the trade clock."""

    work: UnitOfWork
    config: Config
    head: Head
    """Header of the message from the hospital."""
    institution: Institution
    now: datetime
    findings: list[Finding] = field(default_factory=list)
    file: FileContent | None = None
    """File that came beside the message, in a multipart body."""

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
        """Raises the refusal in strict; in lenient the message is accepted, and a warning says how."""
        refuse_in_strict(refusal, strict=self.config.strict, findings=self.findings, taken=taken)

    def tell_mismatch(self, refusal: Refusal) -> None:
        """Raises the refusal where the city file of the insured place says so (on_mismatch), else adds a warning."""
        if self.config.policies.city(self.insured_area).refuses(refusal.rule):
            raise refusal
        told = Finding(refusal.rule, WARNING, refusal.text, refusal.path, refusal.wanted, refusal.got)
        self.findings.append(told)

    def asked(self, infno: str, body: Body, *, msgid: str = "", more: tuple[Refusal, ...] = ()) -> Asked:
        """Makes a message to the insured place; `more` are reasons of the platform against it."""
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
        """Makes the message of an Ask to a simulated insured place, which gets the charges in fen."""
        return replace(self.asked(ask.infno, ask.body, more=ask.more), charged=ask.charged)


@dataclass(frozen=True, slots=True)
class Kept:
    """Output of a message, with the id of the settlement row that its reversal undoes."""

    output: Output | list[Output]
    settlement_id: int | None = None
    file: FileContent | None = None
    """File that is sent instead of a JSON answer."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Message to the insured place, which decides, and the function that takes its answer.

    A simulated insured place answers inside the same unit of work. With a registered agency `then` runs in a second
    unit of work, after the answer was judged and booked on the replica.
    """

    infno: str
    body: Body
    then: Callable[[Call, Answered], Kept]
    psn_no: str = ""
    mdtrt_id: str = ""
    """Visit that is blocked while the outcome is unknown."""
    more: tuple[Refusal, ...] = ()
    """Reasons of the platform against it, listed after those of a simulated place; any prevents forwarding."""
    charged: Charged | None = None
    """Charges of a settlement, for a simulated place."""
    written_out: Callable[[], Body] | None = None
    """Function that makes the body for an agency, where `body` lacks the charges that `charged` has."""

    def as_message(self) -> "Ask":
        """Returns the Ask with its whole body, to be sent."""
        return (
            self if self.written_out is None else replace(self, body=self.written_out(), charged=None, written_out=None)
        )


Handler = Callable[[Body, Call], Kept | Ask]
"""Function that handles the input of a message; raises Refusal, or PolicyGap where the city file has no figure."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """Transaction that is served: its row of the table and its handler."""

    traits: Traits
    handler: Handler


HANDLERS: dict[str, Transaction] = {}


def transaction(*infnos: str) -> Callable[[Handler], Handler]:
    """Registers a function as the handler of transactions; raises ValueError where a number has a handler."""

    def register(handler: Handler) -> Handler:
        for infno in infnos:
            if infno in HANDLERS:
                raise ValueError(f"{infno} is handled by {HANDLERS[infno].handler.__name__} and {handler.__name__}")
            HANDLERS[infno] = Transaction(traits_of(infno), handler)
        return handler

    return register
