"""Compares what two systems answered in the same scenarios, message by message."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from simulator.contract.diff import Change, EditionDifference
from simulator.core.texts import Text, plain, text
from simulator.harness.execution.journal_legs import ObservedLeg
from simulator.harness.execution.results import FAILED, PASSED
from simulator.harness.field_names import name_zh
from simulator.upgrade.differences import (
    ENDED,
    MISSING,
    NUMBER,
    OUTCOME,
    STATE,
    VERDICT,
    WEIGHTS,
    UpgradeDifference,
    ValueDifference,
    shown_value,
    value_differences,
    without_indexes,
)
from simulator.upgrade.explanation import ChangedRows
from simulator.upgrade.leeway import Leeway, Masked
from simulator.upgrade.playing import PlayedScenario, PlayedSide

_GIVEN = ("infcode", "err_msg")
"""Fields of an answer that tell its outcome, which is compared as a whole."""
_ACCEPTED = "0"


@dataclass(frozen=True)
class UpgradeComparison:
    """Differences of two systems, and how much was compared."""

    old: PlayedSide
    new: PlayedSide
    editions: EditionDifference
    differences: Sequence[UpgradeDifference]
    messages: int
    """Pairs of messages that were compared."""
    masked: int
    """Fields of the shipped or given list whose values are free."""
    scenarios: Sequence[str]
    """Scenarios played on both sides."""

    @cached_property
    def unexplained(self) -> Sequence[UpgradeDifference]:
        return [each for each in self.differences if not each.explained]

    @property
    def explained(self) -> int:
        return len(self.differences) - len(self.unexplained)

    @property
    def broken(self) -> Text | None:
        """Reason why the comparison proves nothing; None where it proves something."""
        for side in (self.old, self.new):
            if side.ended.broken is not None:
                return text("upgrade.side_broken", url=side.url, why=side.ended.broken)
        return None if self.messages else text("upgrade.nothing_compared")

    @property
    def exit_code(self) -> int:
        """0 no unexplained difference, 1 some, 2 nothing could be compared."""
        if self.broken is not None:
            return 2
        return 1 if self.unexplained else 0


def compare_sides(old: PlayedSide, new: PlayedSide, editions: EditionDifference, leeway: Leeway) -> UpgradeComparison:
    """Compares all scenarios that both sides played."""
    rows = ChangedRows(editions)
    both = [key for key in old.played if key in new.played]
    found: list[UpgradeDifference] = []
    messages = 0
    for key in both:
        pair = _ScenarioPair(old.played[key], new.played[key], rows, leeway)
        found += pair.differences()
        messages += pair.messages
    found.sort(key=lambda each: (each.explained, WEIGHTS.index(each.weight)))
    names = list(dict.fromkeys(scenario for scenario, _ in both))
    return UpgradeComparison(old, new, editions, found, messages, len(leeway.kinds), names)


@dataclass
class _ScenarioPair:
    """Scenario on both sides."""

    old: PlayedScenario
    new: PlayedScenario
    rows: ChangedRows
    leeway: Leeway
    messages: int = 0
    _found: list[UpgradeDifference] = field(default_factory=list)

    def differences(self) -> Sequence[UpgradeDifference]:
        """Differences of the messages in order, then of the ends."""
        masks: tuple[Masked, Masked] | None = None
        for one, other in _aligned(self.old.rows, self.new.rows, self.leeway):
            if one is None or other is None:
                self._only_one(one, other)
                continue
            self.messages += 1
            renamed = self.rows.renamed((one.infno, other.infno))
            names = {_last(now): _last(was) for was, now in renamed.items()}
            masks = masks or (Masked(self.leeway), Masked(self.leeway))
            masks[1].names = names
            self._pair(one, other, renamed, masks)
        self._ends()
        return self._found

    def _pair(
        self, one: ObservedLeg, other: ObservedLeg, renamed: Mapping[str, str], masks: tuple[Masked, Masked]
    ) -> None:
        infnos = (one.infno, other.infno)
        old, new = masks[0].tree(one.answered()), masks[1].tree(other.answered())
        if one.infno != other.infno:
            change = self.rows.transaction(other.infno) or self.rows.transaction(one.infno)
            self._add(one, NUMBER, STATE, "infno", plain(one.infno), plain(other.infno), change)
        was, now = _outcome(one, old), _outcome(other, new)
        if was != now:
            refusing = other if was == _ACCEPTED else one
            change = self.rows.of_refusal(infnos, refusing.findings)
            self._add(one, OUTCOME, STATE, "infcode", _outcome_text(one, was), _outcome_text(other, now), change)
            return
        for name in _GIVEN if was == _ACCEPTED else ("infcode",):
            old.pop(name, None)
            new.pop(name, None)
        for each in value_differences(old, new, renamed):
            change = self.rows.of_answer(infnos, each)
            weight = self.rows.weight(infnos, each.path)
            self._add(one, each.kind, weight, each.path, *_shown(each), change)

    def _only_one(self, one: ObservedLeg | None, other: ObservedLeg | None) -> None:
        """A message that one side never sent follows from the differences before it, or stands by itself."""
        there = one or other
        assert there is not None
        last = self._found[-1] if self._found else None
        if last is not None and last.kind == ENDED:
            return
        absent, sent = text("upgrade.never_sent"), plain(there.infno)
        shown = (sent, absent) if one is not None else (absent, sent)
        self._add(there, ENDED, STATE, "", *shown, None, follows=last)

    def _ends(self) -> None:
        """Another end of the scenario, where every message agrees: a finding or the ledger made it."""
        was, now = self.old.result, self.new.result
        if was.status == now.status or self._found:
            return
        old, new = (_end_text(each.status, each.cause) for each in (was, now))
        rule = was.cause or now.cause
        self._found.append(UpgradeDifference(was.scenario.id, was.use, "", "", rule, "", VERDICT, STATE, old, new))

    def _add(
        self,
        row: ObservedLeg,
        kind: str,
        weight: str,
        path: str,
        old: Text,
        new: Text,
        change: Change | None,
        follows: UpgradeDifference | None = None,
    ) -> None:
        place, level, reason = "", "", None
        if change is not None:
            place, level = f"{change.kind} {change.place}", change.level
            reason = change.sender.reason if change.sender.level == change.level else change.receiver.reason
        elif follows is not None and follows.explained:
            place, level, reason = follows.row, follows.level, text("upgrade.follows", step=follows.step)
        result, last = self.old.result, _last(path)
        zh = name_zh(last, row.infno) if last else ""
        self._found.append(
            UpgradeDifference(
                *(result.scenario.id, result.use, row.step, row.infno, path, zh, kind, weight, old, new),
                *(place, level, reason),
            )
        )


def _aligned(
    old: Sequence[ObservedLeg], new: Sequence[ObservedLeg], leeway: Leeway
) -> Iterator[tuple[ObservedLeg | None, ObservedLeg | None]]:
    """Pairs of messages: those of a step in their order; those of no step first by their content, then by their order.

    The platform asks some things on its own account, and may ask the two systems in another order.
    """
    left = list(new)
    pairs: dict[int, ObservedLeg] = {}
    for key in (partial(_asked, leeway), _group):
        for at, row in enumerate(old):
            other = None if at in pairs else next((each for each in left if key(each) == key(row)), None)
            if other is not None:
                pairs[at] = other
                left = [each for each in left if each is not other]
    for at, row in enumerate(old):
        yield row, pairs.get(at)
    for row in left:
        yield None, row


def _asked(leeway: Leeway, row: ObservedLeg) -> tuple[str, str]:
    if row.step:
        return _group(row)
    return row.infno, str(Masked(leeway).tree(row.said().get("input")))


def _group(row: ObservedLeg) -> tuple[str, str]:
    return (row.step, "") if row.step else ("", row.infno)


def _outcome(row: ObservedLeg, answer: Mapping[str, Any]) -> str:
    """The infcode as text; where no object came, what became of the message."""
    return str(answer["infcode"]) if "infcode" in answer else row.outcome or "-"


def _outcome_text(row: ObservedLeg, outcome: str) -> Text:
    words = str(row.answered().get("err_msg") or "")
    return shown_value(f"{outcome} {words}".strip()) if words else plain(outcome)


def _end_text(status: str, cause: str) -> Text:
    name = text(f"harness.status_{status}") if status in (PASSED, FAILED) else plain(status)
    return text("upgrade.end", status=name, cause=plain(cause or "-"))


def _shown(each: ValueDifference) -> tuple[Text, Text]:
    assert not (each.old is MISSING and each.new is MISSING)
    return shown_value(each.old), shown_value(each.new)


def _last(path: str) -> str:
    return without_indexes(path).rpartition(".")[2]
