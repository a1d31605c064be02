"""`nhsa-sim explain`: meaning, source and remedy of a rule, a refusal or an exit code."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from simulator.core.texts import Text, text

if TYPE_CHECKING:
    from simulator.coverage.explanations import Explanation


@click.command("explain")
@click.argument("rules", nargs=-1, metavar="[RULE]...")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / tell as JSON")
def command(rules: tuple[str, ...], *, as_json: bool) -> None:
    """解释规则、拒绝和退出码 / Explain rules of findings, refusals and exit codes.

    RULE: 发现的 rule，如 award.ratio、not_filed、contract.required，退出码如 2，或引用如 "rules 14" /
    The rule of a finding, an exit code such as 2, or a citation such as "rules 14"; without it all are listed.
    """
    from simulator.coverage.explanations import explain, known_rules
    from simulator.harness.scenario.library import load

    if not rules:
        known = known_rules()
        click.echo(json.dumps(known, ensure_ascii=False, indent=1) if as_json else "\n".join(known))
        return
    scenarios, mistakes = load(()), _mistakes()
    found = [explain(rule, scenarios, mistakes) for rule in rules]
    if as_json:
        click.echo(json.dumps([each.as_json() for each in found], ensure_ascii=False, indent=1))
        return
    for each in found:
        for line in _lines(each):
            click.echo(line)


def _mistakes() -> dict[str, list[Text]]:
    """Sentences of the mistakes of agencies by the rule that they break."""
    from simulator.agencies.judging.mistakes.catalogue import catalogue

    found: dict[str, list[Text]] = {}
    for each in catalogue().mistakes.values():
        found.setdefault(each.rule, []).append(each.sentence)
    return found


def _lines(found: "Explanation") -> Iterator[str]:
    yield found.rule
    yield f"  {found.meaning}"
    told: list[Text] = []
    if found.severity:
        told.append(text("explain.severity", strict=found.severity[0], lenient=found.severity[1]))
    if found.remedy:
        told.append(text("explain.remedy", words=found.remedy))
    told += [text("explain.source", words=each) for each in found.sources]
    told += [text("explain.requirement", id=name, words=words) for name, words in found.requirements]
    told += [text("explain.mistake", words=each) for each in found.mistakes]
    told += [text("explain.example", scenario=each) for each in found.scenarios]
    for line in told:
        yield f"  {line}"
