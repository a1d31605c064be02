"""Limits of a load from a YAML file, and the judgement: measured, limit, margin, each limit by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml, read_yaml
from simulator.core.texts import Text, text
from simulator.loadtests.recorder import Recorder, Tally

ANY = "any"
_PERCENTILES = {"p50_ms": 0.5, "p99_ms": 0.99}


@dataclass(frozen=True, slots=True)
class Limits:
    """The file as it is: `run`, and `transactions` by infno."""

    run: Mapping[str, Any]
    transactions: Mapping[str, Mapping[str, Any]]

    def of(self, infno: str) -> Mapping[str, Any]:
        """Limits of a transaction: those under its own number, or those under `any`."""
        return self.transactions.get(infno) or self.transactions.get(ANY) or {}


@dataclass(frozen=True, slots=True)
class Run:
    """Measurements of a run, and the load that was asked for."""

    recorder: Recorder
    began: float
    """Seconds since 1970 when all users had started, and when they stopped."""
    ended: float
    users: int
    asked_rate: Decimal | None = None
    errors: int = 0
    """Exceptions of the generator itself."""

    @property
    def rate(self) -> Decimal:
        """Messages per second with all users there."""
        return Decimal(f"{self.recorder.rate(self.began, self.ended):.1f}")


@dataclass(frozen=True, slots=True)
class Books:
    """Audit of the ledger after the run, and findings of severity error."""

    balanced: bool
    differences: Sequence[Mapping[str, str]]
    unknown: int
    """Messages to an agency whose outcome is still unknown."""
    booked: int
    """Settlements and cancellations that this run added."""
    answered: int
    """Of those, how many the clients were answered."""
    findings: int
    finding_rules: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdict on a limit: name, measured value, allowed value, distance between the two."""

    name: str
    label: Text
    measured: str
    limit: str
    margin: str
    ok: bool


def load_limits(path: Path | None = None) -> Limits:
    """The limits of a file, or the shipped ones; raises DataFaults with file, line and path."""
    validator = shape("simulator.loadtests", "limits.schema.json")
    if path is None:
        raw = resources.files(__package__).joinpath("limits.yaml").read_bytes()
        data = parse_yaml(raw, "limits.yaml", validator).data
    else:
        data = read_yaml(path, validator).data
    return Limits(data.get("run") or {}, data.get("transactions") or {})


def judge(run: Run, limits: Limits, books: Books | None = None) -> list[Judged]:
    """Every limit, those of the run first; a run whose clients failed themselves never passes."""
    judged = [*_run(run, limits.run)]
    for infno in sorted({*run.recorder.tallies, *limits.transactions} - {ANY}):
        judged += _transaction(infno, run.recorder.tallies.get(infno, Tally()), limits.of(infno))
    if books is not None:
        judged += _books(books, limits.run)
    return judged


def _run(run: Run, limits: Mapping[str, Any]) -> Iterator[Judged]:
    total = run.recorder.total
    if "messages" in limits:
        yield _at_least("run.messages", total.count, limits["messages"])
    if "failures" in limits:
        yield _share("run.failures", total, limits["failures"])
    if "messages_per_s" in limits:
        yield _at_least("run.messages_per_s", run.rate, limits["messages_per_s"])
    if "rate" in limits and run.asked_rate is not None:
        yield _at_least("run.rate", (run.rate / run.asked_rate).quantize(Decimal("0.001")), Decimal(limits["rate"]))
    yield _at_most("run.errors", run.errors, 0)


def _transaction(infno: str, tally: Tally, limits: Mapping[str, Any]) -> Iterator[Judged]:
    if "messages" in limits:
        yield _at_least(f"{infno}.messages", tally.count, limits["messages"])
    if "failures" in limits:
        yield _share(f"{infno}.failures", tally, limits["failures"])
    # What would have been sent during a stall counts where a rate was asked for.
    latencies = tally.since_due if tally.since_due.buckets else tally.took
    for name, share in _PERCENTILES.items():
        if name in limits and tally.count:
            yield _at_most(f"{infno}.{name}", Decimal(f"{latencies.at(share):.1f}"), limits[name])


def _books(books: Books, limits: Mapping[str, Any]) -> Iterator[Judged]:
    yield _at_most("ledger.differences", len(books.differences) if not books.balanced else 0, 0)
    yield _at_least("ledger.booked", books.booked, books.answered)
    yield _at_most("ledger.unknown", books.unknown, 0)
    if "findings" in limits:
        yield _at_most("run.findings", books.findings, limits["findings"])


def _at_most(name: str, measured: Decimal | int, limit: Decimal | int) -> Judged:
    return Judged(name, _label(name), str(measured), f"≤ {limit}", str(limit - measured), measured <= limit)


def _at_least(name: str, measured: Decimal | int, limit: Decimal | int) -> Judged:
    return Judged(name, _label(name), str(measured), f"≥ {limit}", str(measured - limit), measured >= limit)


def _share(name: str, tally: Tally, written: str) -> Judged:
    limit = Decimal(written)
    measured = (Decimal(tally.failures) / tally.count if tally.count else Decimal(0)).quantize(Decimal("0.000001"))
    # One failure in ten million is not none.
    ok = tally.failures <= limit * tally.count
    shown = f"{measured.normalize():f}" if tally.failures == 0 or measured else "> 0"
    return Judged(
        name, _label(name), f"{shown} ({tally.failures}/{tally.count})", f"≤ {limit}", f"{limit - measured:f}", ok
    )


def _label(name: str) -> Text:
    about, _, kind = name.partition(".")
    return text(f"load.limit_{kind}", about=text("load.about_run") if about in ("run", "ledger") else about)
