"""Every citation in code, data, scenarios and pages resolves to a rule, a source or an anchor of the documentation."""

import csv
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from simulator.core.citations import cited, resolves, rules, sources
from tests.support.generated_docs import source_anchor

ROOT = Path(__file__).parents[1]
HERE = Path(__file__)
KINDS = {".py", ".yaml", ".json", ".csv", ".md", ".js", ".html", ".toml", ".jinja"}
FOLDERS = ("simulator", "scenarios", "loadtests", "tests", "docs")
FILES = sorted(
    path
    for top in (*(ROOT / name for name in FOLDERS), *ROOT.glob("*.md"), ROOT / "pyproject.toml")
    for path in ([top] if top.is_file() else top.rglob("*"))
    if path.suffix in KINDS and path != HERE and not {"__pycache__", "node_modules"} & set(path.parts)
)
RULES = re.compile(r"\b[Rr]ules? ([0-9]+)(?:[-–]([0-9]+))?(?![0-9.]*[%a-z])")
PAGES = re.compile(r"\bdocs/[A-Za-z0-9_./-]+\.md(?:#[A-Za-z0-9-]+)?")
MARK = "HN|JX|SZ|GZ|JS|JL|HB|D[0-9]"
MARKS = re.compile(rf"(?:\b[Ss]ource |\()((?:{MARK})(?:[ +,/和、](?:{MARK}))*)\b")
UNPUBLISHED = re.compile(
    r"\b[Dd]esign [0-9]|\bNOTES\b|\bspec [IVX]+\b|\b(?:policy-facts|style|design|libraries|peers)\.md\b"
)


@cache
def words(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    return set(re.findall(r'<a id="([^"]+)"></a>', words(page)))


def cited_rules(text: str) -> set[int]:
    """Numbers of all rules that a text cites, those of a range included."""
    return {n for first, last in RULES.findall(text) for n in range(int(first), int(last or first) + 1)}


def test_every_cited_rule_exists():
    wrong = {str(path): bad for path in FILES if (bad := cited_rules(words(path)) - set(rules()))}
    assert wrong == {}


def test_a_citation_of_several_rules_counts_them_all():
    assert cited_rules("(rules 16-18; rule 3)") == {16, 17, 18, 3}


@pytest.mark.parametrize("suffix", ["", ".zh-CN"])
def test_every_rule_and_every_source_has_its_anchor(suffix):
    assert anchors(ROOT / f"docs/rules{suffix}.md") == {f"rule-{number}" for number in rules()}
    assert anchors(ROOT / f"docs/sources{suffix}.md") == {source_anchor(code) for code in sources()}


def test_numbers_of_rules_run_without_a_gap():
    assert list(rules()) == list(range(1, len(rules()) + 1))


def test_every_page_that_is_named_is_there_with_its_anchor():
    wrong = []
    for path in FILES:
        for target in PAGES.findall(words(path)):
            name, _, anchor = target.partition("#")
            page = ROOT / name
            if not page.is_file() or (anchor and anchor not in anchors(page)):
                wrong.append(f"{path}: {target}")
    assert wrong == []


def test_nothing_cites_a_paper_that_is_not_in_the_repository():
    assert [f"{path}: {found[0]}" for path in FILES if (found := UNPUBLISHED.search(words(path)))] == []


def test_every_document_that_is_cited_by_its_mark_is_listed():
    marks = {mark for path in FILES for found in MARKS.findall(words(path)) for mark in re.split("[ +,/和、]", found)}
    assert marks >= {"HN", "JX", "D1", "D2", "D3"}
    assert marks - set(sources()) == set()


def stated_sources() -> dict[str, str]:
    """Values of `source` in the product's tables and policies, each with a file that has it."""
    found: dict[str, str] = {}
    for path in FILES:
        if path.suffix == ".csv" and "simulator" in path.parts:
            with path.open(encoding="utf-8", newline="") as table:
                found |= {row["source"]: str(path) for row in csv.DictReader(table) if row.get("source")}
        elif path.parent.name == "policies" and path.suffix == ".yaml":
            found |= {value: str(path) for value in re.findall(r"\bsource: ([^,}\s]+)[,}]", words(path))}
    return found


def codes_of(value: str) -> set[str]:
    """Codes in a `source` cell: joined with +, what follows a comma or semicolon is a remark."""
    return set(re.split("[,;]", value)[0].split("+"))


def test_every_source_of_a_row_is_listed():
    stated = stated_sources()
    assert {"HN+JX", "illustrative", "D1"} <= set(stated)
    wrong = {
        value: file
        for value, file in stated.items()
        if set(re.split(r"\+", re.split("[,;]", value)[0])) - set(sources())
    }
    assert wrong == {}


def test_editions_and_the_page_of_sources_call_a_source_the_same():
    for file in ROOT.glob("simulator/contract/editions/*/edition.yaml"):
        listed = (yaml.safe_load(words(file)) or {}).get("sources", {})
        assert {code: title for code, title in listed.items() if sources()[code].title.zh != title} == {}


@pytest.mark.parametrize("path", [path for path in FILES if path.name.endswith(".scenario.yaml")], ids=lambda p: p.stem)
def test_a_scenario_verifies_only_what_exists(path):
    """Transactions are checked against the contract elsewhere; here every rule and source has its text."""
    listed = yaml.load(words(path), Loader=yaml.BaseLoader).get("verifies", [])
    assert [each for each in listed if not resolves(each)] == []
    assert all(cited(each) for each in listed if not re.fullmatch(r"[0-9]{4}A?|SIM-[A-Z]+", each))


def test_every_decision_is_listed_once():
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{3}-[a-z0-9-]+\.md)\)", words(folder / "README.md"))
    assert listed == sorted({path.name for path in folder.glob("[0-9]*.md")})
