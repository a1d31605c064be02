"""Content of a dossier: verdict, runs, open points, requirements and evidence, in both languages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from simulator import __version__
from simulator.core.masking import mask_text
from simulator.core.texts import Text, join, plain, text
from simulator.coverage.requirements import RequirementStatus, sections, shown
from simulator.dossier.evidence import EvidenceOfKind, all_evidence, runs_as_json, state_name
from simulator.dossier.open_points import OpenPoint, open_points
from simulator.dossier.run_folders import MISTAKES, REHEARSAL, RunReports
from simulator.dossier.verdict_rule import WEIGHTS, VerdictRule
from simulator.harness.scenario.library import load

FORMAT = "nhsa-sim-dossier-1"
READY, NOT_READY, NOT_PROVED = "ready", "not_ready", "not_proved"
_BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Condition:
    """Condition of the verdict, with what was found; unmet it makes the system not ready, or leaves it not proved."""

    sentence: Text
    is_met: bool
    unmet: str

    def as_json(self) -> dict[str, Any]:
        return {"sentence": self.sentence.as_json(), "met": self.is_met, "unmet": self.unmet}


def content_of(reports: RunReports, rule: VerdictRule, areas: Sequence[str], title: str) -> dict[str, Any]:
    """Content of the dossier, ready to be sealed."""
    scenarios = {each.id: each for each in load(())}
    results = reports.last_results()
    table = [
        (section, shown(each, scenarios, results, areas)) for section in sections() for each in section.requirements
    ]
    status = [each for _, each in table]
    library = [name for name, each in scenarios.items() if not areas or _concerns(each.insured_areas, areas)]
    points = open_points(reports, rule)
    evidence = all_evidence(reports, rule, status, library)
    conditions = _conditions(reports, rule, points, evidence)
    return {
        "format": FORMAT,
        "product": __version__,
        "made": datetime.now(UTC).astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S +08:00"),
        "title": title,
        "areas": list(areas),
        "verdict": _verdict(conditions, points),
        "runs": list(runs_as_json(reports)),
        "open_points": [each.as_json() for each in points],
        "mistakes": _mistakes(reports),
        "evidence": [each.as_json() for each in evidence],
        "requirements": [_requirement(section.number, section.title, each) for section, each in table],
    }


def _conditions(
    reports: RunReports, rule: VerdictRule, points: Sequence[OpenPoint], evidence: Sequence[EvidenceOfKind]
) -> list[Condition]:
    found = []
    counts = Counter((each.weight, each.is_expected) for each in points)
    for weight in WEIGHTS:
        for is_expected, most in ((False, rule.open[weight]), (True, rule.expected[weight])):
            count = counts[weight, is_expected]
            key = "dossier.rule_expected" if is_expected else "dossier.rule_open"
            sentence = text(key, weight=text(f"dossier.weight_{weight}"), count=count, most=most)
            found.append(Condition(sentence, count <= most, NOT_READY))
    for each in evidence:
        if each.kind in rule.must_be_shown:
            name = text(f"dossier.kind_{each.kind}")
            state = text(f"dossier.{each.state}")
            found.append(Condition(text("dossier.rule_shown", kind=name, state=state), each.is_shown, NOT_PROVED))
    whole = [each for each in reports.of(REHEARSAL) if not each.data.get("broken")]
    sentence = text("dossier.rule_whole", whole=len(whole), of=len(reports.of(REHEARSAL)))
    found.append(Condition(sentence, len(whole) == len(reports.of(REHEARSAL)), NOT_PROVED))
    if rule.real_system:
        systems = sorted({str(one) for each in whole for one in each.data.get("real_systems") or ()})
        named = join([_system(each) for each in systems])
        sentence = text("dossier.rule_real", systems=named) if systems else text("dossier.rule_not_real")
        found.append(Condition(sentence, bool(systems), NOT_PROVED))
    # Unmet first, the gravest before them: page one is read from the top.
    return sorted(found, key=lambda each: (each.is_met, each.unmet != NOT_READY))


def _system(written: str) -> Text:
    side, _, area = written.partition(" ")
    return text(f"dossier.system_{side}", area=area) if side in ("agency", "hospital") else plain(written)


def _verdict(conditions: Sequence[Condition], points: Sequence[OpenPoint]) -> dict[str, Any]:
    """A known fault weighs more than evidence that is missing."""
    unmet = {each.unmet for each in conditions if not each.is_met}
    verdict = next((each for each in (NOT_READY, NOT_PROVED) if each in unmet), READY)
    counts = {weight: sum(each.weight == weight and not each.is_expected for each in points) for weight in WEIGHTS}
    return {
        "verdict": verdict,
        "sentence": text(f"dossier.verdict_{verdict}", **counts).as_json(),
        "open": counts,
        "expected": sum(each.is_expected for each in points),
        "conditions": [each.as_json() for each in conditions],
    }


def _mistakes(reports: RunReports) -> list[dict[str, Any]]:
    """Likely mistakes of the cities, as the platform names them over a whole run."""
    found = []
    for report in reports.of(MISTAKES):
        for each in report.data["mistakes"]:
            one_of = each.get("one_of") if isinstance(each, Mapping) else None
            sentences = [one.get("sentence") for one in one_of or () if isinstance(one, Mapping)]
            told = [
                {side: mask_text(str(sentence.get(side) or "")) for side in ("zh", "en")}
                for sentence in sentences
                if isinstance(sentence, Mapping)
            ]
            if told:
                found.append({"place": report.place, "area": str(each.get("area")), "one_of": told})
    return found


def _requirement(number: int, title: Text, each: RequirementStatus) -> dict[str, Any]:
    return {
        "id": each.requirement.id,
        "section": f"{number}",
        "section_title": title.as_json(),
        "text": each.requirement.text.as_json(),
        "rules": list(each.requirement.rules),
        "scenarios": dict(each.results),
        "verdict": each.verdict,
        "verdict_name": state_name(each.verdict).as_json(),
        "reason": each.reason.as_json() if each.reason is not None else None,
    }


def _concerns(insured: Sequence[str], areas: Sequence[str]) -> bool:
    return any(one[:4] == area[:4] for one in insured for area in areas)
