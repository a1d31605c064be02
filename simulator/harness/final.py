"""What must hold when a scenario is over: no finding that nobody expected, a ledger that balances, nothing unknown."""

from collections.abc import Mapping
from typing import Any

from simulator.harness.matching import Difference
from simulator.harness.world import World
from simulator.texts import Text, plain, text


def final_differences(world: World) -> list[Difference]:
    """Findings first, then the money."""
    found = world.sandbox.control("GET", "findings?severity=error")["findings"]
    return [*_unexpected(world, found), *_not_occurred(world, found), *_money(world)]


def _unexpected(world: World, found: list[Mapping[str, Any]]) -> list[Difference]:
    """Error findings that no step and no scenario has named; the same rule is told once."""
    allowed = dict(world.expected_findings)
    told: dict[str, Difference] = {}
    for each in found:
        rule = str(each["rule"])
        if rule in world.scenario.findings or rule in allowed.get(each["msgid"], ()):
            continue
        message = each["message"]
        causes = (Text(message["zh"], message["en"]),)
        told.setdefault(
            rule,
            Difference(_where(each), plain(each["wanted"] or "-"), plain(each["got"] or "-"), each["infno"], causes),
        )
    return list(told.values())


def _not_occurred(world: World, found: list[Mapping[str, Any]]) -> list[Difference]:
    rules = {str(each["rule"]) for each in found}
    return [
        Difference("findings", text("harness.finding_must_occur", rule=rule), plain(", ".join(sorted(rules)) or "-"))
        for rule in world.scenario.findings
        if rule not in rules
    ]


def _money(world: World) -> list[Difference]:
    audit = world.sandbox.control("GET", "ledger/audit")
    if audit["unknown"]:
        world.sandbox.control("POST", "outbox/run", {})
        audit = world.sandbox.control("GET", "ledger/audit")
    found = [
        Difference(f"{each['rule']} {each['about']}", plain(str(each["wanted"])), plain(str(each["got"])))
        for each in audit["differences"]
    ]
    if not audit["balanced"] and not found:
        found.append(Difference("ledger", text("harness.balanced"), text("harness.not_balanced")))
    if audit["unknown"]:
        found.append(Difference("outbox", plain("0"), text("harness.still_unknown", count=audit["unknown"])))
    return found


def _where(finding: Mapping[str, Any]) -> str:
    path = str(finding["path"]).strip("/").replace("/", ".")
    return f"{finding['rule']} {path}".strip()
