"""Files that a path stands for: itself, or the recordings in a folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from simulator.core.errors import DataFault, DataFaults
from simulator.core.texts import text

PATTERNS = ("*.json", "*.jsonl", "*.ndjson", "*.har")


def recorded_files(paths: Sequence[Path]) -> list[Path]:
    """The recordings that were named, and those in the folders that were named; raises DataFaults."""
    found: list[Path] = []
    faults: list[DataFault] = []
    for path in paths:
        if path.is_dir():
            inside = sorted({file for pattern in PATTERNS for file in path.rglob(pattern) if file.is_file()})
            if not inside:
                sentence = text("contract.empty_folder", kinds=", ".join(PATTERNS))
                faults.append(DataFault(sentence, file=str(path)))
            found += inside
        elif path.is_file() and os.access(path, os.R_OK):
            found.append(path)
        elif path.exists():
            key = "contract.not_readable" if path.is_file() else "contract.not_a_file"
            faults.append(DataFault(text(key), file=str(path)))
        else:
            faults.append(DataFault(text("data.no_such_file", path=str(path)), file=str(path)))
    if faults:
        raise DataFaults(faults)
    return found
