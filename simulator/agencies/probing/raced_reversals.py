"""A 2601 sent at the same time as its original: whichever comes first, the original has no effect afterwards."""

from dataclasses import dataclass, replace
from datetime import datetime

from simulator.agencies.delivery.answer_reading import AgencyAnswer
from simulator.agencies.delivery.channel import message, next_msgid
from simulator.agencies.delivery.forwarding import Delivery, Intent
from simulator.agencies.probing.probe_legs import outcome_of, read_delivery
from simulator.core.findings import ERROR, Finding
from simulator.core.json_codec import read_json
from simulator.core.texts import Text, plain, text
from simulator.domain.transaction_table import REVERSAL
from simulator.sandbox.configuration import Config
from simulator.store import journal, outbox
from simulator.store.outbox import REVERSED, UNKNOWN
from simulator.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class RacedReversal:
    """The 2601 of an intent, with the exchange under which it is kept."""

    intent: Intent
    raw: bytes
    exchange: str

    @classmethod
    def of(cls, work: UnitOfWork, now: datetime, intent: Intent) -> "RacedReversal":
        """The reversal of a message that is about to be sent."""
        data = {"psn_no": intent.ask.psn_no, "omsgid": intent.msgid, "oinfno": read_json(intent.raw)["infno"]}
        raw = message(intent.head, REVERSAL, next_msgid(work, now), now, {"data": data})
        return cls(intent, raw, next_msgid(work, now))

    def record(self, work: UnitOfWork, config: Config, now: datetime, sent: Delivery) -> None:
        """Keeps the leg, and closes the original as reversed where the agency said so.

        Otherwise the original stays unknown, and the outbox reverses it.
        """
        answer = read_delivery(config, self.intent.agency, self.intent.head, sent, infno=REVERSAL)
        outcome = outcome_of(answer)
        findings = list(answer.findings) if isinstance(answer, AgencyAnswer) else []
        row = outbox.find_sent(work, self.intent.msgid, lock=True)
        if outcome != "answered":
            reason = answer if isinstance(answer, Text) else plain(answer.err_msg or "-")
            sentence = text("judge.reversal_refused", msgid=self.intent.msgid, err_msg=reason)
            findings.append(Finding("reversal.refused", ERROR, sentence, "/infcode", "0", "-1"))
        elif row is not None and row.state == UNKNOWN:
            outbox.close(work, row, REVERSED)
        leg = self.intent.leg(sent, now, outcome)
        sent_as = read_json(self.raw)
        raced = {"infno": REVERSAL, "msgid": sent_as["msgid"], "exchange": self.exchange, "request": self.raw}
        journal.record(work, replace(leg, **raced), findings)
