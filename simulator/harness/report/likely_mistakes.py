"""Likely mistakes of the cities over the whole run: for the console, the page and a file for machines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.core.texts import Text, plain, text
from simulator.harness.execution.results import Ended, JudgedAt, ReportedDiagnosis

FILE = "mistakes.json"
_MOST_PLACES = 6


def sections(diagnosis: ReportedDiagnosis | None) -> list[dict[str, Any]]:
    """For each set of wrong answers of a city, what explains it, as texts and places."""
    if diagnosis is None:
        return []
    return [_section(each, diagnosis.answers) for each in diagnosis.mistakes]


def unexplained(diagnosis: ReportedDiagnosis | None) -> Text | None:
    """Sentence about the wrong answers that no mistake explains, None where there are none."""
    if diagnosis is None or not diagnosis.unexplained:
        return None
    places = shown_places([diagnosis.answers[at] for at in diagnosis.unexplained])
    return text("harness.mistakes_unexplained", count=len(diagnosis.unexplained), places=places)


def lines(diagnosis: ReportedDiagnosis | None) -> Iterable[Text]:
    """Section of the console, empty where every answer is right or none was judged."""
    found, rest = sections(diagnosis), unexplained(diagnosis)
    if not found and rest is None:
        return
    yield text("harness.mistakes_title")
    for section in found:
        yield section["title"]
        for each in section["one_of"]:
            yield text("harness.mistakes_hypothesis", sentence=each["sentence"])
            yield text("harness.mistakes_detail", detail=each["explains"])
            if each["contradicts"] is not None:
                yield text("harness.mistakes_detail", detail=each["contradicts"])
            if each["apart"] is not None:
                yield text("harness.mistakes_detail", detail=each["apart"])
    if rest is not None:
        yield text("harness.mistakes_hypothesis", sentence=rest)


def write_mistakes(ended: Ended, path: Path) -> None:
    """Writes the diagnosis as JSON, answers by their position in the run."""
    diagnosis = ended.diagnosis or ReportedDiagnosis((), (), ())
    answers = [
        {"scenario": each.scenario, "infno": each.infno, "msgid": each.msgid, "right": each.right}
        for each in diagnosis.answers
    ]
    whole = {"answers": answers, "mistakes": diagnosis.mistakes, "unexplained": diagnosis.unexplained}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def shown_places(places: Sequence[JudgedAt]) -> str:
    """Scenario and transaction of each, the first few by name."""
    named = list(dict.fromkeys(f"{each.scenario} {each.infno}" for each in places))
    more = f" (+{len(named) - _MOST_PLACES})" if len(named) > _MOST_PLACES else ""
    return ", ".join(named[:_MOST_PLACES]) + more


def _section(mistake: Mapping[str, Any], answers: Sequence[JudgedAt]) -> dict[str, Any]:
    candidates = mistake["one_of"]
    key = "harness.mistakes_of_city" if len(candidates) == 1 else "harness.mistakes_one_of"
    return {
        "title": text(key, area=mistake["area"], count=len(mistake["answers"])),
        "one_of": [_candidate(each, answers, alone=len(candidates) == 1) for each in candidates],
    }


def _candidate(candidate: Mapping[str, Any], answers: Sequence[JudgedAt], *, alone: bool) -> dict[str, Any]:
    sentence = Text(**candidate["sentence"])
    if candidate["insutype"]:
        sentence = text("harness.mistakes_limited", sentence=sentence, insutype=candidate["insutype"])
    if candidate["arithmetic"]:
        sentence = text("harness.mistakes_worked", sentence=sentence, arithmetic=plain(candidate["arithmetic"]))
    explains = [answers[at] for at in candidate["explains"]]
    contradicts = [answers[at] for at in candidate["contradicts"]]
    against, apart = None, None
    if contradicts:
        places = shown_places(contradicts)
        against = text("harness.mistakes_contradicted", count=len(contradicts), places=places)
    if not alone:
        apart = text("harness.mistakes_apart", message=Text(**candidate["shown_by"]))
    return {
        "sentence": sentence,
        "explains": text("harness.mistakes_explains", count=len(explains), places=shown_places(explains)),
        "contradicts": against,
        "apart": apart,
    }
