"""Domains of fields: the values that a field takes, and inclusion between two domains."""

from dataclasses import dataclass

from simulator.contract.edition_rows import AREAS, Edition, FieldRow


@dataclass(frozen=True, slots=True)
class Domain:
    """The values of a field but for emptiness: a kind, and limits of which None means none.

    `codes` are the only values, where there are any; `whole` and `scale` are digits before and after the point.
    """

    kind: str
    length: int | None = None
    whole: int | None = None
    scale: int | None = None
    codes: frozenset[str] | None = None


def domain_of(edition: Edition, row: FieldRow) -> Domain:
    """The values that the contract lets a field have; decides as the schema does."""
    codes = edition.checked_codes(row)
    if codes is not None:
        return Domain("codes", codes=frozenset(codes))
    if row.form == "digits15":
        return Domain("digits15")
    if row.type in ("N", "Int"):
        whole, scale = row.digits if row.type == "N" else (row.digits[0], 0)
        return Domain("number", whole=whole, scale=scale)
    if row.code_table == AREAS:
        return Domain("area")
    if row.type in ("D", "DT"):
        return Domain(row.type)
    if row.form in ("msgid", "refmsgid", "time14", "time17"):
        return Domain(row.form)
    if row.type == "C":
        return Domain("text", length=int(row.max_len) if row.max_len else None)
    return Domain(row.type or "anything")


_TEXT_LENGTHS = {"area": 6, "D": 10, "DT": 19, "msgid": 30, "refmsgid": 30, "time14": 14, "time17": 17}


def takes_all(wide: Domain, narrow: Domain) -> bool:
    """True where every value of `narrow` is a value of `wide`."""
    if wide.kind == "anything" or wide == narrow:
        return True
    if wide.kind == "text":
        if narrow.kind == "codes":
            return wide.length is None or all(len(code) <= wide.length for code in narrow.codes or ())
        length = narrow.length if narrow.kind == "text" else _TEXT_LENGTHS.get(narrow.kind)
        is_text = narrow.kind == "text" or narrow.kind in _TEXT_LENGTHS
        return is_text and (wide.length is None or (length is not None and length <= wide.length))
    if wide.kind == narrow.kind == "codes":
        return (narrow.codes or frozenset()) <= (wide.codes or frozenset())
    if wide.kind == narrow.kind == "number":
        return _within(narrow.whole, wide.whole) and _within(narrow.scale, wide.scale)
    return False


def _within(narrow: int | None, wide: int | None) -> bool:
    return wide is None or (narrow is not None and narrow <= wide)
