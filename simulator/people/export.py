"""People out and in again, one shape: JSON as `POST /_sim/people` takes it, with ids and accumulators; and CSV tables.

A city loads either into its test environment; a simulated agency loads the JSON.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from typing import Any

from simulator.core.errors import MOST_FAULTS, DataFault, DataFaults
from simulator.core.money import yuan
from simulator.core.schema_errors import faults_of, shape
from simulator.core.strict_yaml import decode
from simulator.core.texts import text
from simulator.domain.person import HAN, Filing, Identity, Insurance, Person, Registration
from simulator.people.spec import OpeningBalance, PersonSpec, person_faults, spec_of

VERSION = "1"
Json = dict[str, Any]


def person_json(person: Person, accumulators: Sequence[OpeningBalance] = ()) -> Json:
    """The person as a body of `POST /_sim/people`; `person_for` makes the same person of it again."""
    main, *more = person.insurances
    written: Json = _insurance_json(main)
    written |= {"sex": person.gender, "birth": person.birth.isoformat()}
    if person.nationality != HAN:
        written["nationality"] = person.nationality
    lists = {
        "insurances": [_insurance_json(insurance) for insurance in more],
        "identities": [_identity_json(identity) for identity in person.identities],
        "registrations": [_registration_json(registration) for registration in person.registrations],
        "filings": [_filing_json(filing) for filing in person.filings],
        "accumulators": [_balance_json(balance) for balance in accumulators],
    }
    written |= {key: entries for key, entries in lists.items() if entries}
    return written | {
        "psn_no": person.psn_no,
        "psn_name": person.name,
        "certno": person.certificate_number,
        "card_no": person.card_no,
        "card_sn": person.card_sn,
        "credential_token": person.credential_token,
    }


def people_json(area: str, people: Iterable[tuple[Person, Sequence[OpeningBalance]]]) -> Json:
    """An export: `{"version", "area", "people": […]}` (rules 28)."""
    return {"version": VERSION, "area": area, "people": [person_json(*entry) for entry in people]}


def read_people(raw: bytes, name: str, *, on: date) -> tuple[str, list[PersonSpec]]:
    """Reads an exported file: the area and its people. Raises DataFaults with every fault and its path."""
    try:
        document = json.loads(decode(raw, name), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        sentence = text("people.not_json", column=error.colno, problem=error.msg)
        raise DataFaults([DataFault(sentence, file=name, line=error.lineno)]) from None
    except _RepeatedKey as error:
        raise DataFaults([DataFault(text("people.repeated_key", key=str(error)), file=name)]) from None
    except RecursionError:
        raise DataFaults([DataFault(text("data.too_deep", limit=40), file=name)]) from None
    try:
        return read_export(document, on=on)
    except DataFaults as error:
        raise DataFaults([DataFault(fault.sentence, fault.path, name) for fault in error.faults]) from None


def read_export(document: object, *, on: date) -> tuple[str, list[PersonSpec]]:
    """The area and people of an export that came as a body; raises DataFaults with every fault and its path."""
    faults = faults_of(document, shape("simulator.people", "people.schema.json"))
    if faults or not isinstance(document, dict):
        raise DataFaults(faults)
    bodies = document["people"]
    for index, body in enumerate(bodies):
        if len(faults) >= MOST_FAULTS:
            break
        faults += [_moved(fault, f"people[{index}]") for fault in person_faults(body, on=on)]
    faults = faults or list(islice(_same_people(bodies), MOST_FAULTS))
    if faults:
        raise DataFaults(faults)
    return document["area"], [spec_of(body) for body in bodies]


def csv_tables(people: Iterable[Person]) -> dict[str, str]:
    """Four tables by file name, joined by psn_no: people, insurances, registrations and filings."""
    rows: dict[str, list[Json]] = {name: [] for name in CSV_COLUMNS}
    for person in people:
        key = {"psn_no": person.psn_no}
        main = person.insurances[0]
        rows["people.csv"].append(person_json(person) | {"insured_at": main.area, "category": main.category})
        rows["insurances.csv"] += [key | _insurance_json(insurance) for insurance in person.insurances]
        rows["registrations.csv"] += [key | _registration_json(entry) for entry in person.registrations]
        rows["filings.csv"] += [key | _filing_json(entry) for entry in person.filings]
    return {name: _csv(CSV_COLUMNS[name], entries) for name, entries in rows.items()}


CSV_COLUMNS: dict[str, tuple[str, ...]] = {
    "people.csv": (
        *("psn_no", "psn_name", "certno", "sex", "birth", "insured_at", "category"),
        *("card_no", "card_sn", "credential_token"),
    ),
    "insurances.csv": (
        *("psn_no", "insured_at", "insutype", "category", "status", "insured_from", "insured_to", "suspended_from"),
        *("account_balance", "civil_servant", "employer"),
    ),
    "registrations.csv": ("psn_no", "id", "disease", "name", "from", "to"),
    "filings.csv": ("psn_no", "id", "place", "group", "from", "to", "channel", "active"),
}


class _RepeatedKey(Exception):
    """Repeated key in a JSON object, which leaves open the value that was meant."""


def _once(pairs: list[tuple[str, Any]]) -> Json:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise _RepeatedKey(next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index])))
    return read


def _csv(columns: Sequence[str], rows: Iterable[Json]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: str(value).lower() if isinstance(value, bool) else value for key, value in row.items()})
    return out.getvalue()


def _insurance_json(insurance: Insurance) -> Json:
    written: Json = {
        "insured_at": insurance.area,
        "insutype": insurance.insutype,
        "category": insurance.category,
        "account_balance": str(yuan(insurance.balance)),
        "civil_servant": insurance.civil_servant,
        "status": insurance.status,
        "insured_from": insurance.valid_from.isoformat(),
    }
    _put_days(written, insured_to=insurance.valid_to, suspended_from=insurance.suspended_from)
    return written | ({"employer": insurance.employer} if insurance.employer else {})


def _identity_json(identity: Identity) -> Json:
    written: Json = {"kind": identity.kind, "from": identity.valid_from.isoformat()}
    _put_days(written, to=identity.valid_to)
    return written


def _registration_json(registration: Registration) -> Json:
    written: Json = {"id": registration.id} if registration.id else {}
    written |= {"disease": registration.disease, "name": registration.name}
    _put_days(written, **{"from": registration.valid_from, "to": registration.valid_to})
    return written


def _filing_json(filing: Filing) -> Json:
    written: Json = {"id": filing.id} if filing.id else {}
    written |= {"place": filing.place, "group": filing.group}
    _put_days(written, **{"from": filing.valid_from, "to": filing.valid_to})
    return written | {"channel": filing.channel, "active": filing.active}


def _balance_json(balance: OpeningBalance) -> Json:
    written: Json = {"year": balance.year, "insutype": balance.insutype, "kind": balance.kind}
    return written | ({"disease": balance.disease} if balance.disease else {}) | {"amount": str(yuan(balance.amount))}


def _put_days(written: Json, **days: date | None) -> None:
    written |= {key: day.isoformat() for key, day in days.items() if day is not None}


def _moved(fault: DataFault, prefix: str) -> DataFault:
    return DataFault(fault.sentence, f"{prefix}.{fault.path}" if fault.path else prefix)


def _same_people(bodies: Sequence[Json]) -> Iterable[DataFault]:
    for field in ("psn_no", "certno", "card_no", "credential_token"):
        seen: dict[str, str] = {}
        for index, body in enumerate(bodies):
            value = body.get(field, "")
            if value and value in seen:
                sentence = text("people.same_person", field=field, value=value, other=seen[value])
                yield DataFault(sentence, f"people[{index}].{field}")
            seen.setdefault(value, f"people[{index}]")
