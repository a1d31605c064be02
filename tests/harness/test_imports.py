import ast
from pathlib import Path

import pytest

import simulator.harness

ROOT = Path(simulator.harness.__file__).parent
LEAVES = {"texts", "errors", "strict_yaml", "shape", "masking", "money"}


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_harness_imports_nothing_of_the_server(file):
    """It writes its own messages, or it could not find the server's faults; the server's own `wire` is no exception."""
    named = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))]
    modules = [
        module
        for node in named
        for module in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
        if module.split(".")[0] == "simulator"
    ]
    assert [each for each in modules if each.split(".")[1] not in {*LEAVES, "harness"}] == []
