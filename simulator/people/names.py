"""Names drawn from Faker's tables of surnames, with their weights, and given names; never from its records.

A name takes two draws whatever it becomes, so another edition of the tables changes names and nothing else.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate


def name_of(*, male: bool, family: float, given: float) -> str:
    """The name at two points of the tables, each from 0 up to 1."""
    (names, weights), men, women = _tables()
    table = men if male else women
    return names[bisect_right(weights, family * weights[-1])] + table[int(given * len(table))]


@cache
def _tables() -> tuple[tuple[tuple[str, ...], tuple[float, ...]], Sequence[str], Sequence[str]]:
    # Read with the first person that is drawn: a platform that draws nobody starts without Faker.
    from faker.providers.person.zh_CN import Provider

    pairs = tuple(Provider.last_names.items())
    families = tuple(name for name, _ in pairs), tuple(accumulate(weight for _, weight in pairs))
    return families, Provider.first_names_male, Provider.first_names_female
