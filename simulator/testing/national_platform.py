"""The platform of one test: a sandbox of its own, its people, its findings."""

import itertools
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.contract import contract_of
from simulator.core.masking import mask_sentence
from simulator.core.schema_errors import hint
from simulator.core.texts import Text, text
from simulator.harness.environment.client import SERVICE, SandboxClient
from simulator.testing.control import Control, Json, Refused
from simulator.testing.hospital import Hospital
from simulator.testing.marks import Wishes
from simulator.testing.shared_platform import Running

DEFAULT_EDITION = "national"
BEIJING_HOSPITAL = "H11000000001"
_RULE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*\Z")


class People(dict[str, Json]):
    """The people of the marks, by role."""

    def __missing__(self, role: str) -> Json:
        __tracebackhide__ = True
        raise KeyError(str(text("testing.no_role", role=role, hint=hint(role, self), known=", ".join(self) or "-")))


@dataclass(slots=True, repr=False)
class NationalPlatform:
    """Platform as a test sees it: a sandbox of its own."""

    url: str
    """Base URL for the system under test; messages sent there stay in this test's sandbox."""
    service_url: str
    """The full address of callService."""
    name: str
    """The sandbox, for control calls of one's own."""
    edition: str
    control: Control
    people: People
    _sandbox: SandboxClient
    _serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _expected: list[str] = field(default_factory=list)
    _hospitals: dict[str, Hospital] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<national_platform {self.url}>"

    @property
    def hospital(self) -> Hospital:
        """A simulated hospital in 北京, to prepare a state or to drive an insured place."""
        return self.hospital_at(BEIJING_HOSPITAL)

    def hospital_at(self, code: str) -> Hospital:
        """The simulated hospital of that code (`control.institutions(area)` lists them)."""
        if code not in self._hospitals:
            self._hospitals[code] = Hospital(self._sandbox, self.control, code, self._serial)
        return self._hospitals[code]

    def findings(self, *, severity: str = "", rule: str = "") -> list[Json]:
        """Findings of the platform so far, in order."""
        found: list[Json] = self.control.call("GET", f"findings?severity={severity}&rule={rule}")["findings"]
        return found

    def messages(self, *, infno: str = "", raw: bool = True) -> list[Json]:
        """Both legs of every message so far; identities masked unless `raw`."""
        asked = f"messages?infno={infno}&raw={int(raw)}"
        found: list[Json] = self.control.call("GET", asked)["messages"]
        return found

    def expect_finding(self, rule: str) -> None:
        """The test is meant to provoke this finding, or all that begin so (`contract`); without it the test fails."""
        if not _RULE.match(rule):
            raise ValueError(str(text("testing.not_a_rule", rule=rule)))
        self._expected.append(rule)

    def verdict(self) -> str:
        """Sentence about unexpected error findings and expected findings that are absent; blank without any."""
        found = self.findings()
        surprises = [each for each in found if each["severity"] == "error" and not self._is_expected(each)]
        absent = [rule for rule in self._expected if not any(_begins(each["rule"], rule) for each in found)]
        lines = []
        if surprises:
            lines.append(str(text("testing.unexpected", count=len(surprises))))
            lines += [_line(each) for each in surprises]
        for rule in absent:
            came = ", ".join(dict.fromkeys(each["rule"] for each in found)) or "-"
            lines.append(str(text("testing.expected_absent", rule=rule, came=came)))
        return "\n".join(lines)

    def told(self) -> str:
        """Findings and messages for the report of a failed test, or the reason why the platform cannot tell."""
        try:
            found, messages = self.findings(), self.messages(raw=False)
        except Refused as error:
            return str(error)
        heading = text("testing.saw", sandbox=self.name, messages=len(messages), findings=len(found))
        exchanged = [
            f"  {each['at'][11:19]} {each['leg']} {each['infno']} {each['outcome']}" for each in messages[-10:]
        ]
        return "\n".join([str(heading), *exchanged, *(_line(each) for each in found)])

    def close(self) -> None:
        """Drops the sandbox."""
        self._sandbox.platform.control("DELETE", f"sandboxes/{self.name}")

    def _is_expected(self, finding: Mapping[str, Any]) -> bool:
        return any(_begins(finding["rule"], rule) for rule in self._expected)


def open_platform(running: Running, wishes: Wishes, *, seed: int) -> NationalPlatform:
    """A new sandbox as the marks wish it; raises SetupError where the platform refuses."""
    running.refuse_dead()
    name = f"t-{secrets.token_hex(6)}"
    body: Json = {"name": name, "seed": seed, "strict": wishes.strict}
    body |= {"clock": wishes.clock} if wishes.clock else {}
    body |= {"edition": wishes.edition} if wishes.edition else {}
    body |= {"gateway": dict(wishes.gateway)} if wishes.gateway else {}
    running.platform.control("POST", "sandboxes", body)
    sandbox = running.platform.sandbox(name)
    edition = wishes.edition or DEFAULT_EDITION
    control = Control(sandbox, contract_of(edition).edition.code("psn_cert_type", "identity_card"))
    made = NationalPlatform(sandbox.url, sandbox.url + SERVICE, name, edition, control, People(), sandbox)
    try:
        for role, spec in (wishes.people or {}).items():
            made.people[role] = control.person(**{**spec, "key": role})
    except Refused:
        made.close()
        raise
    return made


def _begins(rule: str, wanted: str) -> bool:
    return rule == wanted or rule.startswith(f"{wanted}.")


def _line(finding: Mapping[str, Any]) -> str:
    message = finding["message"]
    told = str(Text(message["zh"], message["en"]))
    sentence = mask_sentence(told, path=finding["path"], got=finding["got"])
    place = " ".join(part for part in (finding["infno"], finding["path"]) if part)
    return f"  [{finding['severity']}] {finding['rule']}  {place}  {sentence}"
