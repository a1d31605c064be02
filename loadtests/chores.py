"""The other figures of the bench: people, the contract check, the start, memory, and a cost that stays flat."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from simulator.core.texts import text
from simulator.loadtests import processes
from simulator.loadtests.control import Control
from simulator.loadtests.figures import Figure, at_most, told
from simulator.loadtests.generator import drive
from simulator.loadtests.processes import Server, Usage
from simulator.loadtests.sources import Visits
from simulator.loadtests.stage import Stage

PEOPLE_S, CHECK_S, START_S = 3.0, 5.0, 1.0
IDLE_MB, GROWTH = 120.0, 1.2
FLAT = 1.2
"""Cost of a message with all settlements kept, at most, as a multiple of its cost with none."""
_SAMPLES = 5


def people(folder: Path, count: int) -> Figure:
    """Measures how long making and storing people by control call takes."""
    with processes.platform(folder) as server:
        control = Control(server.url)
        began = time.perf_counter()
        control("POST", "people/populate", {"insured_at": "230900", "count": count})
        return at_most("people", time.perf_counter() - began, PEOPLE_S, f"s / {count}")


def start(folder: Path, times: int) -> Figure:
    """From the command to the first /readyz, the store made on the way; the median."""
    taken = []
    for number in range(times):
        with processes.platform(folder / str(number)) as server:
            taken.append(server.started_s)
    return at_most("start", median(taken), START_S, "s")


def memory(idle: Usage | None, after: Usage | None, messages: int) -> Iterator[Figure]:
    """Resident memory before and after the load; no figures where the system does not report it."""
    if idle is None or after is None:
        yield told("memory", "-")
        return
    yield at_most("memory", idle.resident_mb, IDLE_MB, "MB")
    yield told("memory_share", f"{idle.share_mb:.0f} → {after.share_mb:.0f} MB")
    yield at_most("memory_after", after.resident_mb, idle.resident_mb * GROWTH, f"MB / {messages}")


def books(control: Control) -> Figure:
    """The ledger after all that: differences."""
    audit = control("GET", "ledger/audit")
    return at_most("audit", len(audit["differences"]), 0, f"/ {audit['settlements']}", gates=True)


def contract_check(folder: Path, url: str, visits: Sequence[Visits], count: int) -> Figure:
    """Recorded messages of the journey, checked by the command in a process of its own, its start included."""
    kept: list[bytes] = []
    while len(kept) < count:
        for each in visits:
            each.kept, each.keep = [], -(-count // len(visits))
        drive(url, visits, 0.5)
        kept += [message for each in visits for message in each.kept]
    for each in visits:
        each.kept, each.keep = [], 0
    file = folder / "messages.jsonl"
    file.write_bytes(b"\n".join(kept[:count]) + b"\n")
    began = time.perf_counter()
    words = [sys.executable, "-m", "simulator", "contract", "check", str(file), "--output", str(folder / "checked.txt")]
    done = subprocess.run(words, check=False, capture_output=True)
    figure = at_most("check", time.perf_counter() - began, CHECK_S, f"s / {count}")
    if done.returncode == 0:
        return figure
    return replace(figure, kept=False, measured=f"{figure.measured}, exit {done.returncode}")


def flat(
    server: Server, stage: Stage, connections: int, wanted: int, seconds: float, tell: Callable[[str], None]
) -> Iterator[Figure]:
    """Cost of a message of the journey while settlements accumulate, sampled; processor time, or p50 without /proc."""
    quick = replace(stage, mix=replace(stage.mix, lines=1, previews=0, shares={}))
    fillers = [Visits(quick, number, connections) for number in range(connections)]
    sampled = [Visits(stage, number, connections) for number in range(connections)]
    costs: list[tuple[int, float]] = []
    for step in range(_SAMPLES):
        while (kept := sum(each.settled for each in (*fillers, *sampled))) < wanted * step // (_SAMPLES - 1):
            drive(server.url, fillers, min(seconds, 5.0))
        costs.append((kept, _cost(server, sampled, seconds)))
        tell(str(text("load.bench_flat_sample", kept=kept, cost=f"{costs[-1][1]:.0f}")))
    yield told("flat_course", ", ".join(f"{kept}: {cost:.0f}" for kept, cost in costs))
    yield at_most("flat", costs[-1][1] / costs[0][1], FLAT, f"× / {costs[-1][0]}")


def _cost(server: Server, visits: Sequence[Visits], seconds: float) -> float:
    """Microseconds of a message."""
    before = server.usage()
    measured = drive(server.url, visits, seconds)
    after = server.usage()
    if before is None or after is None or not measured.nanoseconds:
        return measured.at(0.5) * 1000
    return (after.cpu_s - before.cpu_s) / len(measured.nanoseconds) * 1e6
