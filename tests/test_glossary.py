"""Names in the code are those of docs/glossary.md, and none that it rules out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SOURCES = [*(ROOT / "simulator").rglob("*.py"), *(ROOT / "loadtests").rglob("*.py")]
NAMED = re.compile(r"`([A-Za-z_]+)`")


def tables() -> list[list[list[str]]]:
    """Cells of every table of the page, the header first."""
    found = re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|\n ").split("|")] for row in block.splitlines()] for block in found]


def column(name: str) -> list[str]:
    return [row[table[0].index(name)] for table in tables() if name in table[0] for row in table[2:]]


@cache
def identifiers() -> frozenset[str]:
    """Names of modules, packages, classes, functions, arguments, variables and attributes."""
    found = {part for path in SOURCES for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.arg):
                found.add(node.arg)
    return frozenset(found)


def classes() -> dict[str, list[str]]:
    """Modules of the package that define each class at their top level, by its name."""
    found: dict[str, list[str]] = {}
    for path in (ROOT / "simulator").rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    return found


def words_of(identifier: str) -> set[str]:
    return set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", identifier).lower().split("_"))


@pytest.mark.parametrize("name", sorted({name for cell in column("code") for name in NAMED.findall(cell)}))
def test_a_term_of_the_glossary_is_a_name_in_the_code(name):
    assert name in identifiers()


def test_no_term_has_two_meanings():
    terms = column("term")
    assert sorted(terms) == sorted(set(terms))


def test_no_class_name_stands_for_two_things():
    assert {name: where for name, where in classes().items() if len(where) > 1 and not name.startswith("_")} == {}


@pytest.mark.parametrize("private", sorted({word for cell in column("not") for word in cell.split(", ")}))
def test_no_name_is_one_that_the_glossary_rules_out(private):
    assert sorted(each for each in identifiers() if private in words_of(each)) == []
