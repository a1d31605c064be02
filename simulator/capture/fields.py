"""Fields of recorded messages by path, and held against those that a template fills in."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from simulator.core.masking import is_identity_field, mask
from simulator.harness.scenario.expressions import as_number

ABSENT = object()
"""Value of a field that is not there."""
_AMOUNT = ("_amt", "_pay", "_dedc", "_selfpay", "balc")


def odd_total(row: Mapping[str, Any]) -> dict[str, Any]:
    """Total of a charge, where it is not quantity × price."""
    count, price, total = (as_number(row.get(name)) for name in ("cnt", "pric", "det_item_fee_sumamt"))
    try:
        odd = None in (count, price) or total != (count or 0) * (price or 0)
    except ArithmeticError:
        odd = True
    return {"det_item_fee_sumamt": row["det_item_fee_sumamt"]} if odd and "det_item_fee_sumamt" in row else {}


def same_on_the_wire(wanted: Any, got: Any) -> bool:
    """The same on the wire: an amount by its value, a text as it is written, a time by none."""
    if isinstance(wanted, int | Decimal) and isinstance(got, int | Decimal):
        return Decimal(wanted) == Decimal(got)
    return type(wanted) is type(got) and wanted == got


def masked(name: str, wanted: Any, got: Any) -> bool:
    """True for an identity as a masked recording shows it."""
    return is_identity_field(name) and isinstance(wanted, str) and got == mask(wanted)


def leaves(wanted: Any, got: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every field of two inputs by its path."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        for name in dict.fromkeys([*wanted, *got]):
            inner = f"{path}.{name}" if path else str(name)
            yield from leaves(wanted.get(name, ABSENT), got.get(name, ABSENT), inner)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, (one, other) in enumerate(zip(wanted, got, strict=True)):
            yield from leaves(one, other, f"{path}[{index}]")
    else:
        yield path, wanted, got


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a value by its path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from walk(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, f"{path}[{index}]")
    else:
        yield path, value


def amounts(output: Any) -> Iterable[tuple[str, Decimal | int]]:
    """Amounts of an answer by path; balances by kind where a kind stands once."""
    rows = output.get("cuminfo") if isinstance(output, Mapping) else None
    if isinstance(rows, list):
        kinds = [str(row.get("cum_type_code")) for row in rows if isinstance(row, Mapping)]
        for row in rows:
            kind = str(row.get("cum_type_code")) if isinstance(row, Mapping) else ""
            if kinds.count(kind) == 1 and kind.isalnum() and isinstance(row.get("cum"), int | Decimal):
                yield f"cuminfo[cum_type_code={kind}].cum", row["cum"]
        return
    for path, value in walk(output):
        if path.rpartition(".")[2].endswith(_AMOUNT) and isinstance(value, int | Decimal):
            yield path, value
