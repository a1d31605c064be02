"""Ordered faults: which one strikes this message, if any; used up in order of creation, seeded, never by chance."""

import random
from dataclasses import dataclass
from typing import Any

from simulator.core.json_codec import read_json, write_json
from simulator.store.tables import fault
from simulator.store.unit_of_work import UnitOfWork

HOSPITAL, AGENCY = "hospital", "agency"
WHAT = (
    "delay",
    "refuse",
    "drop_before",
    "drop_after_commit",
    "duplicate",
    "late",
    "truncate",
    "garble",
    "wrong_person",
    "http_500",
)
"""What may go wrong. delay: the answer comes late; refuse: -1 without handling; drop_before: lost on the way in;
drop_after_commit: handled, the answer lost; duplicate: delivered twice; late: held back until it was reversed;
truncate, garble, wrong_person, http_500: handled, the answer spoilt."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that strikes a message; `id` tells which order it was."""

    id: int
    what: str
    delay_s: float


def match_fault(work: UnitOfWork, *, at: str, infno: str, seed: int) -> Fault | None:
    """The fault that strikes this message; every order that matches counts it as seen."""
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


def _chance(seed: int, order: int, seen: int) -> float:
    return random.Random(f"{seed}/{order}/{seen}").random()  # noqa: S311 (repeatable on purpose)


def apply_fault(what: str, answer: bytes) -> bytes:
    """The bytes of an answer after truncate or garble; the same every time."""
    if what == "truncate":
        return answer[: len(answer) // 2]
    if what == "garble":
        half = len(answer) // 2
        return answer[:half] + b"\xff\xfe\x00" + answer[half + 3 :]
    return answer


def for_another_person(answer: bytes, psn_no: str) -> bytes:
    """The answer as if it were about somebody else: every psn_no, name and certificate changed."""
    body = read_json(answer)
    _change_person(body.get("output"), psn_no)
    return write_json(body)


def _change_person(value: Any, psn_no: str) -> None:
    if isinstance(value, list):
        for item in value:
            _change_person(item, psn_no)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "psn_no":
                value[key] = (psn_no or item)[:6] + "99999999999999"
            elif key == "psn_name":
                value[key] = "错认人"
            elif key == "certno":
                value[key] = "230999190001010019"
            else:
                _change_person(item, psn_no)
