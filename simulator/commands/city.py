"""`nhsa-sim city`: begins a city file, and judges city files without a server."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.core.errors import DataFault, DataFaults, SetupError
from simulator.core.texts import text

if TYPE_CHECKING:
    from simulator.benefit.file_check import CheckedFile


@click.group("city")
def command() -> None:
    """城市政策文件：新建、检查 / City files: begin one, check them."""


@command.command("new")
@click.argument("area")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="写到文件 / write to a file (default: stdout)")
def new(area: str, output: Path | None) -> None:
    """新建一个城市的政策文件 / Begin the file of a city.

    AREA 是统筹区划，六位 / six digits.
    """
    from simulator.benefit import PolicyBook
    from simulator.benefit.file_check import new_city_file
    from simulator.people.areas import area_name, is_area

    if not is_area(area):
        raise DataFaults([DataFault(_unknown(area), "AREA")])
    written = new_city_file(area, area_name(area), PolicyBook.shipped())
    if output is None:
        click.echo(written, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(written)
    except FileExistsError:
        raise SetupError(text("city_command.exists", path=output)) from None
    except OSError as error:
        raise SetupError(text("city_command.cannot_write", path=output, problem=error.strerror or "")) from None
    click.echo(text("city_command.wrote", path=output, area=area), err=True)


@command.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / tell as JSON")
def check(files: tuple[Path, ...], *, as_json: bool) -> None:
    """检查政策文件，再算它的算例 / Check city files, then work out their examples.

    退出码 0 没有错误，1 有错误，2 无法检查 / exit code 0 clean, 1 faults, 2 a file cannot be read.
    """
    from simulator.benefit import PolicyBook
    from simulator.benefit.file_check import check_city_file

    book = PolicyBook.shipped()
    checked = [
        _of_known_area(check_city_file(raw, str(file), book)) for file, raw in zip(files, _read(files), strict=True)
    ]
    if as_json:
        click.echo(json.dumps({"files": [_as_json(each) for each in checked]}, ensure_ascii=False, indent=1))
    else:
        for each in checked:
            _tell(each)
    sys.exit(1 if any(each.faults for each in checked) else 0)


def _read(files: tuple[Path, ...]) -> list[bytes]:
    """Bytes of every file; raises DataFaults naming all that cannot be read."""
    found, faults = [], []
    for file in files:
        try:
            found.append(file.read_bytes())
        except OSError:
            faults.append(DataFault(text("data.no_such_file", path=str(file)), file=str(file)))
    if faults:
        raise DataFaults(faults)
    return found


def _of_known_area(checked: "CheckedFile") -> "CheckedFile":
    """The result with a fault where the area is none of the tables."""
    from dataclasses import replace

    from simulator.benefit.city_file import NATIONAL
    from simulator.people.areas import is_area

    city = checked.city
    if city is None or city.area == NATIONAL or is_area(city.area):
        return checked
    return replace(checked, faults=(city.document.fault("area", _unknown(city.area)), *checked.faults))


def _unknown(area: str) -> Any:
    from simulator.people.areas import nearest_areas

    close = ", ".join(nearest_areas(area)) or "-"
    return text("city_command.unknown_area", got=area, close=close)


def _tell(checked: "CheckedFile") -> None:
    if checked.faults:
        click.echo(str(DataFaults(checked.faults)))
    counts = {"file": checked.name, "examples": checked.examples, "failed": checked.examples_failed}
    if checked.faults:
        click.echo(text("city_command.faults", count=len(checked.faults), **counts))
    elif checked.examples:
        click.echo(text("city_command.clean", **counts))
    else:
        click.echo(text("city_command.unproved", **counts))


def _as_json(checked: "CheckedFile") -> dict[str, Any]:
    city = checked.city
    return {
        "file": checked.name,
        "area": city.area if city else None,
        "version": city.version if city else None,
        "faults": [
            {"line": each.line, "column": each.column, "path": each.path, "message": each.sentence.as_json()}
            for each in checked.faults
        ],
        "examples": {"worked_out": checked.examples, "failed": checked.examples_failed},
    }
