"""Evidence by kind: figures of the reports, and the parts that were not shown."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from simulator.core.texts import Text, text
from simulator.coverage.requirements import NOT_PLAYED, OTHER_AREA, RequirementStatus
from simulator.dossier.run_folders import CONTRACT, LOAD, RunReports
from simulator.dossier.verdict_rule import KINDS, VerdictRule
from simulator.harness.execution.results import FAILED, NOT_APPLICABLE, NOT_TESTED, PASSED
from simulator.harness.scenario.definition import SELF

SHOWN, PARTLY, NOT_SHOWN = "shown", "partly", "not_shown"
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class EvidenceOfKind:
    """Evidence of a kind; `missing` says what was not shown."""

    kind: str
    state: str
    """`shown`, `partly` (less than the rule demands) or `not_shown`."""
    facts: Sequence[Text]
    missing: Sequence[Text]

    @property
    def is_shown(self) -> bool:
        return self.state == SHOWN

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "state": self.state,
            "facts": [each.as_json() for each in self.facts],
            "missing": [each.as_json() for each in self.missing],
        }


def all_evidence(
    reports: RunReports, rule: VerdictRule, table: Sequence[RequirementStatus], library: Sequence[str]
) -> list[EvidenceOfKind]:
    """Evidence of every kind, in the order of the dossier; `library` names the scenarios that there are."""
    return [_of_kind(kind, reports, rule, table, library) for kind in KINDS]


def _of_kind(
    kind: str, reports: RunReports, rule: VerdictRule, table: Sequence[RequirementStatus], library: Sequence[str]
) -> EvidenceOfKind:
    if rule.evidence[kind].get("reports") == LOAD:
        return _load(kind, reports)
    if rule.evidence[kind].get("reports") == CONTRACT:
        return _contract(kind, reports)
    patterns = rule.patterns(kind, "requirements")
    if patterns:
        return _requirements(kind, table, patterns, rule)
    return _scenarios(kind, reports, rule.patterns(kind, "scenarios"), library, rule)


def _scenarios(
    kind: str, reports: RunReports, patterns: Sequence[str], library: Sequence[str], rule: VerdictRule
) -> EvidenceOfKind:
    wanted = [each for each in library if _matches(each, patterns)]
    # With both sides simulated the city has no part in it.
    uses = [each for each in reports.results() if not rule.real_system or each["use"] != SELF]
    played = [each for each in uses if _matches(str(each["scenario"]), patterns)]
    states = Counter(str(each["status"]) for each in played)
    decided = [each for each in played if each["status"] not in (NOT_TESTED, NOT_APPLICABLE)]
    facts = [text("dossier.scenarios_played", scenarios=len({each["scenario"] for each in decided}), of=len(wanted))]
    facts += [text("dossier.scenarios_state", state=state_name(state), count=states[state]) for state in sorted(states)]
    there = {str(each["scenario"]) for each in decided}
    absent = [each for each in wanted if each not in there]
    missing = []
    if absent:
        missing.append(text("dossier.scenarios_missing", count=len(absent), names=_named(absent)))
    return EvidenceOfKind(kind, _state(len(wanted) - len(absent), len(wanted), rule.share(kind)), facts, missing)


def _requirements(
    kind: str, table: Sequence[RequirementStatus], patterns: Sequence[str], rule: VerdictRule
) -> EvidenceOfKind:
    concerned = [each for each in table if _matches(each.requirement.id, patterns)]
    shown = [each for each in concerned if each.verdict in (PASSED, FAILED)]
    facts = [
        text("dossier.requirement_fact", promise=each.requirement.text, state=state_name(each.verdict))
        for each in shown
    ]
    absent = [each for each in concerned if each not in shown]
    missing = [text("dossier.requirement_missing", promise=each.requirement.text) for each in absent]
    return EvidenceOfKind(kind, _state(len(shown), len(concerned), rule.share(kind)), facts, missing)


def _load(kind: str, reports: RunReports) -> EvidenceOfKind:
    found = reports.of(LOAD)
    if not found:
        return EvidenceOfKind(kind, NOT_SHOWN, [], [text("dossier.no_load")])
    data = found[-1].data
    names = ("rate", "users", "seconds", "messages", "failed", "started")
    facts = [text("dossier.load_fact", **{name: str(data.get(name)) for name in names})]
    facts.append(text("dossier.books_balanced" if data.get("balanced") is True else "dossier.books_not_balanced"))
    kept = sum(isinstance(each, dict) and each.get("ok") is True for each in data["limits"])
    facts.append(text("dossier.limits_kept", kept=kept, of=len(data["limits"])))
    return EvidenceOfKind(kind, SHOWN, facts, [])


def _contract(kind: str, reports: RunReports) -> EvidenceOfKind:
    found = reports.of(CONTRACT)
    sums = Counter[str]()
    for report in found:
        for name in ("messages", "errors", "warnings"):
            value = report.data["summary"].get(name)
            sums[name] += value if isinstance(value, int) else 0
    if not sums["messages"]:
        return EvidenceOfKind(kind, NOT_SHOWN, [], [text("dossier.no_contract")])
    counts = {name: sums[name] for name in ("messages", "errors", "warnings")}
    return EvidenceOfKind(kind, SHOWN, [text("dossier.contract_fact", **counts)], [])


def _state(there: int, of: int, least: int) -> str:
    """State of a share, against the least that the rule demands, in per cent."""
    if not there:
        return NOT_SHOWN
    return SHOWN if there * 100 >= least * of else PARTLY


def state_name(state: str) -> Text:
    """A state in words; a state that this version does not know is shown as it is."""
    known = (PASSED, FAILED, NOT_TESTED, NOT_APPLICABLE, "broken", "not_run")
    if state in known:
        return text(f"harness.status_{state}")
    if state in ("expected_failure", "other_cause", NOT_PLAYED, OTHER_AREA):
        return text(f"dossier.state_{state}")
    return Text(state, state)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _named(names: Sequence[str]) -> str:
    more = f" (+{len(names) - _MOST_NAMED})" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def runs_as_json(reports: RunReports) -> Iterator[Mapping[str, Any]]:
    """Facts of every run: where it was read from, versions, editions, policies, seed."""
    names = ("started", "zone", "seed", "product", "platform", "host", "uses", "real_systems", "editions", "policies")
    for report in reports.reports:
        if report.kind != "mistakes":
            yield {"kind": report.kind, "place": report.place, **{name: report.data.get(name) for name in names}}
