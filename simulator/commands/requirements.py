"""`nhsa-sim requirements`: the promises of the protocol page, what judges and reaches them, and the last result."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.core.texts import Text, plain, text

if TYPE_CHECKING:
    from simulator.coverage.requirements import RequirementStatus, Section

MARKS = {"passed": "✓", "failed": "✗", "broken": "✗", "other_cause": "?", "not_tested": "–"}
NO_RESULT = "·"


@click.command("requirements")
@click.option("--area", "areas", multiple=True, metavar="AREA", help="只看这些参保地的场景 / scenarios of these areas")
@click.option(
    "--report",
    default=Path("rehearsal"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="上次预演的报告目录 / report folder of the last rehearsal",
)
@click.option("--json", "as_json", is_flag=True, help="JSON")
def command(areas: tuple[str, ...], report: Path, as_json: bool) -> None:
    """协议的每一条要求：由什么规则判定、哪些场景涉及、上次结果 / Requirements with rules, scenarios, last result.

    ✓ 通过  ✗ 未通过  ? 场景因别的规则没有通过  – 未测，附原因  · 没有演过或不涉及这个参保地 /
    ✓ passed  ✗ failed  ? failed by another rule  – not tested, with the reason  · not played, or of another area
    """
    from simulator.coverage.last_results import last_results
    from simulator.coverage.requirements import sections, shown
    from simulator.harness.scenario.library import load

    scenarios = {each.id: each for each in load(())}
    results = last_results(report)
    found = [
        (section, [shown(each, scenarios, results, areas) for each in section.requirements]) for section in sections()
    ]
    if as_json:
        told = [_json(section, each) for section, some in found for each in some]
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    for section, some in found:
        click.echo(f"{section.number}  {section.title}")
        for each in some:
            for line in _lines(each):
                click.echo(str(line))
    verdicts = [each.verdict for _, some in found for each in some]
    counts = {name: verdicts.count(name) for name in ("passed", "failed", "other_cause", "not_tested")}
    rest = len(verdicts) - sum(counts.values())
    click.echo(str(text("requirements.sums", count=len(verdicts), rest=rest, **counts)))


def _lines(each: "RequirementStatus") -> list[Text]:
    requirement = each.requirement
    lines = [
        plain(f"  {MARKS.get(each.verdict, NO_RESULT)} {requirement.id}"),
        Text(f"      {requirement.text.zh}", f"      {requirement.text.en}"),
    ]
    if requirement.rules:
        scenarios = ", ".join(f"{name} {MARKS.get(result, NO_RESULT)}" for name, result in each.results.items())
        rules = ", ".join(requirement.rules)
        lines.append(text("requirements.judged", rules=rules, scenarios=scenarios or "-"))
    if each.reason is not None:
        lines.append(text("requirements.because", reason=each.reason))
    return lines


def _json(section: "Section", each: "RequirementStatus") -> dict[str, Any]:
    requirement = each.requirement
    return {
        "id": requirement.id,
        "section": section.number,
        "text": requirement.text.as_json(),
        "rules": list(requirement.rules),
        "scenarios": dict(each.results),
        "result": each.verdict,
        "because": each.reason.as_json() if each.reason else None,
    }
