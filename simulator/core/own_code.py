"""The code that runs here, for data folders and child processes that must belong to it."""

import os
from importlib import import_module
from pathlib import Path

from simulator.core.errors import SetupError
from simulator.core.texts import text

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent
"""The checkout, or the folder of installed packages."""


def own_folder(name: str) -> Path:
    """The folder of a subpackage inside the package or beside it; raises SetupError for that of another checkout."""
    found = Path(str(import_module(f"simulator.{name}").__file__)).resolve().parent
    if found not in (PACKAGE / name, ROOT / name):
        raise SetupError(text("command.other_checkout", name=name, found=found, package=PACKAGE))
    return found


def child_environment() -> dict[str, str]:
    """Environment variables under which `python -m simulator` runs the code that runs here, whatever the folder."""
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    if (ROOT / "pyproject.toml").is_file():
        more = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *([more] if more else [])])
    return environment
