"""Names drawn from Faker's tables of surnames, with their weights, and given names; never from its records.

A name takes two draws whatever it becomes, so another edition of the tables changes names and nothing else.
"""

from bisect import bisect_right
from functools import cache
from itertools import accumulate

from faker.providers.person.zh_CN import Provider


def name_of(*, male: bool, family: float, given: float) -> str:
    """The name at two points of the tables, each from 0 up to 1."""
    names, weights = _families()
    table = Provider.first_names_male if male else Provider.first_names_female
    return names[bisect_right(weights, family * weights[-1])] + table[int(given * len(table))]


@cache
def _families() -> tuple[tuple[str, ...], tuple[float, ...]]:
    pairs = tuple(Provider.last_names.items())
    return tuple(name for name, _ in pairs), tuple(accumulate(weight for _, weight in pairs))
