"""Defects of the books: settlements counted, accounts charged, balances given back wrongly or not at all."""

from collections.abc import Mapping
from dataclasses import replace

from simulator.agencies.reference.defects.families import cancels, previews, reverses, settles
from simulator.agencies.reference.defects.overlays import Answer, overlays_answer
from simulator.domain.accumulators import dimensions_of
from simulator.domain.transaction_table import TRANSACTIONS, Family, traits_of
from simulator.insured import books
from simulator.insured.place import Answered, Asked
from simulator.store import idempotency_keys, people
from simulator.store.rows import SettlementRow
from simulator.store.tables import insurance, settlement
from simulator.store.unit_of_work import UnitOfWork


@overlays_answer
def settlement_not_counted(sound: Answer, asked: Asked) -> Answered:
    return _moved_again(sound, asked, -1) if settles(asked) else sound(asked)


@overlays_answer
def settlement_counted_twice(sound: Answer, asked: Asked) -> Answered:
    return _moved_again(sound, asked, 1) if settles(asked) else sound(asked)


@overlays_answer
def disease_not_counted(sound: Answer, asked: Asked) -> Answered:
    answered = sound(asked)
    if settles(asked):
        row = _row_of(asked, answered)
        of_diseases = {key: -fen for key, fen in books.movements_of(row).items() if dimensions_of(key[1]).disease}
        people.move(asked.work, row.person_id, row.insutype, row.year, of_diseases)
    return answered


@overlays_answer
def deductible_not_counted(sound: Answer, asked: Asked) -> Answered:
    answered = sound(asked)
    if settles(asked):
        row = _row_of(asked, answered)
        taken = {key: -fen for key, fen in books.movements_of(row).items() if key[0] == "DEDC"}
        people.move(asked.work, row.person_id, row.insutype, row.year, taken)
    return answered


@overlays_answer
def counted_in_last_year(sound: Answer, asked: Asked) -> Answered:
    answered = sound(asked)
    if settles(asked):
        row = _row_of(asked, answered)
        movements = books.movements_of(row)
        people.move(asked.work, row.person_id, row.insutype, row.year, _negated(movements))
        people.move(asked.work, row.person_id, row.insutype, row.year - 1, movements)
    return answered


@overlays_answer
def preview_booked(sound: Answer, asked: Asked) -> Answered:
    """Counts a pre-settlement as the settlement that is then counted again."""
    answered = sound(asked)
    if previews(asked):
        settled = asked.work.last_id(settlement)
        sound(replace(asked, infno=_settlement_like(asked.infno), msgid=f"{asked.msgid}P"))
        row = asked.work.get_required(settlement, id=settled + 1)
        asked.work.change(settlement, {"id": row.id}, state="reversed")
    return answered


@overlays_answer
def account_not_charged(sound: Answer, asked: Asked) -> Answered:
    answered = sound(asked)
    if settles(asked):
        row = _row_of(asked, answered)
        _pay_into_account(asked.work, row, row.account)
    return answered


@overlays_answer
def account_charged_twice(sound: Answer, asked: Asked) -> Answered:
    answered = sound(asked)
    if settles(asked):
        row = _row_of(asked, answered)
        _pay_into_account(asked.work, row, -row.account)
    return answered


@overlays_answer
def cancellation_keeps_balances(sound: Answer, asked: Asked) -> Answered:
    return _moved_again(sound, asked, 1) if cancels(asked) else sound(asked)


@overlays_answer
def cancellation_taken_back_twice(sound: Answer, asked: Asked) -> Answered:
    return _moved_again(sound, asked, -1) if cancels(asked) else sound(asked)


@overlays_answer
def cancellation_keeps_account(sound: Answer, asked: Asked) -> Answered:
    answered = sound(asked)
    if cancels(asked):
        # The cancellation's row has its amounts negated.
        row = _row_of(asked, answered)
        _pay_into_account(asked.work, row, row.account)
    return answered


@overlays_answer
def cancellation_keeps_deductible(sound: Answer, asked: Asked) -> Answered:
    answered = sound(asked)
    if cancels(asked):
        row = _row_of(asked, answered)
        taken = {key: fen for key, fen in books.movements_of(row).items() if key[0] == "DEDC"}
        people.move(asked.work, row.person_id, row.insutype, row.year, taken)
    return answered


@overlays_answer
def cancelled_in_the_present_year(sound: Answer, asked: Asked) -> Answered:
    """Takes back from the year of the cancellation, whichever year the settlement was booked in."""
    answered = sound(asked)
    if cancels(asked):
        row = _row_of(asked, answered)
        movements = books.movements_of(row)
        people.move(asked.work, row.person_id, row.insutype, row.year, movements)
        people.move(asked.work, row.person_id, row.insutype, asked.now.year, _negated(movements))
    return answered


@overlays_answer
def latest_taken_back(sound: Answer, asked: Asked) -> Answered:
    """Takes back the balances of the person's latest settlement in place of the named one."""
    answered = sound(asked)
    if cancels(asked):
        named = _row_of(asked, answered)
        live = [row for row in _settlements_of(asked.work, named) if row.state == "live"]
        if live:
            latest = live[-1]
            people.move(asked.work, named.person_id, named.insutype, named.year, books.movements_of(named))
            people.move(
                asked.work, latest.person_id, latest.insutype, latest.year, _negated(books.movements_of(latest))
            )
    return answered


