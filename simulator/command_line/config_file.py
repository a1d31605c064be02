"""Defaults of options from a file: `nhsa-sim.toml`, or the table `[tool.nhsa-sim]` of `pyproject.toml`.

A table stands for a command (`[rehearse]`, `[contract.check]`), a key for an option as it is typed without its dashes.
An option on the command line goes before the environment, the environment before the file.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import hint, shown
from simulator.core.strict_yaml import decode
from simulator.core.texts import text

NAMES = ("nhsa-sim.toml", "pyproject.toml")
_IN_PYPROJECT = ("tool", "nhsa-sim")
_LARGEST = 256 * 1024
_NO_DEFAULT = frozenset({"help", "version", "schema", "list-defects"})
"""Options that print and end the command."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """File of defaults: tables as written, text for the lines of faults."""

    name: str
    tables: Mapping[str, Any]
    written: str
    prefix: tuple[str, ...] = ()
    """Keys above the tables."""

    def defaults(self, cli: click.Group) -> dict[str, Any]:
        """Defaults in the form of click's `default_map`; raises DataFaults with every unknown key and wrong value."""
        faults: list[DataFault] = []
        found = self._of_group(cli, self.tables, (), faults)
        if faults:
            raise DataFaults(faults)
        return found

    def _of_group(
        self, group: click.Group, said: Mapping[str, Any], path: tuple[str, ...], faults: list[DataFault]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        context = click.Context(group)
        names = group.list_commands(context)
        for key, value in said.items():
            command = group.get_command(context, key) if key in names else None
            if command is None or not isinstance(value, Mapping):
                got = text("config.no_command", got=key, hint=hint(key, names), commands=", ".join(names))
                wanted = text("config.no_table", got=key) if command is not None else got
                faults.append(self._fault((*path, key), wanted))
            elif isinstance(command, click.Group):
                found[key] = self._of_group(command, value, (*path, key), faults)
            else:
                found[key] = self._of_command(command, value, (*path, key), faults)
        return found

    def _of_command(
        self, command: click.Command, said: Mapping[str, Any], path: tuple[str, ...], faults: list[DataFault]
    ) -> dict[str, Any]:
        options = dict(_options(command))
        found: dict[str, Any] = {}
        for key, value in said.items():
            option = options.get(key)
            if option is None:
                known = sorted(options)
                sentence = text("config.no_option", got=key, hint=hint(key, known), options=", ".join(known) or "-")
                faults.append(self._fault((*path, key), sentence))
                continue
            try:
                found[str(option.name)] = _value(command, option, value)
            except click.BadParameter as error:
                sentence = text("config.wrong_value", got=shown(value), problem=error.message)
                faults.append(self._fault((*path, key), sentence))
        return found

    def _fault(self, path: tuple[str, ...], sentence: Any) -> DataFault:
        return DataFault(sentence, ".".join(path), self.name, self._line(path))

    def _line(self, path: tuple[str, ...]) -> int | None:
        """Line of a key: in its table where there is a header of that name, else the first line that begins with it."""
        tables, key = (*self.prefix, *path[:-1]), path[-1]
        header, inside, first = ".".join(tables), not tables, None
        for number, line in enumerate(self.written.splitlines(), 1):
            if named := re.match(r"\s*\[\s*(.+?)\s*\]", line):
                table = re.sub(r"[\s\"']", "", named[1])
                if table == ".".join((header, key) if header else (key,)):
                    return number
                inside = table == header
            elif re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
                if inside:
                    return number
                first = first or number
        return first


def read_config(folder: Path) -> ConfigFile | None:
    """The file of defaults in a folder; `nhsa-sim.toml` goes before `pyproject.toml`. Raises DataFaults."""
    for name in NAMES:
        file = folder / name
        if not file.is_file():
            continue
        try:
            raw = file.read_bytes()
        except OSError:
            raise DataFaults([DataFault(text("data.no_such_file", path=name), file=name)]) from None
        prefix: tuple[str, ...] = _IN_PYPROJECT if name == NAMES[1] else ()
        if prefix and b"nhsa-sim" not in raw:
            return None
        if len(raw) > _LARGEST:
            raise DataFaults([DataFault(text("data.too_large", size=len(raw), limit=_LARGEST), file=name)])
        written = decode(raw, name)
        tables: Any = _parsed(written, name)
        for key in prefix:
            tables = tables.get(key, {}) if isinstance(tables, Mapping) else {}
        if not isinstance(tables, Mapping):
            raise DataFaults([DataFault(text("config.no_table", got=_IN_PYPROJECT[-1]), ".".join(prefix), name)])
        return ConfigFile(name, tables, written, prefix) if tables else None
    return None


def _parsed(written: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(written)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (None, None)
        raise DataFaults([DataFault(text("config.not_toml", problem=str(error)), "", name, line, column)]) from None


def _options(command: click.Command) -> Iterator[tuple[str, click.Option]]:
    """Options by every long name, without its dashes."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            for written in (*parameter.opts, *parameter.secondary_opts):
                name = written.removeprefix("--")
                if written.startswith("--") and name not in _NO_DEFAULT:
                    yield name, parameter


def _value(command: click.Command, option: click.Option, value: Any) -> Any:
    """The value as click takes it, judged by the type of the option; raises click.BadParameter."""
    if option.is_flag:
        if not isinstance(value, bool):
            raise click.BadParameter(str(text("config.wanted_bool")))
        return value
    if option.multiple != isinstance(value, list):
        raise click.BadParameter(str(text("config.wanted_list" if option.multiple else "config.wanted_one")))
    written = [str(each) for each in value] if option.multiple else str(value)
    option.type_cast_value(click.Context(command), written)
    return written
