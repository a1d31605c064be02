"""`python -m tests.second_agency --city FILE --people FILE [--port N] [--defect NAME]…`: serves and prints its URL."""

import argparse
import os
import sys
import threading
from pathlib import Path

from tests.second_agency.agency import Agency
from tests.second_agency.city import City
from tests.second_agency.defects import DEFECTS
from tests.second_agency.people import load
from tests.second_agency.server import serve

_LOOKS_FOR_PARENT_S = 0.5


def main() -> None:
    # Read before the URL is printed: the parent may end as soon as it has that, and its number would be another's.
    parent = os.getppid()
    parser = argparse.ArgumentParser(prog="python -m tests.second_agency", description=__doc__)
    parser.add_argument("--city", type=Path, required=True, help="city file; national.yaml stands beside it")
    parser.add_argument("--people", type=Path, required=True, help="JSON of nhsa-sim people export")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--defect", action="append", default=[], choices=sorted(DEFECTS), metavar="NAME")
    parser.add_argument("--list", action="version", version="\n".join(sorted(DEFECTS)), help="names of the defects")
    asked = parser.parse_args()
    agency = Agency(City.read(asked.city), load(asked.people), frozenset(asked.defect))
    with serve(agency, asked.port) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        _wait_for_the_end_of(parent)


def _wait_for_the_end_of(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(_LOOKS_FOR_PARENT_S)


if __name__ == "__main__":
    main()
