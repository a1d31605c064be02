"""Platform and agency as processes that may be killed at any moment, and started again on their own books."""

import json
from pathlib import Path
from typing import Any

from simulator.insured.audit import audit
from simulator.store.sqlite import SqliteFactory
from tests.agencies.conftest import plain
from tests.agencies.processes import Client, Launcher
from tests.support.hospital import Control, Hospital

DAY = "2025-03-10"


class RunContext:
    """Platform and agency as two processes, each restarted on its own books when it was killed."""

    def __init__(self, folder: Path, people: int = 60) -> None:
        self.folder = folder
        self.launcher = Launcher(folder)
        self.client = Client()
        self.control = Control(self.client)
        self.hospital = Hospital(self.client)
        self.people: list[dict[str, Any]] = []
        self.start_platform()
        self.control.now(f"{DAY}T09:00:00+08:00")
        filed = [{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}]
        listed = [{"disease": "M07800", "from": "2025-01-01"}]
        self.people = [self.control.person(registrations=listed, filings=filed) for _ in range(people)]
        self.unused = iter(self.people)
        self.start_agency()

    def start_platform(self) -> None:
        self.client.port = self.launcher.start("platform")

    def start_agency(self, **options: Any) -> None:
        exported = {"version": "1", "area": "230900", "people": plain(self.people)}
        port = self.launcher.start("agency", people=json.dumps(exported), **options)
        self.control("PUT", "agencies/230900", {"url": f"http://127.0.0.1:{port}/", "timeout_s": 10})

    def arm(self, point: str) -> None:
        (self.folder / "arm").write_text(point)

    def restart(self, side: str) -> None:
        self.launcher.await_death(side)
        if side == "platform":
            self.start_platform()
        else:
            self.start_agency()

    def run_outbox(self) -> None:
        assert self.control("POST", "outbox/run", {})["waiting"] == 0

    def agency_audit(self) -> Any:
        store = SqliteFactory(self.folder / "agency").open("agency-230900")
        try:
            with store.begin() as work:
                return audit(work)
        finally:
            store.close()

    def assert_books_agree(self) -> None:
        told = self.control.audit()
        assert (told["differences"], told["unknown"]) == ([], 0)
        assert self.agency_audit().differences == ()
        assert self.control("POST", "agencies/230900/day", {"day": DAY})["differences"] == []

    def close(self) -> None:
        self.launcher.close()
