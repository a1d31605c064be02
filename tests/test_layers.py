"""Imports point one way: each package may import only what stands below it."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "simulator"

CORE: dict[str, set[str]] = {
    "texts": set(),
    "errors": {"texts"},
    "money": set(),
    "clock": set(),
    "settings": set(),
    "schema_errors": {"errors", "texts"},
    "strict_yaml": {"errors", "schema_errors", "texts"},
    "citations": {"schema_errors", "strict_csv", "strict_yaml", "texts"},
    "strict_csv": {"errors", "strict_yaml", "texts"},
    "json_codec": {"errors", "texts"},
    "envelope": {"clock", "errors", "json_codec", "texts"},
    "masking": {"schema_errors", "strict_yaml"},
    "findings": {"texts"},
    "refusals": {"citations", "errors", "findings", "schema_errors", "strict_csv", "strict_yaml", "texts"},
    "signing": {"texts"},
    "own_code": {"errors", "texts"},
    "logs": {"masking"},
    "metrics": set(),
    "error_reporting": {"logs", "metrics", "texts"},
}
"""Modules of `simulator.core`, each with those of its neighbours that it may import."""
HARNESS_CORE = {"citations", "errors", "masking", "own_code", "schema_errors", "strict_csv", "strict_yaml", "texts"}
"""A client that shared the server's envelope or JSON codec could not find a fault of theirs."""

ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "domain": set(),
    "contract": {"domain"},
    "people": {"domain"},
    "catalogue": {"domain", "people"},
    "benefit": {"domain"},
    "store": {"domain"},
    "insured": {"domain", "benefit", "catalogue", "contract", "store"},
    "sandbox": {"domain", "benefit", "catalogue", "contract", "store", "insured"},
    "fault_injection": {"store", "sandbox"},
    "transactions": {"domain", "benefit", "catalogue", "contract", "store", "insured", "sandbox"},
    "agencies": {
        *("domain", "benefit", "catalogue", "contract", "people", "store", "fault_injection"),
        *("insured", "sandbox", "transactions"),
    },
    "gateway": {
        *("catalogue", "contract", "domain", "store", "fault_injection"),
        *("insured", "sandbox", "transactions", "agencies"),
    },
    "platform": {"domain", "benefit", "catalogue", "store", "sandbox", "agencies", "gateway"},
    "control": {
        *("domain", "benefit", "catalogue", "contract", "people", "store", "fault_injection"),
        *("insured", "sandbox", "agencies", "platform"),
    },
    "harness": set(),
    "capture": {"contract", "harness"},
    "relocation": {"domain", "people", "benefit", "catalogue", "harness"},
    "testing": {"contract", "harness"},
    "coverage": {"contract", "harness", "transactions"},
    "upgrade": {"contract", "harness"},
    "dossier": {"coverage", "harness"},
    "command_line": {"self_check"},
    "self_check": {"agencies", "benefit", "harness", "testing"},
    "pages": {"contract", "store", "sandbox", "transactions", "gateway", "control", "platform"},
}
"""Packages that may import only these and core; the others (server, commands, cli) wire."""

FORBIDDEN = {
    "domain": {"flask", "os", "requests", "sqlalchemy", "sqlite3", "time", "random", "urllib3"},
    "benefit": {"flask", "os", "requests", "sqlalchemy", "sqlite3", "time", "random", "urllib3"},
    "contract": {"flask", "requests", "sqlalchemy", "sqlite3", "urllib3"},
}


def _files(part: str) -> list[Path]:
    folder = ROOT / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{part}.py"]


@cache
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


def _of_core(part: str) -> set[str]:
    """The modules of core that a part imports."""
    names = {name for path in _files(part) for name, _ in _imports(path)}
    return {name.split(".")[2] for name in names if name.startswith("simulator.core.")}


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
    assert _broken(part, ALLOWED[part] | {"core"}) == []


@pytest.mark.parametrize("module", sorted(CORE))
def test_a_module_of_core_imports_only_its_earlier_neighbours(module):
    assert _of_core(f"core/{module}") - {module} <= CORE[module]


def _modules_of_core() -> set[str]:
    """Modules and packages of core; its data files are none."""
    entries = [path for path in (ROOT / "core").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    return {path.stem for path in entries} - {"__init__"}


def test_every_module_of_core_has_its_place_here():
    assert _modules_of_core() == set(CORE)


def test_the_harness_shares_nothing_with_the_server_that_could_hide_a_fault_of_it():
    assert _of_core("harness") <= HARNESS_CORE


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
    wiring = {"cli", "commands", "server", "__init__", "__main__", "py"}
    assert parts - set(ALLOWED) - wiring == set()


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
