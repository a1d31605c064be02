"""Modules and functions stay small enough to be read at once."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "simulator").rglob("*.py"), *(ROOT / "loadtests").glob("*.py")])
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(ROOT)))
def test_module_and_its_functions_are_short(source):
    written = source.read_text(encoding="utf-8")
    functions = [n for n in ast.walk(ast.parse(written)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert len(written.splitlines()) <= LONGEST_MODULE
    assert [n.name for n in functions if (n.end_lineno or 0) - n.lineno >= LONGEST_FUNCTION] == []
