"""The types of loadtests, which stand outside the run over the package because their extra may be missing."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = """
[mypy]
strict = true
warn_unreachable = true
[mypy-gevent.*]
ignore_missing_imports = true
# Checked with the package; of the server only the bench's trivial route wants it.
[mypy-simulator.serving]
follow_imports = skip
"""


@pytest.mark.skipif(find_spec("locust") is None, reason="the extra load is not installed")
def test_every_line_is_typed(tmp_path):
    package = tmp_path / "simulator"
    package.mkdir()
    for each in (ROOT / "simulator").iterdir():
        (package / each.name).symlink_to(each)
    (package / "loadtests").symlink_to(ROOT / "loadtests")
    (tmp_path / "mypy.ini").write_text(CONFIG, encoding="utf-8")
    words = [sys.executable, "-m", "mypy", "-p", "simulator.loadtests", "--config-file", "mypy.ini"]
    cache = ["--cache-dir", str(ROOT / ".mypy_cache" / "loadtests")]
    environment = {**os.environ, "MYPYPATH": str(tmp_path)}
    done = subprocess.run([*words, *cache], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
