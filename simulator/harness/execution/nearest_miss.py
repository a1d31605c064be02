"""Nearest miss: the message of a hospital that came in place of the one a task waits for, and where it differs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.core.masking import is_identity_field, mask
from simulator.core.texts import Text, plain, text
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.matching import Mismatch
from simulator.harness.templates import act_of, templates

_WEIGHTS = {"infno": 4, "psn_no": 3, "fixmedins_code": 2}
"""Weights of differences: another transaction is farther off than another person, and that than another field."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A message that is waited for, as far as a message that came can be held against it."""

    infno: str
    task: int | None
    psn_no: str
    """Blank for a transaction that is about no person."""
    differences_of: Callable[[ObservedLeg], list[Mismatch]]
    """Differences of fields between a leg of the same transaction and the task, in order."""


@dataclass(frozen=True, slots=True)
class NearestMiss:
    """A message that came, the awaited one that it nearly was, and where it differs, the weightiest first."""

    row: ObservedLeg
    awaited: Awaited
    differences: Sequence[Mismatch]

    @property
    def told(self) -> Text:
        """Sentence with the task, the message, and the first field that differs."""
        first = self.differences[0] if self.differences else None
        about = {
            "infno": self.row.infno,
            "title": _title(self.row.infno),
            "msgid": self.row.msgid,
            "wanted_infno": self.awaited.infno,
            "wanted_title": _title(self.awaited.infno),
            "task": self.awaited.task if self.awaited.task is not None else "-",
        }
        if first is None:
            answer = self.row.answered()
            said = f"{answer.get('infcode', '-')} {answer.get('err_msg') or ''}".strip()
            return text("harness.nearest_but_for_outcome", outcome=said, **about)
        field = Text(f"{first.field_zh} {first.path}".strip(), first.path)
        return text("harness.nearest_miss", field=field, wanted=first.wanted, got=first.got, **about)


def nearest_miss(rows: Iterable[ObservedLeg], awaited: Sequence[Awaited]) -> NearestMiss | None:
    """The message and the awaited one that are closest to each other; the earlier awaited where two are as close."""
    found = [_held_against(row, each) for row in rows if row.leg == "hospital" and not row.taken for each in awaited]
    # The last message is the one that somebody is looking at.
    return min(reversed(found), key=_distance, default=None)


def _held_against(row: ObservedLeg, awaited: Awaited) -> NearestMiss:
    found: list[Mismatch] = []
    if act_of(row.infno) != act_of(awaited.infno):
        found.append(_named("infno", awaited.infno, row.infno))
    if awaited.psn_no and row.psn_no != awaited.psn_no:
        found.append(_named("psn_no", awaited.psn_no, row.psn_no or "-"))
    if act_of(row.infno) == act_of(awaited.infno):
        found += map(_masked, awaited.differences_of(row))
    found.sort(key=lambda each: -_WEIGHTS.get(each.path, 1))
    return NearestMiss(row, awaited, found)


def _distance(miss: NearestMiss) -> int:
    return sum(_WEIGHTS.get(each.path, 1) for each in miss.differences)


def _named(path: str, wanted: str, got: str) -> Mismatch:
    return Mismatch(path, plain(wanted), plain(got))


def _masked(each: Mismatch) -> Mismatch:
    if not is_identity_field(each.path.rpartition(".")[2]):
        return each
    wanted, got = (Text(mask(one.zh), mask(one.en)) for one in (each.wanted, each.got))
    return Mismatch(each.path, wanted, got, each.infno, each.causes)


def _title(infno: str) -> Text:
    found = templates().get(infno)
    return found.title if found is not None else plain("")


def steps_waiting(planned: Mapping[str, Any], step: str) -> list[str]:
    """Numbers of the steps whose messages are still to come: the present one first, then those asked for with it."""
    numbers = list(planned)
    return numbers[numbers.index(step) :]
