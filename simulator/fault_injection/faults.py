"""Selects the fault for a message: in order of creation, and with a seeded, repeatable probability."""

import random

from simulator.fault_injection.injector import Fault
from simulator.store.tables import fault
from simulator.store.unit_of_work import UnitOfWork

HOSPITAL, AGENCY = "hospital", "agency"


def match_fault(work: UnitOfWork, *, at: str, infno: str, seed: int) -> Fault | None:
    """Fault to inject into a message of a leg (`at`), or None; every matching fault counts the message as seen."""
    injected: Fault | None = None
    for row in work.find(fault, at=at, order="id", lock=True):
        if row.used >= row.times or row.infno not in ("", infno):
            continue
        seen = row.seen + 1
        due = seen >= row.nth and _chance(seed, row.id, seen) < row.probability
        use = injected is None and due
        work.change(fault, {"id": row.id}, seen=seen, used=row.used + int(use))
        if use:
            injected = Fault(row.id, row.what, row.delay_s)
    return injected


def _chance(seed: int, fault_id: int, seen: int) -> float:
    return random.Random(f"{seed}/{fault_id}/{seen}").random()  # noqa: S311 (repeatable on purpose)
