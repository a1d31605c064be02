"""`nhsa-sim people export`: the people that scenarios need, as files a city loads into its test environment."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.core.errors import SetupError
from simulator.core.texts import text

if TYPE_CHECKING:
    from simulator.domain.person import Person
    from simulator.harness.scenario.definition import Scenario
    from simulator.people.spec import OpeningBalance

Entry = tuple["Person", "tuple[OpeningBalance, ...]"]


@click.group("people")
def command() -> None:
    """人员：导出场景所需的人 / People: export those that the scenarios need."""


@command.command("export")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--area", "areas", multiple=True, metavar="AREA", help="只要这些参保地 / only these insured areas")
@click.option("--seed", default=230900, show_default=True, help="与 rehearse 相同的种子 / the seed of rehearse")
@click.option(
    "--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True, help="格式 / format"
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="文件或目录 / file or folder (default: stdout)")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), help="场景改在这一天开始 / the day on which scenarios begin"
)
@click.option(
    "--city", default="", metavar="AREA=FILE", help="场景改在这个城市演 / the scenarios are moved to this city"
)
@click.option("--data", default="", help="自备数据目录 / folder with your own policies, catalogues, institutions")
@click.option("-k", "words", default="", help="按词选场景 / scenarios by words")
@click.option("-m", "marks", default="", help="按标记选场景 / scenarios by marks")
def export(
    paths: tuple[Path, ...],
    areas: tuple[str, ...],
    seed: int,
    form: str,
    output: Path | None,
    start: datetime | None,
    city: str,
    data: str,
    words: str,
    marks: str,
) -> None:
    """导出场景所需的人员 / Export the people that the chosen scenarios need.

    与同一种子的 `rehearse` 造出的是同一批人。给出 PATHS 则只看这些场景文件或目录 /
    The same people as `rehearse` makes from the same seed; with PATHS those of these scenario files or folders only.
    """
    from simulator.harness.scenario.date_shift import begin_on
    from simulator.harness.scenario.library import load
    from simulator.harness.scenario.selection import Selection

    chosen_scenarios = load(paths, Selection(words, marks))
    if start is not None:
        chosen_scenarios = [begin_on(each, start.date()) for each in chosen_scenarios]
    found = _people(_moved(chosen_scenarios, city, data), seed)
    chosen = {area: found[area] for area in (areas or found) if area in found}
    missing = [area for area in areas if area not in found]
    if missing or not chosen:
        known = ", ".join(sorted(found)) or "-"
        raise SetupError(text("people_command.no_people", areas=", ".join(missing) or "-", known=known))
    for name, written in _written(chosen, form, output).items():
        _put(name, written)


def _moved(scenarios: "list[Scenario]", written: str, data: str) -> "list[Scenario]":
    """Scenarios with the people of the city in the roles; those that it cannot play are left out."""
    if not written:
        return scenarios
    from simulator.harness.scenario.definition import INSURED
    from simulator.platform import load_defaults
    from simulator.relocation import open_library, relocate

    books = load_defaults(data)
    city, library = open_library(written, books.policies, books.institutions, books.catalogues)
    moved = (relocate(each, city, library, INSURED) for each in scenarios)
    return [each for each in moved if each.unreachable is None]


def _people(scenarios: list[Any], seed: int) -> dict[str, list[Entry]]:
    """Area to people, each made as `POST people` with the role's key makes them."""
    from simulator.harness.scenario.definition import role_key
    from simulator.people.role import person_for
    from simulator.people.spec import read_person

    found: dict[str, list[Entry]] = {}
    for scenario in scenarios:
        on = date.fromisoformat(scenario.clock[:10])
        for role, asked in scenario.roles.items():
            spec = read_person(dict(asked), on=on)
            person = person_for(spec, seed=seed, key=role_key(scenario.id, role), on=on)
            for area in dict.fromkeys(each.insured_at for each in spec.insurances):
                found.setdefault(area, []).append((person, spec.accumulators))
    return found


def _written(chosen: dict[str, list[Entry]], form: str, output: Path | None) -> dict[Path | None, str]:
    """Files to write by path; the path None is the standard output."""
    from simulator.people.export import csv_tables, people_json

    several = len(chosen) > 1
    if form == "csv":
        everybody = [person for entries in chosen.values() for person, _ in entries]
        return {(output or Path()) / name: table for name, table in csv_tables(everybody).items()}
    as_folder = output is not None and output.suffix != ".json"
    if several and not as_folder:
        raise SetupError(text("people_command.several", areas=", ".join(chosen)))
    files: dict[Path | None, str] = {}
    for area, entries in chosen.items():
        name = output / f"people-{area}.json" if output is not None and as_folder else output
        files[name] = json.dumps(people_json(area, entries), ensure_ascii=False, indent=1) + "\n"
    return files


def _put(path: Path | None, written: str) -> None:
    if path is None:
        click.echo(written, nl=False)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written, encoding="utf-8")
    except OSError as error:
        raise SetupError(text("people_command.cannot_write", path=path, problem=error.strerror or "")) from None
    click.echo(text("people_command.wrote", path=path), err=True)
