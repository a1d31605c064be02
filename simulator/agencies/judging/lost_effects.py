"""Effects that messages without a usable answer had at the agency if they arrived, for later diagnosis."""

from sqlalchemy import bindparam, select

from simulator.agencies.judging.dry_run import expect
from simulator.agencies.judging.mistakes.surroundings import REVERSED, Past
from simulator.agencies.replica import booked_settlements
from simulator.core.clock import wire_time
from simulator.core.errors import Refusal
from simulator.domain.transaction_table import Family, traits_of
from simulator.insured import books
from simulator.insured.place import Asked
from simulator.store import outbox, people
from simulator.store.statements import Identifier, Statement
from simulator.store.tables import settlement

_LAST = Statement(
    select(settlement.c.id)
    .where(settlement.c.person_id == bindparam("person_id"))
    .order_by(settlement.c.id.desc())
    .limit(1),
    Identifier,
)


def keep_lost_effect(asked: Asked) -> None:
    """Keeps what a settlement or cancellation without a usable answer would have done by the rules.

    Until its reversal is acknowledged no award of the person is judged, so it counts as reversed from then on. Nothing
    is kept where the rules lead to no effect.
    """
    try:
        past = _past(asked)
    except Refusal:
        return
    known = people.load(asked.work, asked.body["data"]["psn_no"]) if past else None
    if past is None or known is None:
        return
    last = asked.work.one(_LAST, person_id=known.id)
    outbox.keep_lost_effect(asked.work, asked.msgid, {"after": last.id if last else 0, "past": past.as_json()})


def _past(asked: Asked) -> Past | None:
    traits = traits_of(asked.infno)
    if traits.family == Family.CANCELLATION:
        return _cancellation(asked)
    expected = expect(asked, []) if traits.family == Family.SETTLEMENT else None
    if expected is None or expected.award is None or expected.question is None:
        return None
    award, claim = expected.award, expected.question.claim
    return Past(
        msgid=asked.msgid,
        kind="settlement",
        state=REVERSED,
        insutype=claim.insutype,
        year=award.year,
        treated_area=asked.treated_area,
        setl_time=wire_time(asked.now),
        in_scope=award.in_scope,
        account=award.account,
        movements=award.movements,
        lost=True,
    )


def _cancellation(asked: Asked) -> Past:
    row = booked_settlements.settlement_of(asked, asked.body["data"]["setl_id"])
    return Past(
        msgid=asked.msgid,
        kind="cancellation",
        state=REVERSED,
        insutype=row.insutype,
        year=row.year,
        treated_area=row.area,
        setl_time=wire_time(asked.now),
        in_scope=row.in_scope,
        account=row.account,
        movements=books.movements_of(row),
        lost=True,
    )
