"""Worked examples of a city file, its own proof that it says what its policy says."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from simulator.benefit.city import City
from simulator.benefit.city_file import Stated
from simulator.benefit.claim import ChargeScope, Claim, Dates
from simulator.benefit.engine import award
from simulator.benefit.outcome import Award
from simulator.core.errors import DataFault, PolicyGap, Refusal
from simulator.core.money import to_fen, yuan
from simulator.core.texts import Text, text
from simulator.domain.care import OUTPATIENT, SPECIAL_DISEASE
from simulator.domain.places import LOCAL, NATION


def failing_examples(city: City) -> list[DataFault]:
    """Every figure of the examples that the rules do not give, placed at its line; empty when the file keeps its word.

    An example runs on its `day` for all dates; what it does not name is a tertiary hospital at home with no account.
    """
    found: list[DataFault] = []
    for index, example in enumerate(city.examples):
        path = f"examples[{index}]"
        try:
            given = run_example(city, example)
        except (PolicyGap, Refusal) as error:
            found.append(city.file.document.fault(path, _named(example, error.text)))
            continue
        for key, wanted in example["award"].items():
            got, same = _compared(given, key, wanted)
            if not same:
                sentence = _named(example, text("policy.example_differs", key=key, wanted=wanted, got=got))
                found.append(city.file.document.fault(f"{path}.award.{key}", sentence))
    return found


def run_example(city: City, example: Stated) -> Award:
    """The award that the rules give for an example."""
    dates = Dates.all_on(date.fromisoformat(example["day"]))
    accumulated = {_kind(key): to_fen(amount) for key, amount in example.get("accumulated", {}).items()}
    return award(_claim(city.area, example["claim"], dates), city.rules(dates), accumulated)


def _claim(area: str, stated: Stated, dates: Dates) -> Claim:
    balance = to_fen(stated.get("account_balance", "0.00"))
    return Claim(
        area=area,
        insutype=stated["insutype"],
        category=stated["category"],
        care=stated.get("care", SPECIAL_DISEASE if "disease" in stated else OUTPATIENT),
        disease=stated.get("disease", ""),
        hospital_level=stated.get("hospital_level", "tertiary"),
        treated=stated.get("scope", NATION if "groups" in stated else LOCAL),
        groups=tuple(stated.get("groups", ())),
        civil_servant=stated.get("civil_servant", False),
        identities=tuple(stated.get("identities", ())),
        charges=tuple(_charge(charge) for charge in stated["charges"]),
        account_used=balance > 0,
        account_balance=balance,
        dates=dates,
        visit=stated.get("visit", ""),
    )


def _charge(stated: Mapping[str, str]) -> ChargeScope:
    parts = [
        to_fen(stated.get(name, "0.00")) for name in ("own_purchase", "above_ceiling", "prior_selfpay", "in_scope")
    ]
    return ChargeScope(sum(parts), *parts)


def _kind(key: str) -> tuple[str, str]:
    kind, _, disease = key.partition(" ")
    return kind, disease


def _compared(given: Award, key: str, wanted: str) -> tuple[str, bool]:
    got = getattr(given, key)
    if isinstance(got, int):
        return str(yuan(got)), got == to_fen(wanted)
    if isinstance(got, Decimal):
        return str(got), got == Decimal(wanted)
    return str(got), got == wanted


def _named(example: Stated, sentence: Text) -> Text:
    name = Text(example["name"], example.get("name_en", example["name"]))
    return text("policy.example", name=name, sentence=sentence)
