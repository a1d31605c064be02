"""The stage of a load: people who are entitled, an open institution, a catalogue, and the platform's clock."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.loadtests.control import Control
from simulator.loadtests.messages import Msgids, Workstation
from simulator.loadtests.mix import Mix

_PAGE = 1000
_FILED_FROM = "2020-01-01"


@dataclass(frozen=True, slots=True)
class Item:
    """Item that can be charged."""

    code: str
    restricted: bool


@dataclass(frozen=True, slots=True)
class Patient:
    """A person as a workstation knows them before it asks the platform."""

    psn_no: str
    name: str
    certno: str
    card_no: str
    card_sn: str
    token: str
    certificate_type: str = "01"

    def voucher(self, kind: str) -> dict[str, str]:
        """Voucher shown: `certificate`, `token` or `card`."""
        if kind == "token":
            return {"mdtrt_cert_type": "01", "mdtrt_cert_no": self.token, "card_sn": ""}
        if kind == "card":
            return {"mdtrt_cert_type": "03", "mdtrt_cert_no": self.card_no, "card_sn": self.card_sn}
        return {"mdtrt_cert_type": "02", "mdtrt_cert_no": self.certno, "card_sn": ""}


@dataclass(frozen=True, slots=True)
class Stage:
    """Facts that a workstation needs to begin a visit."""

    mix: Mix
    institution: str
    institution_name: str
    items: Sequence[Item]
    patients: Sequence[Patient]
    msgids: Msgids
    now: Callable[[], str]
    """The wire time of the platform's clock, at this moment."""

    def workstation(self, number: int) -> Workstation:
        """A counter of the institution with an operator of its own."""
        return Workstation(
            institution=self.institution,
            institution_name=self.institution_name,
            treated_at=self.mix.treated_at,
            insured_at=self.mix.insured_at,
            operator=f"load{number}",
            msgids=self.msgids,
        )


def people_the_stage(control: Control, mix: Mix, wanted: int) -> int:
    """Makes people until `wanted` are entitled, and returns their number."""
    today = control("GET", "clock")["now"][:10]
    known = _people(control, mix)
    missing = wanted - len(known)
    if missing > 0:
        body: dict[str, Any] = {
            "insured_at": mix.insured_at,
            "count": missing,
            "seed": random.SystemRandom().getrandbits(40),
        }
        if mix.disease:
            body["diseases"] = [mix.disease]
        control("POST", "people/populate", body)
        known = _people(control, mix)
    ready = [each for each in known if _filed(each, mix, today)]
    for each in known:
        if len(ready) >= wanted:
            break
        if not _filed(each, mix, today):
            control("POST", f"people/{each['psn_no']}/filings", _filing(mix))
            ready.append(each)
    return len(ready)


def entitled_people(control: Control, mix: Mix) -> list[Mapping[str, Any]]:
    """People who are insured, registered and, for another treatment place, filed, as the control calls show them."""
    today = control("GET", "clock")["now"][:10]
    return [each for each in _people(control, mix) if _filed(each, mix, today)]


def set_the_stage(control: Control, mix: Mix, *, part: int = 0, parts: int = 1) -> Stage:
    """Reads from the platform what there is; of the people every `parts`-th, so that no two processes share one.

    Raises SetupError when there is nobody to treat, nowhere to treat them, or nothing to charge.
    """
    clock = control("GET", "clock")
    patients = [_patient(each) for each in entitled_people(control, mix)]
    if not patients:
        raise SetupError(text("load.nobody", insured_at=mix.insured_at, treated_at=mix.treated_at, disease=mix.disease))
    institution = _institution(control, mix)
    items = control("GET", f"catalogue?area={mix.treated_at}&limit={_PAGE}")["items"]
    if not items:
        raise SetupError(text("load.no_items", area=mix.treated_at))
    return Stage(
        mix=mix,
        institution=institution["code"],
        institution_name=institution["name"],
        items=[Item(each["code"], each["restricted"]) for each in items],
        patients=patients[part::parts] or patients,
        msgids=Msgids(institution["code"]),
        now=_clock(clock),
    )


def _clock(told: Mapping[str, Any]) -> Callable[[], str]:
    at, since = datetime.fromisoformat(told["now"]), time.monotonic()
    running = bool(told["running"])

    def now() -> str:
        moment = at + timedelta(seconds=time.monotonic() - since) if running else at
        return f"{moment:%Y-%m-%d %H:%M:%S}"

    return now


def _people(control: Control, mix: Mix) -> list[Mapping[str, Any]]:
    """People insured at the place and registered for the disease, page by page."""
    found: list[Mapping[str, Any]] = []
    asked = f"people?insured_at={mix.insured_at}&disease={mix.disease}&limit={_PAGE}"
    while True:
        after = f"&after={found[-1]['psn_no']}" if found else ""
        page = control("GET", asked + after)["people"]
        found += page
        if len(page) < _PAGE:
            return [each for each in found if each.get("status", "normal") == "normal"]


def _filed(person: Mapping[str, Any], mix: Mix, today: str) -> bool:
    if not mix.elsewhere:
        return True
    return any(
        each["place"] == mix.treated_at and each.get("active", True) and each["from"] <= today <= each.get("to", today)
        for each in person.get("filings", [])
    )


def _filing(mix: Mix) -> dict[str, str]:
    return {"place": mix.treated_at, "group": "long_term_resident", "from": _FILED_FROM, "channel": "app"}


def _patient(person: Mapping[str, Any]) -> Patient:
    return Patient(
        psn_no=person["psn_no"],
        name=person["psn_name"],
        certno=person["certno"],
        card_no=person["card_no"],
        card_sn=person["card_sn"],
        token=person["credential_token"],
    )


def _institution(control: Control, mix: Mix) -> Mapping[str, Any]:
    found = control("GET", f"institutions?area={mix.treated_at}&limit={_PAGE}")["institutions"]
    for each in found:
        if mix.institution and each["code"] != mix.institution:
            continue
        # An institution without a list of diseases takes all of them.
        if each["open"] and each["kind"] == "institution" and (not each["diseases"] or mix.disease in each["diseases"]):
            return dict(each)
    raise SetupError(text("load.no_institution", area=mix.treated_at, code=mix.institution or "-", disease=mix.disease))
