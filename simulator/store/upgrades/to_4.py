"""Steps from version 3 of a store to version 4."""

from collections.abc import Iterator

from simulator.core.json_codec import read_own, write_json
from simulator.core.money import to_fen
from simulator.domain.ledger import PAYABLE, RECEIVABLE
from simulator.domain.places import same_place
from simulator.store.upgrades.step import EarlierRow, Step, Tables

_PARTS = {
    "total": "det_item_fee_sumamt",
    "own_purchase": "fulamt_ownpay_amt",
    "above_ceiling": "overlmt_amt",
    "prior_selfpay": "preselfpay_amt",
    "in_scope": "inscp_scp_amt",
}


def split_batches(tables: Tables) -> None:
    """Makes a subject of each batch, and a charge of each object of its JSON."""
    batches = tables.pop("batch")

    def subjects() -> Iterator[EarlierRow]:
        for row in batches():
            kept = {name: value for name, value in row.items() if name != "lines"}
            yield kept | {"kind": "batch", "begins": "", "ends": ""}

    def charges() -> Iterator[EarlierRow]:
        number = 0
        for row in batches():
            for line in read_own(row["lines"]):
                number += 1
                yield {
                    "id": number,
                    "visit_id": row["visit_id"],
                    "subject_id": row["id"],
                    "serial": line["feedetl_sn"],
                    "state": "withdrawn" if row["state"] == "withdrawn" else "open",
                    "fee_at": line["fee_ocur_time"],
                    **{ours: to_fen(line[wire]) for ours, wire in _PARTS.items()},
                    "line": write_json(line).decode(),
                }

    tables["subject"], tables["charge"] = subjects, charges


def add_places_to_ledger(tables: Tables) -> None:
    """Adds the places of its settlement to each entry, and the entries between agencies to settlements between places.

    The amount is the claim of the institution less the cash of the person: a receivable of the treatment place and a
    payable of the insured place.
    """
    settlements, earlier = tables["settlement"], tables["ledger"]

    def entries() -> Iterator[EarlierRow]:
        places = {row["id"]: (row["area"], row["insured_area"]) for row in settlements()}
        last, cash, owed = 0, dict[int, int](), list[tuple[int, int]]()
        for row in earlier():
            number = row["settlement_id"]
            treated, insured = places[number]
            last = max(last, row["id"])
            yield row | {"treated_area": treated, "insured_area": insured}
            # The entry of the institution is the last of a booking, after the cash of the person, if any.
            if row["account"] == "cash":
                cash[number] = row["amount"]
            elif row["account"] == "institution":
                owed.append((number, -row["amount"] - cash.pop(number, 0)))
        for number, amount in owed:
            treated, insured = places[number]
            if same_place(treated, insured) or not amount:
                continue
            for account, holder, signed in ((RECEIVABLE, treated, amount), (PAYABLE, insured, -amount)):
                last += 1
                entry = {"id": last, "settlement_id": number, "account": account, "holder": holder, "amount": signed}
                yield entry | {"treated_area": treated, "insured_area": insured}

    tables["ledger"] = entries


STEPS: tuple[Step, ...] = (split_batches, add_places_to_ledger)
