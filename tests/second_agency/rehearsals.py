"""Rehearsals of second agencies by the command of a user, on one platform."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

from click.testing import CliRunner

from simulator.cli import cli
from simulator.testing.shared_platform import start
from tests.second_agency.agency import Agency
from tests.second_agency.city import City
from tests.second_agency.people import Person, load
from tests.second_agency.server import serve

AREAS = ("110000", "230900", "330100", "653200")
"""110000 has no file of its own and goes by the national defaults."""
POLICIES = Path(str(resources.files("simulator.benefit.policies")))
_CAUSES, _AGAIN = "  likely cause", "  again "
_RULE = re.compile(r"^  (\S.*)$")


@dataclass(frozen=True)
class Failure:
    """The first thing that a scenario complains of."""

    scenario: str
    step: str
    paths: tuple[str, ...]
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Played:
    exit_code: int
    output: str
    failures: tuple[Failure, ...]


class Rehearsals:
    def __init__(self, platform: str, folder: Path) -> None:
        self._platform = platform
        self._folder = folder
        self._cities = {area: City.read(POLICIES / f"{area}.yaml") for area in AREAS}
        (folder / "people").mkdir()
        CliRunner().invoke(cli, ["people", "export", "-o", str(folder / "people")], catch_exceptions=False)

    def _people(self, area: str) -> dict[str, Person]:
        return load(self._folder / "people" / f"people-{area}.json")

    def play(self, *scenarios: str, defects: frozenset[str] = frozenset()) -> Played:
        """Plays these scenarios, or all, against fresh agencies that are wrong in the same ways."""
        with ExitStack() as open_until_the_end:
            asked = ["--lang", "en", "rehearse", "--use", "insured", "-q", "--platform", self._platform]
            for area, city in self._cities.items():
                url = open_until_the_end.enter_context(serve(Agency(city, self._people(area), defects)))
                asked += ["--agency", f"{area}={url}"]
            asked += [*scenarios, "--report", str(self._folder)]
            done = CliRunner().invoke(cli, asked, catch_exceptions=False)
        return Played(done.exit_code, done.output, tuple(_failures(self._folder / "junit.xml")))


@contextmanager
def rehearsals() -> Iterator[Rehearsals]:
    """One platform, for as many rehearsals as wanted."""
    platform = start(url="", data="")
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield Rehearsals(platform.platform.url, Path(folder))
    finally:
        platform.end()


def _failures(junit: Path) -> Iterator[Failure]:
    for case in ElementTree.parse(junit).iter("testcase"):
        told = case.find("failure")
        if told is None:
            told = case.find("error")
        if told is not None:
            lines = (told.text or told.get("message", "")).splitlines()
            yield Failure(case.get("classname", ""), lines[0], *_paths_and_causes(lines[2:]))


def _paths_and_causes(lines: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    paths, causes, in_causes = [], [], False
    for line in lines:
        if line.startswith(_AGAIN):
            break
        if line.startswith(_CAUSES):
            in_causes = True
        elif in_causes:
            causes.append(line.strip(" ·"))
        elif _RULE.match(line) and not line.startswith("   "):
            paths.append(line.strip())
    return tuple(paths), tuple(causes)
