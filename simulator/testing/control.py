"""Control calls of a test's sandbox under the names that tests use; all others go through `call`."""

from collections.abc import Mapping
from typing import Any

from simulator.core.errors import SetupError
from simulator.harness.environment.client import SandboxClient

Json = dict[str, Any]


class Refused(AssertionError):
    """The platform refused what a test took for granted; the text says why."""


class Control:
    """People, clock, faults, agencies and evidence of one sandbox; a refused call raises and says why."""

    def __init__(self, sandbox: SandboxClient, identity_card: str) -> None:
        self._sandbox = sandbox
        self._identity_card = identity_card
        self._made = 0

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Any control call: `call("GET", "ledger/audit")`; raises Refused."""
        __tracebackhide__ = True
        try:
            return self._sandbox.control(method, path, body)
        except SetupError as error:
            raise Refused(str(error)) from None

    def person(self, **spec: Any) -> Json:
        """Makes a person; a test makes the same people each time.

        Insured at 230900 as an employee of working age unless `spec` says otherwise.
        """
        __tracebackhide__ = True
        self._made += 1
        usual = {"insured_at": "230900", "insutype": "310", "category": "employed", "key": f"person-{self._made}"}
        # What the person shows as their certificate; the code differs between editions.
        return {**self.call("POST", "people", {**usual, **spec}), "psn_cert_type": self._identity_card}

    def populate(self, insured_at: str, count: int, **more: Any) -> Json:
        """Many people at once."""
        return self.call("POST", "people/populate", {"insured_at": insured_at, "count": count, **more})

    def filing(self, psn_no: str, **filing: Any) -> Json:
        """Adds a filing for treatment elsewhere: place, group, from, channel, to."""
        return self.call("POST", f"people/{psn_no}/filings", filing)

    def registration(self, psn_no: str, **registration: Any) -> Json:
        """Adds a disease registration: disease, from, to."""
        return self.call("POST", f"people/{psn_no}/registrations", registration)

    def accumulators(self, psn_no: str) -> list[Json]:
        """Accumulators of a person by year, insurance, disease and kind, in yuan."""
        found: list[Json] = self.call("GET", f"people/{psn_no}/accumulators")["accumulators"]
        return found

    @property
    def now(self) -> str:
        """The trade clock, as `2025-03-10 09:00:00` in Beijing."""
        return str(self.call("GET", "clock")["now"])[:19].replace("T", " ")

    def set_clock(self, moment: str, *, running: bool = False) -> Json:
        """Sets the trade clock; the clock stands still unless told to run."""
        return self.call("PUT", "clock", {"now": moment, "running": running})

    def fault(self, what: str, *, at: str = "hospital", **more: Any) -> Json:
        """Orders a fault, such as delay, refuse, drop_before, drop_after_commit, duplicate, truncate or garble."""
        return self.call("POST", "faults", {"at": at, "what": what, **more})

    def agency(self, area: str, url: str, **more: Any) -> Json:
        """Registers the system that answers for the people insured in an area."""
        return self.call("PUT", f"agencies/{area}", {"url": url, **more})

    def institutions(self, area: str) -> list[Json]:
        found: list[Json] = self.call("GET", f"institutions?area={area}")["institutions"]
        return found

    def settlement(self, setl_id: str) -> Json:
        """Amounts, ledger entries, and the award step by step with its reasons."""
        return self.call("GET", f"settlements/{setl_id}")

    def audit(self) -> Json:
        """The ledger recomputed from its rows: `{"balanced": true, …}`."""
        return self.call("GET", "ledger/audit")

    def run_outbox(self) -> Json:
        """Delivers and reverses what waits, now."""
        return self.call("POST", "outbox/run", {})

    def snapshot(self, name: str) -> Json:
        return self.call("POST", "snapshots", {"name": name})

    def restore(self, name: str) -> Json:
        return self.call("POST", f"snapshots/{name}/restore", {})
