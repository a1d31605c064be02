"""Settings of one platform process; from the command line or the environment, never from a message."""

import json
import os
from dataclasses import asdict, dataclass, field, fields
from typing import Any

ENVIRONMENT = "NHSA_SIM_SETTINGS"
"""Name of the variable that hands settings to server processes, as JSON."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of `nhsa-sim serve`."""

    store: str = ".nhsa-sim"
    """A folder for SQLite, or a postgresql:// URL."""
    data: str = ""
    """A folder with files of the user's own: policies/, catalogues/, institutions.csv, places.csv."""
    sandbox: str = "default"
    """The sandbox of messages whose path names none."""
    seed: int = 230900
    edition: str = "national"
    strict: bool = True
    gateway: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    """Demanded of control, console and metrics when set; needed for any bind address but loopback."""
    hosts: tuple[str, ...] = ()
    """Host names under which control may be reached, besides loopback."""
    allow_targets: tuple[str, ...] = ()
    """Hosts outside loopback that an agency URL may name."""
    journal_keep: int = 20_000
    journal_bytes: int = 1024**3
    """Bytes of the requests and answers that the journal of a sandbox keeps."""
    journal_days: float = 7.0
    check_output: int = 16
    """Every how many-th answer is held to the contract: 1 always, 0 never."""
    outbox_every_s: float = 0.5
    """Seconds between two looks at the outbox; 0 leaves it to the control call."""
    threads: int = 64
    alone: bool = True
    """False where another process serves the store too, whose messages in flight this process must leave alone."""
    durable: bool = True
    """SQLite synchronous=FULL: an answer given survives a power cut; False, the fast mode, survives a kill only."""

    def to_environment(self) -> dict[str, str]:
        return {ENVIRONMENT: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls) -> "Settings":
        """The settings handed over by the process that started this one."""
        given = json.loads(os.environ.get(ENVIRONMENT, "{}"))
        known = {each.name for each in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
        }
        return cls(**{name: value for name, value in values.items() if name in known})
