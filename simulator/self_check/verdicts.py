"""Verdicts of the self-check: a defect is caught or missed, and named rightly, vaguely or wrongly."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from simulator.core.texts import Text, plain
from simulator.harness.execution.matching import Mismatch
from simulator.harness.execution.results import FAILED, ScenarioResult
from simulator.self_check.bench import Bench, Played
from simulator.self_check.catalogue import SIDES, Defect

RIGHT, VAGUE, WRONG = NAMINGS = ("right", "vague", "wrong")
_SIDE_BY_SIDE = 2
"""Defects played at the same time; while one waits for the platform, the platform works for the other."""
_FOLLOWS = "(follows from"
_BASIS = re.compile(r" By \S+: .*?(?= Likely cause:|$)")
"""The sentence about our own rule, which names rules whether the finding does or not."""
_CAUSE = "Likely cause:"
_RULE = re.compile(r"([a-z_]+(?:\.[a-zA-Z_0-9]+)*): ")
_BLAMES_OTHERS = {"agency": ("psn_type_differs",), "hospital": ("award.", "accumulators", "registrations", "reversal.")}
"""Rules that blame the message of a hospital, or the insured place."""


@dataclass(frozen=True, slots=True)
class DefectVerdict:
    """DefectVerdict on one defect, or on a sound system where `defect` is blank."""

    side: str
    defect: str
    family: str
    wrong: Text
    caught: bool
    named: str = ""
    """`right`, `vague` or `wrong`; blank where nothing was caught."""
    rule: str = ""
    scenario: str = ""
    step: str = ""
    """First step that shows it, blank where it is the books at the end."""
    told: Text = field(default_factory=lambda: plain(""))
    """First finding, or the difference where there is no finding."""
    scenarios: int = 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "wrong": self.wrong.as_json(), "told": self.told.as_json()}


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over all verdicts."""

    defects: int
    caught: int
    right: int
    vague: int
    wrong: int
    sound: bool
    """True where no scenario failed against the sound systems."""

    @property
    def exit_code(self) -> int:
        """0 where every defect was caught and the sound systems passed, else 1."""
        return 0 if self.sound and self.caught == self.defects else 1


def check(bench: Bench, defects: Sequence[Defect]) -> Iterator[DefectVerdict]:
    """Verdicts in order: the sound system of each side that a defect is of, then each defect."""
    sides = [side for side in SIDES if any(each.side == side for each in defects)]

    def verdict(asked: str | Defect) -> DefectVerdict:
        if isinstance(asked, Defect):
            return judge(asked, bench.play(asked.side, asked))
        return judge_sound(asked, bench.play(asked))

    pool = ThreadPoolExecutor(_SIDE_BY_SIDE)
    try:
        yield from pool.map(verdict, [*sides, *defects])
    finally:
        # An interrupted check waits for what is being played and begins nothing more.
        pool.shutdown(cancel_futures=True)


def judge_sound(side: str, played: Played) -> DefectVerdict:
    """DefectVerdict on a sound system, which is caught where a scenario fails."""
    sound = DefectVerdict(side, "", "", plain(""), caught=False, scenarios=played.scenarios)
    return sound if played.failure is None else _caught(sound, played.failure)


def judge(defect: Defect, played: Played) -> DefectVerdict:
    """DefectVerdict on a system with one defect; a scenario or a system that broke off says nothing about it."""
    found = played.failure
    missed = DefectVerdict(
        defect.side, defect.name, defect.family, defect.wrong, caught=False, scenarios=played.scenarios
    )
    if played.error is not None:
        return replace(missed, told=played.error)
    if found is None:
        return missed
    if found.status != FAILED:
        return replace(missed, scenario=found.scenario.id, told=found.reason or plain(""))
    caught = _caught(missed, found)
    return replace(caught, named=_naming(defect, caught))


def sums(verdicts: Sequence[DefectVerdict]) -> Sums:
    """Sums of verdicts on defects and on sound systems."""
    on_defects = [each for each in verdicts if each.defect]
    named = Counter(each.named for each in on_defects)
    return Sums(
        defects=len(on_defects),
        caught=sum(each.caught for each in on_defects),
        right=named[RIGHT],
        vague=named[VAGUE],
        wrong=named[WRONG],
        sound=not any(each.caught for each in verdicts if not each.defect),
    )


def _caught(verdict: DefectVerdict, result: ScenarioResult) -> DefectVerdict:
    """DefectVerdict with rule, place and sentence of the first finding of a failed scenario."""
    step = result.root_cause
    told = _first_finding(result)
    begins = _RULE.match(told.en)
    rule = begins.group(1) if begins else result.cause
    where = ""
    if step is not None:
        where = f"{step.step.number} {step.step.said.get('call') or step.step.verb}"
    return replace(verdict, caught=True, rule=rule, scenario=result.scenario.id, step=where, told=told)


def _first_finding(result: ScenarioResult) -> Text:
    """Sentence with its rule; findings that only follow from others are left out."""
    step = result.root_cause
    if step is not None and step.sent_otherwise and not result.differences[0].causes:
        return _as_difference(result.differences[0])
    for difference in result.differences:
        for cause in difference.causes:
            if _FOLLOWS not in cause.en:
                return _with_rule(difference.path, cause, in_the_end=result.root_cause is None)
    if not result.differences:
        return result.reason or plain("")
    return _as_difference(result.differences[0])


def _as_difference(first: Mismatch) -> Text:
    return Text(
        f"{first.path}：{first.wanted.zh} ≠ {first.got.zh}", f"{first.path}: {first.wanted.en} ≠ {first.got.en}"
    )


def _with_rule(path: str, cause: Text, *, in_the_end: bool) -> Text:
    """A finding in the end has its rule in the path of the difference, a finding of a step in its sentence."""
    rule = path.partition(" ")[0]
    if cause.en.startswith(f"{rule}: "):
        return cause
    return Text(f"{rule}：{cause.zh}", f"{rule}: {cause.en}") if in_the_end else cause


def _naming(defect: Defect, caught: DefectVerdict) -> str:
    told = _BASIS.sub("", caught.told.en)
    if defect.named.search(told):
        return RIGHT
    blamed = caught.rule.startswith(_BLAMES_OTHERS[defect.side])
    return WRONG if _CAUSE in told or blamed else VAGUE
