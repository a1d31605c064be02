"""Valid messages for every transaction and direction: deterministic, in Chinese, about invented people.

The identity numbers have a valid check digit and the county code 230999, which was never assigned.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from simulator.contract.amounts import NAMES
from simulator.contract.contract import Contract
from simulator.contract.edition_rows import AREAS, ENVELOPE, Edition, FieldRow
from simulator.contract.layout import LOCAL, Node, Variant
from simulator.contract.vocabulary import UNLESS
from simulator.core.strict_csv import parse_csv
from simulator.domain.transaction_table import Family, traits_of

_WORDS = {
    "acct_used_flag": "yes",
    "chrgitm_lv": "class_b",
    "clr_type": "outpatient",
    "clr_way": "by_item",
    "diag_type": "western",
    "fund_pay_type": "pool_employees",
    "gend": "female",
    "hosp_appr_flag": "none",
    "hosp_lv": "tertiary_a",
    "infcode": "success",
    "insutype": "employees",
    "med_chrgitm_type": "treatment",
    "med_type": "special_disease",
    "mdtrt_cert_type": "electronic_voucher",
    "pay_loc": "institution",
    "psn_cert_type": "identity_card",
    "psn_type": "retired",
    "refl_type": "out_of_province",
    "trt_chk_type": "fund",
    "trt_enjymnt_flag": "yes",
    "vali_flag": "valid",
}
"""The meaning that an example takes where a table has a word of ours; elsewhere the first code of the table."""

_DATES = (
    (("brdy", "birth"), "1958-05-12"),
    (("begn", "stt", "strt"), "2025-03-01"),
    (("end", "expy", "stop"), "2025-12-31"),
    (("dscg",), "2025-03-10"),
    (("adm",), "2025-03-01"),
)
_OTHER_DATE, _TIME = "2025-03-03", "09:30:00"
_STAMP = "20250303093000"
_CODE_ENDINGS = ("no", "id", "sn", "code", "codg", "num", "bchno", "key", "type", "lv", "flag", "way")
_FORMED = {
    "msgid": f"H11000000001{_STAMP}0001",
    "refmsgid": f"110000{_STAMP}0000000001",
    "time14": _STAMP,
    "time17": f"{_STAMP}000",
    "digits15": "1",
}


def example(contract: Contract, infno: str, direction: str, variant: Variant = LOCAL, *, full: bool = True) -> Any:
    """The value of `input` or `output`; `full` fills optional fields too, without it only what must be there."""
    layout = contract.layout(infno, direction)
    body = _object(layout.edition, layout.root, variant, full=full, infno=infno)
    if not layout.has_fields:
        return {}
    return [body] if layout.root.is_list else body


def example_message(
    contract: Contract, infno: str, direction: str, variant: Variant = LOCAL, *, full: bool = False
) -> dict[str, Any]:
    """A whole message: the header and its body."""
    layout = contract.layout(ENVELOPE, direction)
    body = example(contract, infno, direction, variant, full=full or direction == "out")
    head = _object(layout.edition, layout.root, LOCAL, full=False, infno=ENVELOPE)
    if direction == "out":
        return head | {"refmsg_time": f"{_STAMP}000", "respond_time": f"{_STAMP}120", "err_msg": "", "output": body}
    places = {"mdtrtarea_admvs": "110000", "insuplc_admdvs": "230900" if variant.remote else "110000"}
    signed = {} if traits_of(infno).family == Family.SIGN_IN else {"sign_no": "110000000000000000000000000005"}
    ordered = head | places | signed | {"infno": infno}
    return {name: value for name, value in ordered.items() if name != "input"} | {"input": body}


def _object(edition: Edition, node: Node, variant: Variant, *, full: bool, infno: str) -> dict[str, Any]:
    avoided = {found[1] for row in node.rows.values() if (found := UNLESS.match(row.condition))}
    made: dict[str, Any] = {}
    for name in node.known():
        child, row = node.children.get(name), node.rows.get(name)
        if child is not None:
            if full or child.is_required(variant, node):
                inner = _object(edition, child, variant, full=full, infno=infno)
                made[name] = [inner] if child.is_list else inner
        elif row is not None and name not in avoided and (full or variant.requires(row) or UNLESS.match(row.condition)):
            made[name] = value_of(edition, row, infno=infno)
    return made


def value_of(edition: Edition, row: FieldRow, *, infno: str) -> Any:
    """A value that the row takes."""
    codes = edition.checked_codes(row)
    if codes is not None:
        return _code(edition, row, codes)
    if row.type in ("N", "Int"):
        # A cancellation answers every amount with its sign turned.
        is_cancellation = traits_of(infno).family == Family.CANCELLATION
        return _number(row, negative=is_cancellation and row.direction == "out" and row.field in NAMES)
    if row.form in _FORMED:
        return _FORMED[row.form]
    if row.code_table == AREAS:
        return _curated().get(row.field, "110000")
    if row.type in ("D", "DT"):
        return _date(row)
    return _other(row)


def _code(edition: Edition, row: FieldRow, codes: Mapping[str, str]) -> str:
    word = _WORDS.get(row.code_table)
    if word is not None and word in edition.meanings.get(row.code_table, {}):
        return edition.code(row.code_table, word)
    curated = _curated().get(row.field)
    return curated if curated is not None and curated in codes else next(iter(codes))


def _number(row: FieldRow, *, negative: bool) -> int | Decimal:
    whole, scale = row.digits if row.type == "N" else (row.digits[0], 0)
    number = Decimal(_curated().get(row.field, "1"))
    too_wide = whole is not None and abs(number) >= 10**whole
    if too_wide or (scale == 0 and number != int(number)):
        number = Decimal(1) if whole else Decimal("0.5")
    return (-number if negative else number) if scale != 0 else int(-number if negative else number)


def _date(row: FieldRow) -> str:
    name = row.field.lower()
    day = next((day for parts, day in _DATES if any(part in name for part in parts)), _OTHER_DATE)
    return day if row.type == "D" else f"{day} {_TIME}"


def _other(row: FieldRow) -> Any:
    if row.type in ("list", "object"):
        return ["示例"] if row.type == "list" else {}
    if row.type == "bytes":
        return "UEsDBAoAAAAAAA=="
    length = int(row.max_len) if row.max_len else 200
    curated = _curated().get(row.field, "")
    if curated and len(curated) <= length:
        return curated
    name = row.field.lower().replace("_", "")
    if name.endswith(_CODE_ENDINGS):
        return ("1" if length < 6 else f"A{'0' * 4}1")[:length]
    words = row.name_zh.strip("-— （）") or row.field
    return f"{words}示例"[:length] if length >= len(words) + 2 else "例"[:length]


@cache
def _curated() -> dict[str, str]:
    path = Path(__file__).parent / "example_values.csv"
    rows = parse_csv(path.read_bytes(), str(path), ("field", "value"), key=("field",), needed=("field",))
    return {row["field"]: row["value"] for row in rows}
