"""Explanations of every rule that a finding may name, and of the exit codes: meaning, source, remedy, examples.

`refusals.yaml` explains refusals, their sentences the breaches of the contract, `explanations.yaml` all others.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from simulator.contract.breaches import LENIENT_RULES, NEVER_ERRORS
from simulator.core.citations import cited, resolves, titled
from simulator.core.errors import DataFault, DataFaults
from simulator.core.findings import ERROR, WARNING
from simulator.core.refusals import RefusalRule, refusal_rules
from simulator.core.schema_errors import hint, shape
from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import Text, catalogue_keys, text
from simulator.coverage.requirements import sections
from simulator.harness.scenario.definition import Scenario

FILE = "explanations.yaml"
CONTRACT, PLATFORM, ENTITLEMENT = "contract.", "platform.", "award.entitlement."
_BREACH = "contract.fault_"
_HABIT = "habit"
_MOST_SCENARIOS = 3
_MISSPELT = 0.9
"""Likeness from which a name is a misspelling of a rule and no other member of its family."""
_LAYERS, _ANY_LAYER = "layers.", "layers.{layer}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of a rule; a text is None where there is nothing to say."""

    rule: str
    kind: str
    """`refusal`, `contract`, `finding`, `exit_code` or `citation`."""
    meaning: Text
    remedy: Text | None = None
    severity: tuple[str, str] | None = None
    """In strict and in lenient."""
    sources: tuple[Text, ...] = ()
    requirements: tuple[tuple[str, Text], ...] = ()
    """Ids and texts of the protocol's requirements that it judges."""
    mistakes: tuple[Text, ...] = ()
    """Mistakes that usually cause it."""
    scenarios: tuple[str, ...] = ()
    """Scenarios that show it, by id."""

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "kind": self.kind,
            "meaning": self.meaning.as_json(),
            "remedy": self.remedy.as_json() if self.remedy else None,
            "severity": dict(zip(("strict", "lenient"), self.severity, strict=True)) if self.severity else None,
            "sources": [each.as_json() for each in self.sources],
            "requirements": [{"id": name, "text": words.as_json()} for name, words in self.requirements],
            "mistakes": [each.as_json() for each in self.mistakes],
            "scenarios": list(self.scenarios),
        }


@dataclass(frozen=True, slots=True)
class Written:
    """Contents of the file of explanations."""

    kinds: Mapping[str, Text]
    exit_codes: Mapping[str, Text]
    rules: Mapping[str, Mapping[str, Any]]


def read_explanations(raw: bytes | str, name: str) -> Written:
    """Reads a file of explanations; raises DataFaults with line and path, also for a remedy or source that is none."""
    document = parse_yaml(raw, name, shape("simulator.coverage", "explanations.schema.json"))
    kinds, rules = document.data["kinds"], document.data["rules"]
    faults = []
    for rule, said in rules.items():
        if isinstance(said["remedy"], str) and said["remedy"] not in kinds:
            got, allowed = said["remedy"], ", ".join(kinds)
            sentence = text("data.not_allowed", got=got, hint=hint(got, kinds), allowed=allowed)
            faults.append(document.fault(f"rules.{rule}.remedy", sentence))
        if not resolves(said.get("source", "")):
            faults.append(document.fault(f"rules.{rule}.source", text("data.unknown_source", got=said["source"])))
    if faults:
        raise DataFaults(faults)
    codes = document.data["exit_codes"]
    return Written(
        {name: Text(**each) for name, each in kinds.items()}, {code: Text(**codes[code]) for code in codes}, rules
    )


@cache
def _written() -> Written:
    return read_explanations(resources.files(__package__).joinpath(FILE).read_bytes(), FILE)


def known_rules() -> list[str]:
    """Every rule that can be explained, families with their `*`; exit codes come last."""
    breaches = [CONTRACT + key.removeprefix(_BREACH) for key in catalogue_keys() if key.startswith(_BREACH)]
    return [*sorted({*refusal_rules(), *breaches, *_written().rules}), *_written().exit_codes]


