"""Sources of declared queries: functions that yield rows of a table as values by wire field."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256

from simulator.catalogue import Item
from simulator.core.errors import refuse
from simulator.insured.place import Body
from simulator.transactions.declarative.visit_sources import Facts, diagnoses, fee_lines, stays, visits
from simulator.transactions.registry import Call

Source = Callable[[Call, Body], Iterable[Facts]]
"""Function that yields the rows which a query may answer, given the object with its conditions."""

_LONGEST_NAME = 200


def codes(call: Call, asked: Body) -> Iterator[Facts]:
    """Yields the codes of the table `type` of the edition; raises Refusal for an unknown table."""
    table = call.config.contract.edition.codes.get(asked["type"])
    if table is None:
        raise refuse("code_table_unknown", path="data.type", table=asked["type"])
    for index, (code, label) in enumerate(table.items(), 1):
        yield {
            "type": asked["type"],
            "label": label[:50],
            "value": code,
            "parentValue": asked["parentValue"],
            "sort": index,
            "valiFlag": "1",
            "createUser": "nhsa-sim",
            "createDate": asked["date"],
            "version": 1,
        }


def catalogue(call: Call, asked: Body) -> Iterator[Facts]:
    """Yields every version of every item in the catalogue of `insu_admdvs`, or of the treatment place."""
    area = asked.get("insu_admdvs") or call.treated_area
    for item in call.config.catalogues.of(area).all():
        yield _item(call, area, item)


def _item(call: Call, area: str, item: Item) -> Facts:
    edition = call.config.contract.edition
    kind = "herbal_pieces" if item.charge_type == "herbal_pieces" else item.kind
    return {
        "hilist_code": item.code,
        "hilist_name": item.name[:_LONGEST_NAME],
        "insu_admdvs": area,
        "begndate": item.valid_from.isoformat(),
        "enddate": item.valid_to.isoformat() if item.valid_to else "",
        "med_chrgitm_type": edition.code("med_chrgitm_type", item.charge_type),
        "chrgitm_lv": edition.code("chrgitm_lv", item.grade),
        "lmt_used_flag": edition.code("lmt_used_flag", "yes" if item.restricted else "no"),
        "list_type": edition.code("list_type", kind),
        "memo": item.note,
        "vali_flag": edition.code("vali_flag", "valid"),
        "rid": sha256(f"{area} {item.code} {item.valid_from}".encode()).hexdigest()[:40],
        "updt_time": item.valid_from.isoformat(),
        "crte_time": item.valid_from.isoformat(),
    }


SOURCES: Mapping[str, Source] = {
    "codes": codes,
    "catalogue": catalogue,
    "visits": visits,
    "stays": stays,
    "diagnoses": diagnoses,
    "fee_lines": fee_lines,
}
