"""Every line of the package is typed, loadtests and scenarios with it, which stand in folders of their own."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.begins_first
ROOT = Path(__file__).parents[1]
CONFIG = """
[mypy]
strict = true
warn_unreachable = true
[mypy-gevent.*]
ignore_missing_imports = true
"""


@pytest.mark.skipif(find_spec("locust") is None, reason="the extra load is not installed")
def test_every_line_is_typed(tmp_path):
    package = tmp_path / "simulator"
    package.mkdir()
    for each in (ROOT / "simulator").iterdir():
        (package / each.name).symlink_to(each)
    for name in ("loadtests", "scenarios"):
        (package / name).symlink_to(ROOT / name)
    (tmp_path / "mypy.ini").write_text(CONFIG, encoding="utf-8")
    words = [sys.executable, "-m", "mypy", "-p", "simulator", "--config-file", "mypy.ini"]
    cache = ["--cache-dir", str(ROOT / ".mypy_cache" / "tests")]
    environment = {**os.environ, "MYPYPATH": str(tmp_path)}
    done = subprocess.run([*words, *cache], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
