"""The built wheel, installed into an empty environment, rehearses in an empty folder: what a user gets."""

import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.xdist_group("rehearsed")


def test_the_wheel_holds_every_module_and_every_data_file(wheel):
    """A folder that is missing from pyproject would only be missed by those who install."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.endswith("/")}
    tracked = subprocess.run(
        ["git", "ls-files", "simulator", "scenarios", "loadtests"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    wanted = {
        name if name.startswith("simulator/") else f"simulator/{name}"
        for name in tracked
        if not name.startswith(".") and "/." not in name
    }
    assert sorted(wanted - packed) == []


def test_the_wheel_rehearses_in_an_empty_folder(rehearsed):
    """Installed with the locked versions into an empty environment; every scenario, every use, all green."""
    done = rehearsed.done
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert " 0 failed, 0 broken, 0 not tested" in done.stdout
    written = sorted(path.name for path in (rehearsed.folder / "rehearsal").iterdir())
    assert written == ["junit.xml", "report.html"]
