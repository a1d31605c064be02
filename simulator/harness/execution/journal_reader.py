"""The platform's journal as the harness reads it: legs in order, each taken by the step that waited for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.harness.environment.client import SandboxClient
from simulator.harness.execution.journal_legs import ObservedLeg

_WAIT_S = 0.1
"""Seconds that the platform waits for the next leg before it answers that there is none."""
_BREATH_S = 0.02


@dataclass(slots=True)
class Journal:
    """Every leg of a sandbox so far."""

    sandbox: SandboxClient
    check_alive: Callable[[], None] = lambda: None
    """Raises SetupError when a process of this run has died, so that waiting ends."""
    rows: list[ObservedLeg] = field(default_factory=list)
    step: str = ""
    """Number of the step being carried out; legs taken meanwhile belong to it."""

    def look(self, wait_s: float = 0) -> None:
        """Reads the legs since the last look; waits up to `wait_s` seconds where there are none."""
        while True:
            last = self.rows[-1].id if self.rows else 0
            wait = f"&wait={wait_s:.3f}" if wait_s > 0 else ""
            found = self.sandbox.control("GET", f"messages?raw=1&after={last}{wait}")["messages"]
            self.rows += [ObservedLeg(**{name: each[name] for name in _NAMES}) for each in found]
            if len(found) < _PAGE:
                return

    def take(self, wanted: Callable[[ObservedLeg], bool]) -> ObservedLeg | None:
        """First leg that is wanted and not taken yet."""
        for row in self.rows:
            if not row.taken and wanted(row):
                row.taken = True
                row.step = self.step
                return row
        return None

    def await_row(
        self, wanted: Callable[[ObservedLeg], bool], within_s: float, give_up: Callable[[], bool]
    ) -> ObservedLeg | None:
        """Looks again and again until a wanted leg comes, the time is over, or `give_up` says that none will."""
        deadline = time.monotonic() + within_s
        row = self.take(wanted)
        over = False
        while row is None and not over:
            self.check_alive()
            left = deadline - time.monotonic()
            # Asked first, then looked for once more: what it says may have come just before the leg.
            over = left <= 0 or give_up()
            looked = time.monotonic()
            self.look(0 if over else min(left, _WAIT_S))
            row = self.take(wanted)
            if row is None and time.monotonic() - looked < _BREATH_S:
                # Where too many wait already, the platform answers at once.
                time.sleep(_BREATH_S)
        return row

    def exchange(self, row: ObservedLeg) -> list[ObservedLeg]:
        """All legs of the same message."""
        return [each for each in self.rows if each.exchange == row.exchange]


_PAGE = 1000
_NAMES = (
    *("id", "exchange", "leg", "infno", "msgid", "psn_no", "institution", "outcome"),
    *("request", "answer", "findings"),
)
