"""The built wheel, installed into an empty environment, rehearses in an empty folder: what a user gets."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built in isolation as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return next(folder.glob("*.whl"))


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


def test_the_wheel_rehearses_in_an_empty_folder(wheel, tmp_path):
    """Installed with the locked versions into an empty environment; every scenario, every use, all green."""
    environment, folder = tmp_path / "environment", tmp_path / "empty"
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=120)
    install = [environment / "bin" / "pip", "install", "--quiet", "-c", ROOT / "requirements.lock", wheel]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(
        [environment / "bin" / "nhsa-sim", "rehearse", "-q"],
        cwd=folder,
        env=clean | {"NHSA_SIM_LANG": "en"},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "All green" in done.stdout
    assert sorted(path.name for path in (folder / "rehearsal").iterdir()) == ["junit.xml", "report.html"]
