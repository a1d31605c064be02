"""Recorder of a load: counts, reasons, latencies in fine buckets; recorders of several processes add up."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.core.masking import mask_text

_STEPS = 200
"""Buckets per factor e: a percentile is right within half a per cent."""
_MOST_REASONS = 50
"""Different reasons kept per transaction; err_msg may name a number of its own each time."""


@dataclass(slots=True)
class Latencies:
    """A histogram of durations in microseconds."""

    buckets: Counter[int] = field(default_factory=Counter)
    longest: int = 0

    def add(self, microseconds: int) -> None:
        self.buckets[int(math.log(microseconds) * _STEPS) if microseconds > 1 else 0] += 1
        self.longest = max(self.longest, microseconds)

    def at(self, share: float) -> float:
        """The duration in ms that this share of all does not exceed; 0 when nothing was measured."""
        wanted = math.ceil(share * self.buckets.total())
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= wanted:
                return min(math.exp((bucket + 1) / _STEPS), self.longest) / 1000
        return 0.0

    def absorb(self, other: "Latencies") -> None:
        self.buckets.update(other.buckets)
        self.longest = max(self.longest, other.longest)

    def to_json(self) -> dict[str, Any]:
        return {"longest": self.longest, "buckets": {str(bucket): count for bucket, count in self.buckets.items()}}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Latencies":
        return Latencies(Counter({int(bucket): count for bucket, count in data["buckets"].items()}), data["longest"])


@dataclass(slots=True)
class Tally:
    """Tally of a transaction: count, failures by reason, durations from the send and from the due time."""

    count: int = 0
    failures: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    took: Latencies = field(default_factory=Latencies)
    since_due: Latencies = field(default_factory=Latencies)
    """With a rate asked for: a stalled platform delays what would have been sent meanwhile, and that counts."""

    def absorb(self, other: "Tally") -> None:
        self.count += other.count
        self.failures += other.failures
        for reason, count in other.reasons.items():
            self._because(reason, count)
        self.took.absorb(other.took)
        self.since_due.absorb(other.since_due)

    def failed(self, reason: str) -> None:
        """Counts a failure; its reason quotes err_msg, whose identity data is masked."""
        self.failures += 1
        self._because(mask_text(reason), 1)

    def _because(self, reason: str, count: int) -> None:
        known = reason in self.reasons or len(self.reasons) < _MOST_REASONS
        self.reasons[reason if known else "…"] += count

    def to_json(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "failures": self.failures,
            "reasons": dict(self.reasons),
            "took": self.took.to_json(),
            "since_due": self.since_due.to_json(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Tally":
        return Tally(
            count=data["count"],
            failures=data["failures"],
            reasons=Counter(data["reasons"]),
            took=Latencies.from_json(data["took"]),
            since_due=Latencies.from_json(data["since_due"]),
        )


@dataclass(slots=True)
class Recorder:
    """Measurements of a process, or of all of them together; seconds are whole seconds since 1970."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    seconds: dict[int, Counter[str]] = field(default_factory=dict)
    """By second: `sent`, `failed`, and `slowest` in microseconds."""

    def record(self, name: str, *, second: int, took: int, since_due: int | None = None, problem: str = "") -> None:
        """Records a message, answered or not; durations in microseconds."""
        tally = self.tallies.setdefault(name, Tally())
        tally.count += 1
        tally.took.add(took)
        if since_due is not None:
            tally.since_due.add(since_due)
        at = self.seconds.setdefault(second, Counter())
        at["sent"] += 1
        at["slowest"] = max(at["slowest"], took)
        if problem:
            tally.failed(problem)
            at["failed"] += 1

    @property
    def total(self) -> Tally:
        """All transactions together."""
        everything = Tally()
        for tally in self.tallies.values():
            everything.absorb(tally)
        return everything

    @property
    def sent(self) -> int:
        return sum(tally.count for tally in self.tallies.values())

    @property
    def failed(self) -> int:
        return sum(tally.failures for tally in self.tallies.values())

    def rate(self, begin: float, end: float) -> float:
        """Messages per second in the whole seconds between two moments; over all of it when there is none."""
        inside = range(math.ceil(begin), math.floor(end))
        if len(inside) < 1:
            return self.sent / max(end - begin, 0.001)
        return sum(self.seconds[second]["sent"] for second in inside if second in self.seconds) / len(inside)

    def absorb(self, other: "Recorder") -> None:
        for name, tally in other.tallies.items():
            self.tallies.setdefault(name, Tally()).absorb(tally)
        for second, counts in other.seconds.items():
            at = self.seconds.setdefault(second, Counter())
            slowest = max(at["slowest"], counts["slowest"])
            at.update(counts)
            at["slowest"] = slowest

    def take(self) -> dict[str, Any]:
        """Measurements since the last call as JSON; the recorder is empty afterwards."""
        taken = self.to_json()
        self.tallies, self.seconds = {}, {}
        return taken

    def to_json(self) -> dict[str, Any]:
        return {
            "tallies": {name: tally.to_json() for name, tally in self.tallies.items()},
            "seconds": {str(second): dict(counts) for second, counts in self.seconds.items()},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Recorder":
        return Recorder(
            {name: Tally.from_json(tally) for name, tally in data["tallies"].items()},
            {int(second): Counter(counts) for second, counts in data["seconds"].items()},
        )

    def __iter__(self) -> Iterator[tuple[str, Tally]]:
        return iter(sorted(self.tallies.items()))
