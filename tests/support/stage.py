"""A sandbox of its own on a platform that many tests share, with its control calls and a hospital in 北京."""

from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask

from simulator.contract import contract_of
from simulator.core import metrics
from simulator.platform import Platform
from simulator.sandbox.sandboxes import Sandbox
from tests.support.hospital import BEIJING_HOSPITAL, DIALYSIS, Control, Hospital

MORNING = "2025-03-10T09:00:00+08:00"


def defects() -> float:
    return metrics.REGISTRY.get_sample_value("nhsa_sim_defects_total") or 0.0


@dataclass
class Stage:
    """One sandbox; `close` fails when the platform broke its own contract, its books, or itself."""

    app: Flask
    name: str
    control: Control
    hospital: Hospital
    _defects: float = field(default_factory=defects)

    @property
    def platform(self) -> Platform:
        found: Platform = self.app.extensions["platform"]
        return found

    @property
    def sandbox(self) -> Sandbox:
        found = self.platform.sandboxes.get(self.name)
        assert found is not None
        return found

    def another_hospital(self, institution: tuple[str, str, str]) -> Hospital:
        return replace(self.hospital, client=self.app.test_client(), institution=institution)

    def patient(self, **spec: Any) -> dict[str, Any]:
        """A retired person of 七台河, registered for dialysis and filed to 北京, unless `spec` says otherwise."""
        usual = {
            "registrations": [{"disease": DIALYSIS, "from": "2025-01-01"}],
            "filings": [{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}],
        }
        return self.control.person(**usual | spec)

    def now(self, moment: str) -> None:
        """Sets the trade clock and the hospital's: `2025-12-31 10:00:00`."""
        self.control.now(moment.replace(" ", "T") + "+08:00")
        self.hospital.now = moment

    def rows(self, *tables: Any) -> dict[str, list[Any]]:
        """Every row of the tables as they stand."""
        with self.sandbox.begin() as (work, _, _clock):
            return {table.name: work.find(table) for table in tables}

    def close(self) -> None:
        try:
            assert defects() == self._defects, "the platform had a defect; its log has the trace"
            assert self.control.findings(rule="platform.") == []
            assert self.control.audit()["differences"] == []
        finally:
            self.platform.sandboxes.delete(self.name)


def open_stage(app: Flask, name: str, **settings: Any) -> Stage:
    """A new sandbox, its clock frozen in the morning of 2025-03-10 unless `clock` says otherwise."""
    client = app.test_client()
    Control(client)("POST", "sandboxes", {"name": name, "clock": MORNING} | settings)
    identity_card = contract_of(settings.get("edition", "national")).edition.code("psn_cert_type", "identity_card")
    hospital = Hospital(client, BEIJING_HOSPITAL, sandbox=name, identity_card=identity_card)
    return Stage(app, name, Control(client, name), hospital)
