"""Postconditions of a scenario: books that agree, no unexpected finding, a ledger that balances, no unknown outcome."""

from collections.abc import Mapping
from typing import Any

from simulator.core.texts import plain, text
from simulator.harness.execution.exchange_judging import finding_text
from simulator.harness.execution.matching import Mismatch
from simulator.harness.execution.run_context import RunContext


def postcondition_differences(context: RunContext) -> list[Mismatch]:
    """Findings first, in their order, then the money.

    The agencies are asked for the books of everybody whom the scenario touched, also after a step that failed.
    """
    if context.mode.agencies:
        context.sandbox.control("POST", "books", {})
    found = context.sandbox.control("GET", "findings?severity=error")["findings"]
    return [*_unexpected(context, found), *_not_occurred(context, found), *_money(context)]


def first_finding(context: RunContext) -> Mismatch | None:
    """The earliest unexpected error finding, of which later ones may be a consequence."""
    found = context.sandbox.control("GET", "findings?severity=error")["findings"]
    return next(iter(_unexpected(context, found)), None)


def _unexpected(context: RunContext, found: list[Mapping[str, Any]]) -> list[Mismatch]:
    """Error findings that no step and no scenario has named; the same rule is told once."""
    allowed = dict(context.expected_findings)
    told: dict[str, Mismatch] = {}
    for each in found:
        rule = str(each["rule"])
        if rule in context.scenario.findings or rule in allowed.get(each["msgid"], ()):
            continue
        causes = (finding_text(each),)
        told.setdefault(
            rule,
            Mismatch(_where(each), plain(each["wanted"] or "-"), plain(each["got"] or "-"), each["infno"], causes),
        )
    return list(told.values())


def _not_occurred(context: RunContext, found: list[Mapping[str, Any]]) -> list[Mismatch]:
    rules = {str(each["rule"]) for each in found}
    return [
        Mismatch("findings", text("harness.finding_must_occur", rule=rule), plain(", ".join(sorted(rules)) or "-"))
        for rule in context.scenario.findings
        if rule not in rules
    ]


def _money(context: RunContext) -> list[Mismatch]:
    audit = context.sandbox.control("GET", "ledger/audit")
    if audit["unknown"]:
        context.sandbox.control("POST", "outbox/run", {})
        audit = context.sandbox.control("GET", "ledger/audit")
    found = [
        Mismatch(f"{each['rule']} {each['about']}", plain(str(each["wanted"])), plain(str(each["got"])))
        for each in audit["differences"]
    ]
    if not audit["balanced"] and not found:
        found.append(Mismatch("ledger", text("harness.balanced"), text("harness.not_balanced")))
    if audit["unknown"]:
        found.append(Mismatch("outbox", plain("0"), text("harness.still_unknown", count=audit["unknown"])))
    return found


def _where(finding: Mapping[str, Any]) -> str:
    path = str(finding["path"]).strip("/").replace("/", ".")
    return f"{finding['rule']} {path}".strip()
