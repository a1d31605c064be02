"""Runs pytest as other people do: in a folder of theirs, in a process of its own."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PLUGINS = ("simulator.harness.plugin", "simulator.testing.plugin")


@dataclass
class Run:
    """What a pytest run said."""

    code: int
    said: str

    @property
    def outcome(self) -> dict[str, int]:
        """`{"passed": 2, "failed": 1}`."""
        last = self.said.strip().splitlines()[-1]
        return {word: int(number) for number, word in re.findall(r"([0-9]+) (\w+)", last.split(" in ")[0])}


def run_pytest(folder: Path, *arguments: str, plugins: tuple[str, ...] = PLUGINS, **environment: str) -> Run:
    """Runs pytest in a folder with the plugins of an installed product and no others."""
    loaded = [part for plugin in plugins for part in ("-p", plugin)]
    command = [sys.executable, "-m", "pytest", *loaded, "-p", "no:cacheprovider", "-q", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    alone = {**clean, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NHSA_SIM_LANG": "zh", **environment}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=alone, timeout=240)
    return Run(done.returncode, done.stdout + done.stderr)
