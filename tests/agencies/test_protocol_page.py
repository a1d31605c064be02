"""The protocol pages say what the product does: examples made anew, names of findings and figures looked up."""

import ast
import json
import re
from pathlib import Path

import pytest

from simulator.contract import contract_of
from simulator.domain.transaction_table import traits_of
from simulator.insured import HANDLERS
from simulator.people.areas import is_area
from tests.agencies import protocol_reference

ROOT = Path(__file__).parents[2]
PAGES = ("agency-protocol.md", "agency-protocol.zh-CN.md")


def words(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_messages_of_the_reference_keep_the_contract():
    contract = contract_of("national", overlays=("agency",))
    blocks = re.findall(r"```json\n(.*?)```", words("agency-protocol-reference.md"), re.DOTALL)
    messages = [json.loads(block) for block in blocks[:-1]]
    for request, answer in zip(messages[::2], messages[1::2], strict=True):
        remote = request["mdtrtarea_admvs"] != request["insuplc_admdvs"]
        infno = request["infno"]
        assert contract.check_envelope(request, "in") == ()
        assert contract.check(infno, "in", request["input"], remote=remote, head=request) == ()
        assert contract.check_envelope(answer, "out") == ()
        if answer["infcode"] == "0":
            assert contract.check(infno, "out", answer["output"], remote=remote) == ()


def test_nobody_in_the_reference_can_be_real():
    numbers = set(re.findall(r"\b2309\d{13}[\dX]\b", words("agency-protocol-reference.md")))
    assert len(numbers) == 1
    assert not any(is_area(number[:6]) for number in numbers)


@pytest.mark.parametrize("name", PAGES)
def test_the_worked_example_of_the_page_is_the_one_of_the_reference(name):
    _, messages = protocol_reference.examples()
    info = next(each for each in messages if each.infno == "2207A").answer["output"]["setlinfo"]
    for field in ("hifp_pay", "acct_pay", "balc"):
        assert f"`{field}` {info[field]}" in words(name)
    assert f"{info['medfee_sumamt']} − {info['hifp_pay']} = {info['psn_part_amt']}" in words(name)


@pytest.mark.parametrize("name", PAGES)
def test_every_transaction_served_stands_on_the_page_with_what_it_spends(name):
    rows = re.findall(r"^\| ([0-9A-Z, 、-]+?)(?: \*\(ours\)\*)? \| .*? \| (\S+) \| ", words(name), re.MULTILINE)
    told = {infno: spends in ("yes", "是") for listed, spends in rows for infno in re.split("[,、 ]+", listed)}
    assert told == {infno: traits_of(infno).effect for infno in HANDLERS}


@pytest.mark.parametrize("name", PAGES)
def test_every_rule_that_the_judge_names_stands_on_the_page(name):
    listed = set(re.findall(r"`([a-z_]+(?:\.[a-z_*]+)*)`", words(name)))
    missing = sorted(rule for rule in rules_in_code() if not any(stands_for(each, rule) for each in listed))
    assert missing == []


def stands_for(listed: str, rule: str) -> bool:
    if listed.endswith("*"):
        return rule.startswith(listed[:-1])
    return listed == rule or (rule.endswith("…") and listed.startswith(rule[:-1]))


def rules_in_code() -> set[str]:
    """First arguments of Finding and Hypothesis in the package, text or the beginning of an f-string."""
    found: set[str] = set()
    for path in (ROOT / "simulator" / "agencies").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if name not in ("Finding", "Hypothesis", "_hypothesis", "_accepted_wrongly", "judge_rows"):
                continue
            position = 1 if name == "_hypothesis" else 0
            rule = node.args[position] if len(node.args) > position else None
            prefix = "award." if name in ("Hypothesis", "_hypothesis") else ""
            if isinstance(rule, ast.Constant) and isinstance(rule.value, str):
                found.add(prefix + rule.value)
            elif isinstance(rule, ast.JoinedStr) and isinstance(rule.values[0], ast.Constant):
                found.add(f"{rule.values[0].value}…")
    assert len(found) > 20, found
    return found
