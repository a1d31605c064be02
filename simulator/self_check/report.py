"""Report of the self-check: a line for each verdict as it comes, sums at the end, or all of it as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from simulator.core.masking import mask_text
from simulator.core.texts import Text, text
from simulator.self_check.catalogue import defects
from simulator.self_check.verdicts import RIGHT, WRONG, DefectVerdict, Sums, sums

_COLOURS = {RIGHT: "green", WRONG: "red"}


def heading() -> str:
    """Names of the columns of `line`."""
    names = [str(text(f"self_check.column_{name}")) for name in ("defect", "named", "rule", "shown")]
    return "  ".join(names)


def line(verdict: DefectVerdict) -> str:
    """Line about one verdict: defect, naming, rule, first step that shows it."""
    name = f"{verdict.defect or text('self_check.sound', side=text(f'self_check.side_{verdict.side}'))}"
    if not verdict.caught:
        key = "missed" if verdict.defect else "passed"
        mark = click.style(
            str(text(f"self_check.{key}", count=verdict.scenarios)), fg="red" if verdict.defect else "green"
        )
        return f"{name:{_widest()}}  {mark}{_told(verdict)}"
    naming = str(text(f"self_check.named_{verdict.named}" if verdict.named else "self_check.failed"))
    mark = click.style(naming, fg=_COLOURS.get(verdict.named, "yellow"))
    place = " ".join(part for part in (verdict.scenario, verdict.step) if part)
    told = "" if verdict.named == RIGHT else _told(verdict)
    return f"{name:{_widest()}}  {mark}  {verdict.rule or '-'}  {place}{told}"


def sums_line(found: Sums) -> str:
    """Sentence with the sums."""
    key = "sums" if found.sound else "sums_unsound"
    return str(text(f"self_check.{key}", **asdict(found)))


def verdicts_as_json(verdicts: Sequence[DefectVerdict]) -> str:
    """All verdicts and their sums as a JSON document."""
    found = sums(verdicts)
    rows = [{**each.as_json(), "told": _masked(each.told).as_json()} for each in verdicts]
    return json.dumps({"verdicts": rows, "sums": asdict(found)}, ensure_ascii=False, indent=1)


def _told(verdict: DefectVerdict) -> str:
    told = str(_masked(verdict.told))
    return f"\n    {told}" if told else ""


def _masked(told: Text) -> Text:
    return Text(mask_text(told.zh), mask_text(told.en))


def _widest() -> int:
    return max(map(len, defects()))
