"""No settlement that was answered is lost on a power cut: only what was synced to the disk is there after it.

strace records the writes and syncs of a process that settles. They are replayed up to every sync, without the writes
that were not synced, and the database that results is opened as after a power cut.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.store import settling

CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,link,linkat"


def traces() -> bool:
    """True where strace is installed and may trace (containers often forbid it)."""
    found = shutil.which("strace")
    return found is not None and subprocess.run([found, "-o", "/dev/null", "true"], check=False).returncode == 0


pytestmark = [pytest.mark.slow, pytest.mark.skipif(not traces(), reason="strace is not installed, or may not trace")]

_CALL = re.compile(r'(\d+) +(\w+)\((?:(\d+)<([\\x0-9a-f]*)>)?(?:[^"]*?"([\\x0-9a-f]*)")?(.*)')
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>")


def unhex(written: str) -> bytes:
    return bytes.fromhex(written.replace("\\x", ""))


@dataclass
class Disk:
    """Files as they would be found after a power cut: with the writes that were synced."""

    files: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[tuple[int, bytes | None]]] = field(default_factory=dict)

    def write(self, path: str, offset: int, data: bytes | None) -> None:
        """Takes a write of `data` at `offset`, or a truncation to it."""
        self.pending.setdefault(path, []).append((offset, data))

    def sync(self, path: str, count: int) -> None:
        """Puts the first `count` pending writes of a file on the disk."""
        content = self.files.setdefault(path, bytearray())
        for offset, data in self.pending.get(path, [])[:count]:
            if data is None:
                del content[offset:]
                continue
            content.extend(bytes(max(0, offset - len(content))))
            content[offset : offset + len(data)] = data
        del self.pending.get(path, [])[:count]


def settlements_after(disk: Disk, store: str, folder: Path) -> set[int]:
    """Ids of the settlements in the database that a power cut would leave; empty before its tables are synced."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for suffix in ("", "-wal"):
        (folder / f"one.sqlite{suffix}").write_bytes(disk.files.get(store + suffix, b""))
    with closing(sqlite3.connect(folder / "one.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {number for (number,) in connection.execute("SELECT id FROM settlement")}


def test_every_settlement_that_was_answered_is_found_after_a_power_cut_at_any_sync(tmp_path):
    folder, log = tmp_path / "store", tmp_path / "trace"
    command = ["strace", "-f", "-y", "-qq", "-xx", "-s", "100000", "-e", f"trace={CALLS}", "-o", str(log)]
    subprocess.run([*command, sys.executable, "-m", settling.__name__, str(folder)], check=True, timeout=300)
    store, wal = str(folder / "one.sqlite"), str(folder / "one.sqlite-wal")
    disk, answered = Disk(), set[int]()
    syncing: dict[str, tuple[str, int]] = {}
    cuts = 0
    for line in log.read_text(encoding="ascii").splitlines():
        if found := _RESUMED.match(line):
            if found[2] in ("fdatasync", "fsync") and found[1] in syncing:
                disk.sync(*syncing.pop(found[1]))
            continue
        found = _CALL.match(line)
        if found is None:
            continue
        thread, call, path, rest = found[1], found[2], unhex(found[4] or "").decode(), found[6]
        if call == "pwrite64":
            disk.write(path, int(rest.split(",")[2].split(")")[0].split()[0]), unhex(found[5] or ""))
        elif call == "ftruncate":
            disk.write(path, int(rest.split(",")[1].split(")")[0].split()[0]), None)
        elif call in ("link", "linkat"):
            old, new = (unhex(each).decode() for each in re.findall(r'"([\\x0-9a-f]*)"', line))
            disk.files[new] = bytearray(disk.files.get(old, b""))
        elif call in ("fdatasync", "fsync"):
            if path == wal and answered:
                # Before this sync nothing of it is on the disk, and what was answered must be there already.
                assert answered <= settlements_after(disk, store, tmp_path / "cut")
                cuts += 1
            count = len(disk.pending.get(path, []))
            if "unfinished" in rest:
                syncing[thread] = path, count
            else:
                disk.sync(path, count)
        elif (said := unhex(found[5] or "")).startswith(b"answered "):
            answered.add(int(said.split()[1]))
    assert answered <= settlements_after(disk, store, tmp_path / "cut")
    assert len(answered) == settling.THREADS * settling.VISITS
    assert cuts > 1
