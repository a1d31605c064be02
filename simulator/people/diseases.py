"""Names of chronic and special diseases by M-code; the benefit of an area for them stands in its policy."""

from functools import cache
from importlib import resources

from simulator.core.strict_csv import parse_csv

COLUMNS = ("code", "name", "national_list", "source")


def disease_name(code: str) -> str:
    """The known name of an M-code; a code that is in no public list names itself."""
    return _names().get(code, code)


def known_diseases() -> tuple[str, ...]:
    return tuple(_names())


@cache
def _names() -> dict[str, str]:
    raw = resources.files(__package__).joinpath("diseases.csv").read_bytes()
    rows = parse_csv(raw, "diseases.csv", COLUMNS, key=("code",), needed=("code", "name", "source"))
    return {row["code"]: row["name"] for row in rows}
