"""The transactions that ask and file: 1101, 2001, 5206, 5301, 2501-2504 and SIM-FILING."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from tests.second_agency.answers import POOLS, about
from tests.second_agency.balances import code
from tests.second_agency.books import Books, Cancellation, Settlement
from tests.second_agency.city import City, same_place
from tests.second_agency.entitlement import Entitlement, Occasion, is_emergency
from tests.second_agency.people import IDENTITIES, OTHER_IDENTITY, PSN_TYPES, Filing, Insurance, Person, Registration
from tests.second_agency.wire import Refusal, child, needed, text, yuan

_BASEINFO = ("psn_no", "psn_name", "psn_cert_type", "certno", "gend", "naty", "brdy", "age")


@dataclass(frozen=True)
class Message:
    infno: str
    msgid: str
    now: str
    place: str
    """Where the person is treated."""
    institution: str
    input: dict[str, Any]

    @property
    def day(self) -> str:
        return self.now[:10]


@dataclass
class Result:
    output: dict[str, Any]
    psn_no: str = ""
    settlement: Settlement | None = None
    cancellation: Cancellation | None = None


def _idetinfo(identity: dict[str, str]) -> dict[str, str]:
    """An identity with its begin and end, over or not."""
    ends = identity.get("to") or ""
    return {
        "psn_idet_type": IDENTITIES.get(identity["kind"], OTHER_IDENTITY),
        "begntime": f"{identity['from']} 00:00:00",
        "endtime": f"{ends} 23:59:59" if ends else "",
    }


def day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


class Registry:
    """Numbers that no later start of the agency gives again: they hold the second in which it began."""

    def __init__(self, area: str, begun: int) -> None:
        self._prefix = f"{area}{begun:010d}"
        self._serial = count(1)

    def number(self, kind: str) -> str:
        return f"{kind}{self._prefix}{next(self._serial):08d}"


class Trade:
    def __init__(
        self, city: City, people: dict[str, Person], books: Books, registry: Registry, defects: frozenset[str]
    ) -> None:
        self.city = city
        self.people = people
        self.books = books
        self.registry = registry
        self.defects = defects
        self.entitlement = Entitlement(city, defects)
        self._first_told: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._number_what_was_loaded()

    def _number_what_was_loaded(self) -> None:
        for person in self.people.values():
            for registration in person.registrations:
                registration.number = registration.number or self.registry.number("D")
            for filing in person.filings:
                filing.number = filing.number or self.registry.number("F")

    def person(self, node: dict[str, Any]) -> Person:
        person = self.people.get(needed(node, "psn_no"))
        if person is None:
            raise Refusal("本地没有这个参保人")
        return person

    def find(self, message: Message) -> Result:
        """1101: by voucher, certificate or card; a certno or name in the message must be theirs."""
        data = child(message.input, "data")
        person = self._by_voucher(needed(data, "mdtrt_cert_type"), needed(data, "mdtrt_cert_no"), data)
        if person is None:
            raise Refusal("凭证查不到参保人")
        self.identify(person, data)
        insurances = person.insurances
        base = about(person, insurances[0], message.day)
        shown = insurances[:1] if "further_insurances_hidden" in self.defects else insurances
        output = {
            "baseinfo": {name: base[name] for name in _BASEINFO},
            "insuinfo": [self._insuinfo(person, each, message.day) for each in shown],
            "idetinfo": [_idetinfo(each) for each in person.identities],
        }
        return Result(output, person.psn_no)

    def _by_voucher(self, kind: str, number: str, data: dict[str, Any]) -> Person | None:
        for person in self.people.values():
            if kind == "01" and number == person.token:
                return person
            if kind == "02" and number.upper() == person.certno:
                return person
            if kind == "03" and number == person.card_no:
                serial_fits = text(data, "card_sn") == person.card_sn or "card_serial_unchecked" in self.defects
                return person if serial_fits else None
        return None

    def identify(self, person: Person, data: dict[str, Any]) -> None:
        """Refuses a certificate, a name or a voucher in the message that is somebody else's."""
        if "identity_unchecked" in self.defects:
            return
        if text(data, "certno").upper() not in ("", person.certno):
            raise Refusal("证件号码与参保人不符")
        if text(data, "psn_name") not in ("", person.name):
            raise Refusal("姓名与参保人不符")
        number = text(data, "mdtrt_cert_no")
        if number and self._by_voucher(text(data, "mdtrt_cert_type"), number, data) is not person:
            raise Refusal("就诊凭证不是本人的")

    def _insuinfo(self, person: Person, insurance: Insurance, day: str) -> dict[str, Any]:
        kind = PSN_TYPES[insurance.category]
        if "retired_told_as_employed" in self.defects:
            kind = PSN_TYPES["employed"] if insurance.category == "retired" else kind
        balance = self.books.accounts[person.psn_no, insurance.insutype]
        if "account_as_loaded" in self.defects:
            balance = insurance.balance
        return {
            "balc": yuan(balance),
            "insutype": insurance.insutype,
            "psn_type": kind,
            "psn_insu_stas": "1" if insurance.holds(day) else "2" if insurance.suspended else "4",
            "psn_insu_date": insurance.begins,
            "paus_insu_date": insurance.suspended,
            "cvlserv_flag": "1" if insurance.civil_servant else "0",
            "insuplc_admdvs": person.insured_at,
            "emp_name": "",
        }

    def entitled(self, message: Message) -> Result:
        """2001: answered 0 also without entitlement, with the reason."""
        data = child(message.input, "data")
        person = self.person(data)
        begins, med_type = needed(data, "begntime")[:10], needed(data, "med_type")
        occasion = Occasion(
            person=person,
            insutype=needed(data, "insutype"),
            med_type=med_type,
            code=text(data, "dise_codg"),
            emergency=is_emergency(med_type, data),
            place=message.place,
            begins=begins,
            days=self.entitlement.days(begins, begins, message.day),
        )
        reasons = self.entitlement.reasons(occasion)
        if "always_entitled" in self.defects:
            reasons = []
        row = {
            "psn_no": person.psn_no,
            "trt_chk_type": "01",
            "fund_pay_type": POOLS.get(occasion.insutype, ("999997", ""))[0],
            "trt_enjymnt_flag": "0" if reasons else "1",
            "begndate": begins,
            "enddate": "",
            "trt_chk_rslt": "；".join(reasons)[:200],
        }
        return Result({"trtinfo": [row]}, person.psn_no)

    def accrued(self, message: Message) -> Result:
        """5206: the balances of a year, of every insurance."""
        data = child(message.input, "data")
        person = self.person(data)
        month = text(data, "cum_ym") or message.now[:7].replace("-", "")
        if "accumulators_of_this_year_always" in self.defects:
            month = message.now[:7].replace("-", "")
        found = []
        for insurance in person.insurances:
            held = self.books.year(person.psn_no, insurance.insutype, month[:4])
            for (kind, counted), amount in sorted(held.items(), key=lambda each: each[0][::-1]):
                written = code(kind, counted) if not kind.startswith("_") else ""
                if amount and written:
                    named = {"insutype": insurance.insutype, "year": month[:4], "cum_ym": month}
                    found.append(named | {"cum_type_code": written, "cum": yuan(amount)})
        if "accumulators_cut_after_three" in self.defects:
            found = found[:3]
        if "first_accumulators_again" in self.defects:
            found = self._first_told.setdefault((person.psn_no, month[:4]), found)
        return Result({"cuminfo": found}, person.psn_no)

    def registered(self, message: Message) -> Result:
        """5301: registrations not ended on the day, future ones included."""
        person = self.person(child(message.input, "data"))
        found = [
            {
                "opsp_dise_code": each.disease,
                "opsp_dise_name": each.name or each.disease,
                "begndate": each.begins,
                "enddate": each.begins if "registrations_end_as_they_begin" in self.defects else each.ends,
            }
            for each in person.registrations
            if self._shown(each, message.day)
        ]
        return Result({"feedetail": found}, person.psn_no)

    def _shown(self, registration: Registration, day: str) -> bool:
        if "ended_registrations_shown" in self.defects:
            return True
        if "future_registrations_hidden" in self.defects and registration.begins > day:
            return False
        return not registration.ends or registration.ends >= day

    def register(self, message: Message) -> Result:
        """2503: a disease registered; the same content again has the same number."""
        data = child(message.input, "data")
        person = self.person(data)
        disease, name = needed(data, "opsp_dise_code"), needed(data, "opsp_dise_name")
        made = Registration(self.registry.number("D"), disease, name, needed(data, "begndate"), text(data, "enddate"))
        earlier = next((each for each in person.registrations if each.key == made.key), None)
        if "registered_anew_each_time" in self.defects:
            earlier = None
        if earlier is not None:
            made = earlier
        elif "registration_not_kept" not in self.defects:
            person.registrations.append(made)
        return Result({"result": {"trt_dcla_detl_sn": made.number}}, person.psn_no)

    def deregister(self, message: Message) -> Result:
        """2504: the registration ends with yesterday."""
        data = child(message.input, "data")
        person = self.person(data)
        self._end(person.registrations, needed(data, "trt_dcla_detl_sn"), message.day)
        return Result({}, person.psn_no)

    def refer(self, message: Message) -> Result:
        """2501: a referral is a filing of its group."""
        data = child(message.input, "refmedin")
        person = self.person(data)
        place, begins = needed(data, "mdtrtarea_admdvs"), text(data, "begndate", "refl_date")
        made = Filing(self.registry.number("F"), "referral", place, begins, text(data, "enddate"))
        row = self.city.row("referral_by", {}, message.day)
        if row is not None and row["value"] == "home_hospital" and not same_place(person.insured_at, message.place):
            raise Refusal("只有参保地的医院可以办转诊")
        earlier = next((each for each in person.filings if (each.key, each.ends) == (made.key, made.ends)), None)
        if earlier is not None:
            made = earlier
        else:
            person.filings.append(made)
        return Result({"result": {"trt_dcla_detl_sn": made.number}}, person.psn_no)

    def withdraw_referral(self, message: Message) -> Result:
        """2502: the filing ends with yesterday."""
        data = child(message.input, "data")
        person = self.person(data)
        if "withdrawn_referral_still_valid" not in self.defects:
            self._end(person.filings, needed(data, "trt_dcla_detl_sn"), message.day)
        return Result({}, person.psn_no)

    def _end(self, held: list[Registration] | list[Filing], number: str, day: str) -> None:
        found = next((each for each in held if each.number == number), None)
        if found is None:
            raise Refusal(f"没有编号为 {number} 的备案")
        if found.ends and found.ends < day:
            raise Refusal(f"编号为 {number} 的备案已终止")
        found.ends = day_before(day)

    def file(self, message: Message) -> Result:
        """SIM-FILING: the same person, group, place and begin again replaces."""
        data = child(message.input, "data")
        person = self.person(data)
        ends = text(data, "to")
        if needed(data, "state") == "ended" and not ends:
            ends = day_before(message.day)
        number = self.registry.number("F")
        made = Filing(number, needed(data, "group"), needed(data, "place"), needed(data, "from"), ends)
        if "filing_not_kept" in self.defects:
            return Result({}, person.psn_no)
        earlier = next((each for each in person.filings if each.key == made.key), None)
        if earlier is None or "filing_added_again" in self.defects:
            person.filings.append(made)
        else:
            earlier.ends, made = ends, earlier
        return Result({"result": {"trt_dcla_detl_sn": made.number}}, person.psn_no)
