"""Every refusal stands in one table with its source, what it guards, and its severity in strict and in lenient."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.core.errors import DataFaults, Refusal, refuse
from simulator.core.findings import ERROR, WARNING
from simulator.core.refusals import NOTHING, read_refusals, refusal_rules, refuse_in_strict, source_of
from simulator.core.texts import catalogue_keys, plain

ROOT = Path(__file__).parents[1] / "simulator"
RULES = refusal_rules()
LENIENT = {rule for rule, row in RULES.items() if row.lenient}
OUTRIGHT = ("refuse", "Refusal")


def calls() -> Iterator[tuple[str, str, ast.AST]]:
    """Place, rule and parent of every refusal that the code makes under a name of its own."""
    for path in sorted(ROOT.rglob("*.py")):
        for parent in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for node in ast.iter_child_nodes(parent):
                if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in OUTRIGHT and node.args):
                    continue
                if isinstance(node.args[0], ast.Constant):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", str(node.args[0].value), parent


CALLS = list(calls())


def test_every_refusal_that_can_be_made_is_in_the_table_and_no_other():
    sentences = {key.removeprefix("refusal.") for key in catalogue_keys() if key.startswith("refusal.")}
    assert sentences | {rule for _, rule, _ in CALLS} == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_refusal_has_a_source_and_a_severity_in_strict_and_in_lenient(rule):
    row = RULES[rule]
    assert source_of(rule) == row.source != ""
    assert row.severity in (ERROR, WARNING)
    # What a published text states is refused in lenient too; what guards nothing is ours alone.
    assert not row.lenient or row.source == "ours"


def test_a_rule_that_guards_nothing_is_nowhere_refused_outright():
    wrong = [where for where, rule, parent in CALLS if rule in LENIENT and isinstance(parent, (ast.Raise, ast.Return))]
    assert wrong == []
    assert {rule for _, rule, _ in CALLS} >= LENIENT


def test_only_a_rule_that_guards_nothing_is_taken_in_lenient():
    guarded = next(rule for rule, row in RULES.items() if row.guards != NOTHING)
    for strict in (True, False):
        with pytest.raises(LookupError):
            refuse_in_strict(Refusal(guarded, plain("-")), strict=strict, findings=[])


def test_in_lenient_the_warning_keeps_rule_path_and_both_values():
    findings = []
    refusal = refuse("psn_type_differs", path="/input/data/psn_type", got="11", wanted="12")
    with pytest.raises(Refusal):
        refuse_in_strict(refusal, strict=True, findings=findings)
    refuse_in_strict(refusal, strict=False, findings=findings)
    (found,) = findings
    assert (found.rule, found.severity, found.path) == ("psn_type_differs", WARNING, "/input/data/psn_type")
    assert (found.wanted, found.got) == ("12", "11")


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("{source: nowhere, guards: money}", "refusals.a_rule.source"),
        ("{source: HN+nowhere, guards: money}", "refusals.a_rule.source"),
        ("{source: ours, guards: honour}", "refusals.a_rule.guards"),
        ("{source: ours}", "refusals.a_rule"),
        ("{source: ours, guards: money, why: so}", "refusals.a_rule"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_its_place(row, place):
    with pytest.raises(DataFaults) as caught:
        read_refusals(f"refusals:\n  a_rule: {row}\n".encode(), "own.yaml")
    assert "own.yaml" in str(caught.value)
    assert place in str(caught.value)
