"""Trade clock, which a call sets, and real clock, which runs by itself (docs/architecture.md#clocks).

Filings, years, ages, policy versions and the sign-in day go by the trade clock of the sandbox. Signatures, time limits,
back-off and leases go by real time. Wire times are Beijing time whatever zone the machine is in.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

BEIJING = timezone(timedelta(hours=8), "CST")

RealTime = Callable[[], float]
"""Seconds since 1970, as `time.time`."""


def real_time() -> float:
    return time.time()


@dataclass(frozen=True, slots=True)
class TradeClock:
    """The clock of a sandbox: the Beijing moment `at`, set when real time was `set_at`, running on or frozen."""

    at: datetime
    set_at: float
    running: bool

    def now(self, real: float) -> datetime:
        """Beijing wall time without a zone, to the millisecond."""
        if not self.running:
            return self.at
        return self.at + timedelta(milliseconds=int((real - self.set_at) * 1000))


def beijing(real: float) -> datetime:
    """The Beijing wall time, without a zone, of a real moment."""
    return datetime.fromtimestamp(real, UTC).astimezone(BEIJING).replace(tzinfo=None)


def wire_time(moment: datetime) -> str:
    """`yyyy-MM-dd HH:mm:ss`."""
    return moment.isoformat(" ", "seconds")


def wire_time_17(moment: datetime) -> str:
    """`yyyyMMddHHmmssSSS`, the form of refmsg_time and respond_time."""
    return moment.isoformat("-", "milliseconds").translate(_DIGITS_ONLY)


_DIGITS_ONLY = str.maketrans("", "", "-:.")


# The same days and times recur in every message of a visit.
@lru_cache(maxsize=1024)
def from_wire(text: str) -> datetime:
    """Reads `yyyy-MM-dd HH:mm:ss`, or `yyyy-MM-dd` as its midnight; raises ValueError for anything else."""
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), datetime.min.time())
    if len(text) != 19 or text[10] != " ":
        raise ValueError(text)
    return datetime.fromisoformat(text)


def iso(moment: datetime) -> str:
    """ISO 8601 with the Beijing offset, the form of the control calls."""
    return moment.replace(tzinfo=BEIJING).isoformat()


def from_iso(text: str) -> datetime:
    """Beijing wall time of an ISO 8601 moment; a moment without an offset is taken as Beijing's. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=None) if moment.tzinfo is None else moment.astimezone(BEIJING).replace(tzinfo=None)


def completed_years(birth: date, on: date) -> int:
    """Age in completed years (rules 14)."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