@overlays_answer
def layer_bases_stay(sound: Answer, asked: Asked) -> Answered:
    """Leaves the bases of the layers as they are when a settlement is cancelled or reversed."""
    answered = sound(asked)
    if (cancels(asked) or reverses(asked)) and answered.settlement_id is not None:
        row = _row_of(asked, answered)
        bases = {key: fen for key, fen in books.movements_of(row).items() if key[0].endswith("BS")}
        people.move(asked.work, row.person_id, row.insutype, row.year, bases)
    return answered


@overlays_answer
def reversal_without_effect(sound: Answer, asked: Asked) -> Answered:
    return Answered({}) if reverses(asked) else sound(asked)


@overlays_answer
def reversal_keeps_balances(sound: Answer, asked: Asked) -> Answered:
    live = _reverses_a_live_settlement(asked)
    answered = sound(asked)
    if live:
        row = _row_of(asked, answered)
        people.move(asked.work, row.person_id, row.insutype, row.year, books.movements_of(row))
    return answered


@overlays_answer
def reversal_keeps_account(sound: Answer, asked: Asked) -> Answered:
    live = _reverses_a_live_settlement(asked)
    answered = sound(asked)
    if live:
        row = _row_of(asked, answered)
        _pay_into_account(asked.work, row, -row.account)
    return answered


@overlays_answer
def reversal_taken_back_twice(sound: Answer, asked: Asked) -> Answered:
    live = _reverses_a_live_settlement(asked)
    answered = sound(asked)
    if live:
        row = _row_of(asked, answered)
        people.move(asked.work, row.person_id, row.insutype, row.year, _negated(books.movements_of(row)))
    return answered


@overlays_answer
def reversed_again_takes_back_again(sound: Answer, asked: Asked) -> Answered:
    """Takes back once more when a second reversal names a settlement that was reversed already."""
    original = idempotency_keys.find(asked.work, asked.body["data"]["omsgid"]) if reverses(asked) else None
    answered = sound(asked)
    if original is not None and original.state == idempotency_keys.REVERSED and original.settlement_id is not None:
        row = asked.work.get_required(settlement, id=original.settlement_id)
        people.move(asked.work, row.person_id, row.insutype, row.year, _negated(books.movements_of(row)))
    return answered


@overlays_answer
def reversed_cancellation_stays(sound: Answer, asked: Asked) -> Answered:
    """Answers the reversal of a cancellation and leaves the settlement cancelled."""
    if reverses(asked):
        original = idempotency_keys.find(asked.work, asked.body["data"]["omsgid"])
        row = _settled_by(asked.work, original.settlement_id) if original is not None else None
        if row is not None and row.kind == "cancellation":
            return Answered({})
    return sound(asked)


def _row_of(asked: Asked, answered: Answered) -> SettlementRow:
    return asked.work.get_required(settlement, id=answered.settlement_id)


def _settled_by(work: UnitOfWork, settlement_id: int | None) -> SettlementRow | None:
    return None if settlement_id is None else work.get(settlement, id=settlement_id)


def _settlements_of(work: UnitOfWork, like: SettlementRow) -> list[SettlementRow]:
    rows = work.find(settlement, person_id=like.person_id, order="id")
    return [row for row in rows if row.kind == "settlement" and row.insutype == like.insutype]


def _reverses_a_live_settlement(asked: Asked) -> bool:
    if not reverses(asked):
        return False
    original = idempotency_keys.find(asked.work, asked.body["data"]["omsgid"])
    row = _settled_by(asked.work, original.settlement_id) if original is not None else None
    return row is not None and row.kind == "settlement" and row.state == "live"


def _moved_again(sound: Answer, asked: Asked, sign: int) -> Answered:
    answered = sound(asked)
    row = _row_of(asked, answered)
    moved = {key: sign * fen for key, fen in books.movements_of(row).items()}
    people.move(asked.work, row.person_id, row.insutype, row.year, moved)
    return answered


def _negated(movements: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {key: -fen for key, fen in movements.items()}


def _pay_into_account(work: UnitOfWork, row: SettlementRow, fen: int) -> None:
    """Moves the personal account that a settlement was booked on."""
    for each in work.find(insurance, person_id=row.person_id, order="id"):
        if each.insutype == row.insutype:
            work.change(insurance, {"id": each.id}, balance=each.balance + fen)
            return


def _settlement_like(preview: str) -> str:
    """Number of the settlement that a pre-settlement announces; both stand in pairs, in one order."""
    traits = traits_of(preview)
    pair = [each for each in TRANSACTIONS.values() if each.care == traits.care]
    previews_of_care = [each.infno for each in pair if each.family == Family.PRE_SETTLEMENT]
    settlements_of_care = [each.infno for each in pair if each.family == Family.SETTLEMENT]
    return settlements_of_care[previews_of_care.index(preview)]
