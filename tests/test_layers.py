"""Imports point one way: each package may import only what stands below it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "simulator"

LEAVES = {
    "errors",
    "texts",
    "money",
    "clock",
    "shape",
    "strict_yaml",
    "strict_csv",
    "wire",
    "masking",
    "findings",
    "signing",
    "logs",
}
ALLOWED: dict[str, set[str]] = {
    "domain": set(),
    "contract": set(),
    "people": {"domain"},
    "catalogue": {"domain", "people"},
    "benefit": {"domain"},
    "store": {"domain"},
    "envelope": set(),
    "faults": {"store"},
    "insured": {"domain", "benefit", "catalogue", "contract", "store"},
    "sandboxes": {"domain", "benefit", "catalogue", "contract", "store", "insured"},
    "transactions": {"domain", "benefit", "catalogue", "contract", "store", "insured", "sandboxes"},
    "agencies": {
        *("domain", "benefit", "catalogue", "contract", "people", "store", "envelope", "faults"),
        *("insured", "sandboxes", "transactions"),
    },
    "metrics": set(),
    "defects": {"metrics"},
    "settings": set(),
    "gateway": {
        *("catalogue", "contract", "domain", "store", "envelope", "faults", "metrics", "defects"),
        *("insured", "sandboxes", "transactions", "agencies"),
    },
    "platform": {
        *("domain", "benefit", "catalogue", "store", "settings"),
        *("sandboxes", "agencies", "gateway"),
    },
    "health": {"metrics", "control", "platform"},
    "control": {
        *("domain", "benefit", "catalogue", "contract", "people", "store", "faults"),
        *("insured", "sandboxes", "agencies", "platform"),
    },
    "harness": set(),
    "testing": {"contract", "harness"},
    "coverage": {"contract", "harness", "transactions"},
    "pages": {"contract", "store", "sandboxes", "transactions", "gateway", "control", "platform"},
}
"""Packages and root modules that may import only these and the leaves; the others (app, api, commands …) wire."""

LEAF_ALLOWED = {
    "texts": set(),
    "errors": {"texts"},
    "money": set(),
    "clock": set(),
    "shape": {"errors", "texts"},
    "strict_yaml": {"errors", "shape", "texts"},
    "strict_csv": {"errors", "strict_yaml", "texts"},
    "wire": {"errors", "texts"},
    "masking": set(),
    "findings": {"texts"},
    "signing": {"texts"},
    "logs": set(),
}
FORBIDDEN = {
    "domain": {"flask", "os", "requests", "sqlalchemy", "sqlite3", "time", "random", "urllib3"},
    "benefit": {"flask", "os", "requests", "sqlalchemy", "sqlite3", "time", "random", "urllib3"},
    "contract": {"flask", "requests", "sqlalchemy", "sqlite3", "urllib3"},
}


def _files(part: str) -> list[Path]:
    folder = ROOT / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{part}.py"]


def _imports(path: Path) -> set[tuple[str, int]]:
    """Module names as written, with their lines; an import for types alone is an arrow like any other."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[tuple[str, int]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(alias.name, node.lineno) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "simulator" else {node.module}
            )
            found |= {(name, node.lineno) for name in names}
    return found


def _broken(part: str, allowed: set[str]) -> list[str]:
    found = []
    for path in _files(part):
        for name, line in _imports(path):
            if not name.startswith("simulator."):
                continue
            target = name.split(".")[1]
            if target != part and target not in allowed and not target.startswith("__"):
                found.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    return found


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_a_package_imports_only_what_stands_below_it(part):
    if not _files(part)[0].exists():
        pytest.fail(f"{part} is named here and does not exist")
    assert _broken(part, ALLOWED[part] | LEAVES) == []


@pytest.mark.parametrize("leaf", sorted(LEAF_ALLOWED))
def test_a_leaf_imports_nothing_of_ours_but_earlier_leaves(leaf):
    assert _broken(leaf, LEAF_ALLOWED[leaf]) == []


@pytest.mark.parametrize("part", sorted(FORBIDDEN))
def test_rules_of_the_trade_do_no_input_and_read_no_clock(part):
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in _files(part)
        for name, line in _imports(path)
        if name.split(".")[0] in FORBIDDEN[part]
    ]
    assert found == []


def test_every_part_of_the_package_has_its_place_here():
    parts = {path.stem if path.is_file() else path.name for path in ROOT.iterdir() if path.name not in ("__pycache__",)}
    wiring = {"app", "api", "cli", "commands", "health", "serving", "__init__", "__main__", "py.typed", "py", "console"}
    assert parts - set(ALLOWED) - LEAVES - wiring == set()


def _modules() -> dict[str, Path]:
    named = {
        ".".join(("simulator", *path.relative_to(ROOT).with_suffix("").parts)): path for path in ROOT.rglob("*.py")
    }
    return {name.removesuffix(".__init__"): path for name, path in named.items()}


def _arrows(path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules that one imports; a name taken from a package is the module of that name where there is one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & modules.keys()) or {node.module}
    return found & modules.keys()


def test_no_two_modules_import_each_other():
    modules = _modules()
    graph = {name: _arrows(path, modules) - {name} for name, path in modules.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle
