"""Memory of a recording: values that later messages must agree with; the oldest is forgotten first."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

KEPT = 50_000
"""Visits, settlements and msgids remembered at a time."""

Value = TypeVar("Value")
Key = tuple[str, ...]


@dataclass(slots=True)
class Remembered(Generic[Value]):
    """A mapping that forgets its oldest entries."""

    entries: OrderedDict[Key, Value] = field(default_factory=OrderedDict)

    def get(self, *key: str) -> Value | None:
        return self.entries.get(key)

    def put(self, value: Value, *key: str) -> None:
        self.entries[key] = value
        self.entries.move_to_end(key)
        if len(self.entries) > KEPT:
            self.entries.popitem(last=False)

    def drop(self, *key: str) -> None:
        self.entries.pop(key, None)


@dataclass(slots=True)
class Memory:
    """The charges of batches (fen by feedetl_sn), answers to settlements, and what each msgid was spent on."""

    charges: Remembered[dict[str, dict[str, int]]] = field(default_factory=Remembered)
    """By side and visit: batch, then charge."""
    pre_settled: Remembered[dict[str, Any]] = field(default_factory=Remembered)
    """By side, visit and batch."""
    settled: Remembered[dict[str, Any]] = field(default_factory=Remembered)
    """By side and setl_id."""
    msgids: Remembered[tuple[str, bytes]] = field(default_factory=Remembered)
    """By side and msgid."""
