"""Open points: failures grouped by cause, broken limits, faults of messages, unexplained differences of an upgrade."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.core.masking import mask_text
from simulator.core.texts import Text, plain, text
from simulator.dossier.run_folders import CONTRACT, LOAD, UPGRADE, RunReports
from simulator.dossier.verdict_rule import FORM, STATE, WEIGHTS, VerdictRule
from simulator.harness.execution.results import BROKEN, FAILED

EXPECTED_FAILURE = "expected_failure"
"""State of a failure that the city has declared."""
_MOST_PLACES = 6


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Reason against going live, with its weight and the places where it was met."""

    weight: str
    sentence: Text
    rule: str
    amounts: Text
    places: Sequence[str]
    count: int
    is_expected: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "weight": self.weight,
            "sentence": self.sentence.as_json(),
            "rule": self.rule,
            "amounts": self.amounts.as_json(),
            "places": list(self.places),
            "count": self.count,
            "expected": self.is_expected,
        }


def open_points(reports: RunReports, rule: VerdictRule) -> list[OpenPoint]:
    """Open points of all runs, money first, then state, then form; those expected last within a weight."""
    found = [*_of_scenarios(reports, rule), *_of_load(reports), *_of_contract(reports), *_of_upgrade(reports)]
    return sorted(found, key=lambda each: (WEIGHTS.index(each.weight), each.is_expected, -each.count))


def _of_scenarios(reports: RunReports, rule: VerdictRule) -> Iterator[OpenPoint]:
    """Failures with the same broken rule are a single point; a failure without a known rule stands for itself."""
    groups: dict[tuple[str, str, bool], list[Mapping[str, Any]]] = {}
    for each in reports.results():
        status = each["status"]
        if status in (FAILED, EXPECTED_FAILURE, BROKEN):
            key = (str(each.get("rule") or each["scenario"]), str(each["use"]), status == EXPECTED_FAILURE)
            groups.setdefault(key, []).append(each)
    for (_, _, is_expected), same in groups.items():
        first = same[0]
        broken = str(first.get("rule") or "")
        weight = STATE if first["status"] == BROKEN else rule.weight_of(broken)
        places = [f"{each['scenario']} ({each['use']})" for each in same]
        sentence = _sentence(first)
        yield OpenPoint(weight, sentence, broken, _amounts(first), places[:_MOST_PLACES], len(same), is_expected)


def _sentence(result: Mapping[str, Any]) -> Text:
    """The first cause that the report names, else its headline, else its reason."""
    for difference in _rows(result.get("differences")):
        for cause in _rows(difference.get("causes")):
            return _text(cause)
    for name in ("headline", "reason"):
        if isinstance(result.get(name), Mapping):
            return _text(result[name])
    return text("dossier.failed_scenario", scenario=str(result["scenario"]))


def _amounts(result: Mapping[str, Any]) -> Text:
    """The first difference: field, wanted, got."""
    for each in _rows(result.get("differences")):
        if isinstance(each.get("wanted"), Mapping) and isinstance(each.get("got"), Mapping):
            name = str(each.get("name_zh") or each.get("path") or "")
            field = Text(name, str(each.get("path") or ""))
            return text("dossier.amounts", field=field, wanted=_text(each["wanted"]), got=_text(each["got"]))
    return plain("")


def _of_load(reports: RunReports) -> Iterator[OpenPoint]:
    for report in reports.of(LOAD)[-1:]:
        for each in _rows(report.data["limits"]):
            if each.get("ok") is not True:
                values = {"measured": str(each.get("measured")), "allowed": str(each.get("allowed"))}
                label = _text(each["label"]) if isinstance(each.get("label"), Mapping) else plain(str(each.get("name")))
                sentence = text("dossier.limit_broken", label=label, **values)
                yield OpenPoint(STATE, sentence, f"load.{each.get('name')}", plain(""), [report.place], 1)


def _of_contract(reports: RunReports) -> Iterator[OpenPoint]:
    for report in reports.of(CONTRACT):
        faults = [each for each in _rows(report.data["faults"]) if each.get("severity") == "error"]
        counts = Counter((str(each.get("infno")), str(each.get("rule")), str(each.get("field"))) for each in faults)
        first = {
            (str(each.get("infno")), str(each.get("rule")), str(each.get("field"))): each for each in reversed(faults)
        }
        for key, count in counts.most_common():
            each = first[key]
            said = _text(each["message"]) if isinstance(each.get("message"), Mapping) else plain(key[1])
            sentence = Text(f"{key[0]} {said.zh}", f"{key[0]} {said.en}")
            yield OpenPoint(FORM, sentence, f"contract.{key[1]}", plain(""), [report.place], count)


def _of_upgrade(reports: RunReports) -> Iterator[OpenPoint]:
    groups: dict[tuple[str, str, str], list[tuple[str, Mapping[str, Any]]]] = {}
    for report in reports.of(UPGRADE):
        for each in _rows(report.data["differences"]):
            if not each.get("row"):
                key = (str(each.get("infno")), str(each.get("path")), str(each.get("kind")))
                groups.setdefault(key, []).append((str(each.get("scenario")), each))
    for (infno, path, _), same in groups.items():
        each = same[0][1]
        weight = str(each.get("weight"))
        sentence = text("dossier.upgrade_differs", infno=infno, field=f"{each.get('name_zh') or ''} {path}".strip())
        old, new = (_text(each.get(side) or {}) for side in ("old", "new"))
        places = list(dict.fromkeys(scenario for scenario, _ in same))
        yield OpenPoint(
            weight if weight in WEIGHTS else STATE,
            sentence,
            "upgrade",
            text("dossier.old_and_new", old=old, new=new),
            places[:_MOST_PLACES],
            len(same),
        )


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _text(value: Mapping[str, Any]) -> Text:
    """A sentence of a report; identities masked once more, since the file may have been written by other hands."""
    zh = str(value.get("zh") or "")
    return Text(mask_text(zh), mask_text(str(value.get("en") or zh)))