def explain(
    asked: str, scenarios: Iterable[Scenario] = (), mistakes: Mapping[str, list[Text]] | None = None
) -> Explanation:
    """Explanation of a rule, an exit code or a citation such as `rules 14`.

    `mistakes` are sentences by the rule that they break. Raises DataFaults with the nearest names for an unknown rule.
    """
    found = _found(asked)
    if found is None:
        known = known_rules()
        raise DataFaults([DataFault(text("explain.unknown", got=asked, hint=hint(asked, known)), "RULE")])
    shown = [each.id for each in scenarios if found.rule in _named_by(each)]
    bare = found.rule.removeprefix("award.")
    usual = [
        *(mistakes or {}).get(bare, []),
        *((mistakes or {}).get(_ANY_LAYER, []) if bare.startswith(_LAYERS) else []),
    ]
    return Explanation(
        found.rule, found.kind, found.meaning, found.remedy, found.severity, found.sources,
        _requirements(found.rule), tuple(dict.fromkeys(usual)), tuple(shown[:_MOST_SCENARIOS]),
    )  # fmt: skip


def _found(asked: str) -> Explanation | None:
    written = _written()
    if asked in written.exit_codes:
        return Explanation(asked, "exit_code", written.exit_codes[asked])
    if words := cited(asked):
        return Explanation(asked, "citation", words)
    if refusal := refusal_rules().get(asked):
        return _of_refusal(asked, refusal)
    bare = asked.removeprefix(PLATFORM).removeprefix(CONTRACT)
    if _BREACH + bare in catalogue_keys():
        return _of_breach(asked if asked != bare else CONTRACT + bare, bare)
    return _of_file(asked)


def _of_refusal(asked: str, refusal: RefusalRule) -> Explanation:
    key = SENTENCES.get(asked, f"refusal.{asked}")
    meaning = text(key) if key in catalogue_keys() else text("explain.contract_refused")
    lenient = WARNING if refusal.lenient else refusal.severity
    guards = text(f"explain.guards_{refusal.guards}")
    cited_as = tuple(titled(code) for code in refusal.source.split("+"))
    remedy = _written().kinds["refusal"]
    return Explanation(asked, "refusal", _two(meaning, guards), remedy, (refusal.severity, lenient), cited_as)


def _of_breach(asked: str, rule: str) -> Explanation:
    lenient = WARNING if rule in LENIENT_RULES or rule.startswith(_HABIT) else ERROR
    severity = (WARNING, WARNING) if rule in NEVER_ERRORS else (ERROR, lenient)
    remedy = _written().kinds[_HABIT if rule.startswith(_HABIT) else "contract"]
    meaning = text(_BREACH + rule)
    if asked.startswith(PLATFORM):
        meaning = _two(text("explain.platform"), meaning)
    return Explanation(asked, "contract", meaning, remedy, severity, (text("explain.edition"),))


def _of_file(asked: str) -> Explanation | None:
    rules = _written().rules
    families = [name for name in rules if name.endswith("*") and asked.startswith(name[:-1])]
    misspelt = difflib.get_close_matches(asked, [each for each in rules if not each.endswith("*")], 1, _MISSPELT)
    name = asked if asked in rules else "" if misspelt else max(families, key=len, default="")
    reason = asked.removeprefix(ENTITLEMENT)
    if not name or (asked.startswith(ENTITLEMENT) and reason not in (*refusal_rules(), "*")):
        return None
    said = rules[name]
    meaning = Text(said["zh"], said["en"])
    if asked.startswith(ENTITLEMENT) and reason in refusal_rules():
        meaning = _two(meaning, text(SENTENCES.get(reason, f"refusal.{reason}")))
    remedy = _written().kinds[said["remedy"]] if isinstance(said["remedy"], str) else Text(**said["remedy"])
    source = said.get("source", "")
    named = cited(source) if source else None
    origin = Text(f"{source} {named.zh}", f"{source} {named.en}") if named else titled("ours")
    return Explanation(asked, "finding", meaning, remedy, None, (origin,))


def _two(first: Text, second: Text) -> Text:
    return Text(f"{first.zh} {second.zh}", f"{first.en} {second.en}")


def _requirements(rule: str) -> tuple[tuple[str, Text], ...]:
    found = [each for section in sections() for each in section.requirements if rule in each.rules]
    return tuple((each.id, each.text) for each in found)


def _named_by(scenario: Scenario) -> set[str]:
    """Rules that a scenario expects: refusals of its steps, and findings."""
    refused = {step.said["refused"] for step in scenario.steps if isinstance(step.said.get("refused"), str)}
    return refused | {each for each in scenario.findings if isinstance(each, str)}


SENTENCES = {
    "charge_price_negative": "catalogue.negative_price",
    "charge_amount_differs": "catalogue.amount_differs",
    "parts_of_charges": "benefit.parts",
    "sign_in": "gateway.sign_in_first",
    "infno_not_in_edition": "contract.not_in_edition",
    "media_type": "control.media_type",
}
"""Sentences of refusals that are not under `refusal.`."""
