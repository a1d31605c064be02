"""A transaction is described once: no code tells transactions apart by a number of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from simulator.contract.example_coverage import covered
from simulator.domain.transaction_table import TRANSACTIONS

ROOT = Path(__file__).parents[1]
JOURNEY = ROOT / "loadtests" / "journey.py"
"""Writes each message that the load sends, as a template does."""
REGISTERING = {"transaction", "insured"}
_NUMBER = re.compile(r"(?<![\w.-])(?:[0-9]{4}[A-Z]?|SIM-[A-Z]+)(?![\w.-])")


def _known() -> frozenset[str]:
    return frozenset(TRANSACTIONS) | {each.infno for each in covered()}


def _unread(tree: ast.Module) -> Iterator[ast.Constant]:
    """Docstrings, the help of a command's option, and the numbers by which a handler is registered."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant):
            yield node.value
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") in REGISTERING:
                yield from (each for each in decorator.args if isinstance(each, ast.Constant))


def numbers_in(source: str, known: frozenset[str]) -> list[tuple[int, str]]:
    """Line and number of each transaction that a text of the code names."""
    tree = ast.parse(source)
    unread = {id(node) for node in _unread(tree)}
    return [
        (node.lineno, number)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unread
        for number in _NUMBER.findall(node.value)
        if number in known
    ]


def test_no_code_names_a_transaction_by_number():
    known = _known()
    files = sorted((*(ROOT / "simulator").rglob("*.py"), *(ROOT / "loadtests").rglob("*.py")))
    assert len(files) > 200
    found = [
        f"{path.relative_to(ROOT)}:{line} names {number}"
        for path in files
        if path != JOURNEY
        for line, number in numbers_in(path.read_text(encoding="utf-8"), known)
    ]
    assert found == []


def test_a_branch_on_a_number_is_found_and_a_handler_is_not():
    source = '''
"""2601 undoes a message."""
SETTLING = ("2207", "2207A")
@transaction("2208")
def cancel(infno):
    """Cancels what 2207 settled."""
    return infno == "2601" or infno.startswith(f"SIM-DAY {infno}") or infno in ("2207A-again", "2025-03-01")
'''
    known = frozenset({"2207", "2207A", "2208", "2601", "SIM-DAY"})
    assert [number for _, number in numbers_in(source, known)] == ["2207", "2207A", "2601", "SIM-DAY"]
