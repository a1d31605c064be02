"""Every rule that a finding may name, every refusal and every exit code is explained."""

import ast
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.agencies.judging.mistakes.catalogue import catalogue
from simulator.commands.explain import command
from simulator.core.errors import DataFaults
from simulator.coverage.explanations import explain, known_rules, read_explanations
from simulator.coverage.requirements import sections
from simulator.harness.scenario.library import load

ROOT = Path(__file__).parents[1] / "simulator"
MAKERS = {"Finding": 0, "_finding": 0, "judge_rows": 0, "_accepted_wrongly": 0, "_fault": 0, "Broken": 1}
"""Functions that make a finding or a breach, and where their rule stands."""
NAMED_ELSEWHERE = {
    "agencies/judging/answer_checks.py": 1,  # judge_rows, whose callers name the rule
    "agencies/judging/award_checks.py": 1,  # _finding, whose callers name it
    "agencies/judging/award_judging.py": 1,  # a constant of the module, collected below
    "agencies/delivery/completion.py": 2,  # `rule = …` above, collected below
    "agencies/delivery/response_handlers.py": 1,  # _accepted_wrongly
    "core/refusals.py": 1,  # refusals
    "gateway/pipeline.py": 2,  # refusals
    "insured/grants.py": 1,  # conflicts of filings, explained as filing.*
    "transactions/registry.py": 1,  # a refusal that is told only
}
"""Findings whose rule is a variable: by module, how many; what the variables hold is collected by other ways."""


def literal(node):
    """The words of a rule as written, `*` for each value put in; None for a variable."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return None


def made():
    """Rules that the code makes, and by module the number of findings whose rule is a variable."""
    rules, variable = set(), {}
    for path in sorted(ROOT.rglob("*.py")):
        if "harness" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("rule", "FILING_ASSUMED"):
                values = [node.value, *(getattr(node.value, part, None) for part in ("body", "orelse"))]
                rules |= {
                    found for value in values if (found := literal(value)) and re.fullmatch(r"[a-z]+\.[a-z_]+", found)
                }
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS):
                continue
            place = MAKERS[node.func.id]
            stated = [each.value for each in node.keywords if each.arg == "rule"] + node.args[place : place + 1]
            rule = literal(stated[0]) if stated else None
            if rule:
                rules.add("contract." + rule if "contract/identities.py" in str(path) else rule)
            elif node.func.id == "Finding":
                module = str(path.relative_to(ROOT))
                variable[module] = variable.get(module, 0) + 1
    return rules, variable


RULES, VARIABLE = made()
IN_DATA = {
    *(rule for section in sections() for each in section.requirements for rule in each.rules),
    *(f"award.{each.rule.replace('{layer}', 'other')}" for each in catalogue().mistakes.values()),
    *(rule for each in load(()) for rule in each.findings if isinstance(rule, str)),
}


def test_a_finding_whose_rule_is_a_variable_is_one_that_the_collection_knows():
    assert {name: count for name, count in VARIABLE.items() if count > NAMED_ELSEWHERE.get(name, 0)} == {}
    assert {
        "award.ratio",
        "policy.gap",
        "refused.*",
        "agency.unknown",
        "not_json",
        "contract.identity_line",
    } <= RULES | IN_DATA


@pytest.mark.parametrize("rule", sorted({*RULES, *IN_DATA, *known_rules()} - {"contract.*", "platform.*"}))
def test_every_rule_that_can_appear_is_explained_in_both_languages_with_a_remedy(rule):
    member = {"award.entitlement": "not_filed", "idempotency": "other_content"}.get(rule.removesuffix(".*"), "some")
    found = explain(rule.replace("*", member))
    assert found.meaning.zh.strip()
    assert found.meaning.en.strip()
    assert found.kind == "exit_code" or (found.remedy is not None and found.sources)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("award.ratoi", "award.ratio"), ("not_fild", "not_filed"), ("contract.requird", "contract.required")],
)
def test_an_unknown_rule_is_told_with_the_nearest(asked, meant):
    with pytest.raises(DataFaults, match=meant):
        explain(asked)


def test_a_reason_that_is_no_refusal_is_no_rule_of_entitlement():
    with pytest.raises(DataFaults):
        explain("award.entitlement.not_fild")


def test_json_has_every_key_and_names_a_scenario_and_the_requirement_that_it_judges():
    (refusal, ratio) = json.loads(CliRunner().invoke(command, ["--json", "not_filed", "award.ratio"]).output)
    assert refusal["severity"] == {"strict": "error", "lenient": "error"}
    assert refusal["scenarios"]
    assert (
        set(refusal)
        == set(ratio)
        == {
            *("rule", "kind", "meaning", "remedy", "severity", "sources", "requirements", "mistakes", "scenarios"),
        }
    )
    assert ratio["mistakes"]
    assert ratio["sources"][0]["zh"].startswith("rules 3 ")


def test_a_platforms_own_breach_and_a_bare_rule_of_contract_check_are_the_contracts_rule():
    assert explain("required").rule == "contract.required"
    assert explain("platform.contract.required").meaning.en.endswith(explain("required").meaning.en)


@pytest.mark.parametrize(("remedy", "source"), [("nothing", "rules 1"), ("award", "rules 9" + "99")])
def test_a_remedy_or_source_that_there_is_not_is_refused_with_its_line(remedy, source):
    raw = f"""kinds: {{award: {{zh: 改正, en: mend}}}}
exit_codes: {{0: {{zh: 通过, en: green}}}}
rules: {{a.b: {{zh: 四个字的, en: four, remedy: {remedy}, source: {source}}}}}
"""
    with pytest.raises(DataFaults) as caught:
        read_explanations(raw, "own.yaml")
    assert [fault.line for fault in caught.value.faults] == [3]
