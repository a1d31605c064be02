"""Area codes (统筹区, 医保区划) and their names: provinces, cities, counties, and 兵团.

The tables and their sources are described in README.md beside this file.
"""

from functools import cache
from importlib import resources

from simulator.core.strict_csv import parse_csv

CORPS = "66"
_MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
_SIX = 6
_SHORT = (2, 4)
# What GB/T 2260 prints where a level has no name of its own.
_NOT_A_NAME = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


def area_name(code: str) -> str:
    """The city's name, `七台河市` also for its counties; an unknown city is its province's name and the code."""
    names = _names()
    if code[:2] in _MUNICIPALITIES and len(code) == _SIX:
        return names[province_of(code)]
    # Counties directly under a province are insurance areas of their own.
    for known in (code[:4] + "00", code if code[2:4] == "90" else ""):
        if names.get(known, "市辖区") not in _NOT_A_NAME:
            return names[known]
    province = names.get(province_of(code))
    if province is None:
        return code
    if code[2:] == "0000":
        return province
    return f"{province}本级" if code[2:] == "9900" else f"{province} {code}"


def full_name(code: str) -> str:
    """`黑龙江省七台河市勃利县`: the province, the city and, where it has a name, the county."""
    names = _names()
    city = area_name(code).removeprefix("兵团")
    parts = [names.get(province_of(code), ""), city, names.get(code, "").removeprefix("兵团")]
    kept = [part for part in dict.fromkeys(parts) if part and part not in _NOT_A_NAME]
    return kept[-1] if len(kept) > 1 and kept[-1].startswith(kept[0]) else "".join(kept) or code


def province_of(code: str) -> str:
    """Six digits of the province, `230000` for 230900; 兵团 is a province here."""
    return code[:2] + "0000"


def is_area(code: str) -> bool:
    """True for a code of the tables, and for the fund of a province (`xx9900`) or a city (`xxyy99`) itself."""
    if len(code) != _SIX or not (code.isascii() and code.isdecimal()):
        return False
    own_fund = (code.endswith("9900") and province_of(code) in _names()) or (
        code.endswith("99") and code[:4] + "00" in _names()
    )
    return code in _names() or own_fund


def provinces() -> tuple[str, ...]:
    """The 31 provinces and 兵团."""
    return tuple(code for code in _names() if code.endswith("0000"))


def cities() -> tuple[str, ...]:
    """Every prefecture-level code, the divisions of 兵团 among them."""
    return tuple(code for code in _names() if code.endswith("00") and not code.endswith("0000"))


def nearest_areas(code: str, limit: int = 3) -> tuple[str, ...]:
    """Known codes that a mistyped one may have meant: the same province first, fewest digits different.

    Two or four digits are the code of a province or a city without its zeros.
    """
    whole = code.ljust(_SIX, "0")
    if len(code) in _SHORT and whole in _names():
        return (whole,)
    if len(code) != _SIX:
        return ()

    def distance(known: str) -> int:
        return sum(one != other for one, other in zip(known, code, strict=True))

    close = [known for known in (*provinces(), *cities()) if distance(known) <= 1]
    return tuple(sorted(close, key=lambda known: (distance(known), known[:2] != code[:2], known))[:limit])


@cache
def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, columns in (("areas.csv", ("code", "name")), ("areas_corps.csv", ("code", "name", "source"))):
        raw = resources.files(__package__).joinpath(name).read_bytes()
        found |= {row["code"]: row["name"] for row in parse_csv(raw, name, columns, key=("code",), needed=columns)}
    return found
