"""Book of policies: the city file that speaks for an area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from simulator.benefit.checks import check
from simulator.benefit.city import City
from simulator.benefit.city_file import NATIONAL, CityFile, Stated, compile_city
from simulator.benefit.examples import failing_examples
from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import faults_of, shape
from simulator.core.strict_yaml import Document, parse_yaml, read_yaml
from simulator.core.texts import text

_MOST_ASKED = 4096
"""Areas kept compiled; there are fewer in the country, but a message may name any six digits."""


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """Every policy file, by area; a book is never changed, `with_city` gives another one."""

    files: Mapping[str, CityFile]
    _asked: dict[str, City]
    """Cities compiled so far, of this book alone."""

    @classmethod
    def shipped(cls) -> "PolicyBook":
        """The files that come with the product."""
        return cls._of(_shipped_files())

    @classmethod
    def load(cls, folder: Path) -> "PolicyBook":
        """The `*.yaml` of a folder laid over the shipped files; raises DataFaults for all faulty files together.

        A file whose own worked examples do not come out is faulty too: it does not say what its policy says.
        """
        if not folder.is_dir():
            raise DataFaults([DataFault(text("policy.not_a_folder", path=str(folder)), file=str(folder))])
        own = _read_all(sorted(folder.glob("*.yaml")), shipped=False)
        book = cls._of({**_shipped_files(), **own})
        wrong = [fault for area in own if area != NATIONAL for fault in failing_examples(book.city(area))]
        if wrong:
            raise DataFaults(wrong)
        return book

    def city(self, area: str) -> City:
        """The policy for an area: its own file, else its city's, else its province's, else the national defaults."""
        found = self._asked.get(area)
        if found is None:
            if len(self._asked) >= _MOST_ASKED:
                self._asked.clear()
            found = self._asked[area] = City(area, self._file(area), self.files[NATIONAL])
        return found

    def with_city(self, given: str | bytes | Stated, name: str, *, area: str | None = None) -> "PolicyBook":
        """A book in which the given file, YAML text or a body already read, replaces that of its area.

        `area`, if named, is the one that the file must speak for. Raises DataFaults.
        """
        file = _from_given(given, name)
        if area is not None and file.area != area:
            sentence = text("policy.area_given", area=file.area, wanted=area)
            raise DataFaults([file.document.fault("area", sentence)])
        if file.area == NATIONAL:
            return PolicyBook._of({**self.files, NATIONAL: file})
        faults = check(file, self.files[NATIONAL])
        if faults:
            raise DataFaults(faults)
        return PolicyBook({**self.files, file.area: file}, {})

    def _file(self, area: str) -> CityFile:
        for candidate in (area, area[:4] + "00", area[:2] + "0000"):
            if candidate in self.files:
                return self.files[candidate]
        return self.files[NATIONAL]

    @classmethod
    def _of(cls, files: Mapping[str, CityFile]) -> "PolicyBook":
        national = files.get(NATIONAL)
        if national is None:
            raise DataFaults([DataFault(text("policy.no_defaults"))])
        faults = check(national, None)
        for area, file in sorted(files.items()):
            faults += check(file, national) if area != NATIONAL else []
        if faults:
            raise DataFaults(faults)
        return cls(files, {})


@cache
def _shipped_files() -> Mapping[str, CityFile]:
    with resources.as_file(resources.files("simulator.benefit.policies")) as folder:
        return _read_all(sorted(folder.glob("*.yaml")), shipped=True)


def _read_all(paths: Sequence[Path], *, shipped: bool) -> dict[str, CityFile]:
    files: dict[str, CityFile] = {}
    faults: list[DataFault] = []
    for path in paths:
        try:
            file = _read(path, shipped=shipped)
            files[file.area] = file
        except DataFaults as error:
            faults += error.faults
    if faults:
        raise DataFaults(faults)
    return files


def _read(path: Path, *, shipped: bool) -> CityFile:
    file = replace(compile_city(read_yaml(path, shape("simulator.benefit", "city.schema.json"))), shipped=shipped)
    if file.area != path.stem:
        raise DataFaults([file.document.fault("area", text("policy.file_name", area=file.area, name=path.name))])
    return file


def _from_given(given: str | bytes | Stated, name: str) -> CityFile:
    """A body that was already read has paths in its faults, but no lines."""
    validator = shape("simulator.benefit", "city.schema.json")
    if isinstance(given, (str, bytes)):
        return compile_city(parse_yaml(given, name, validator))
    # Not made a dict first: a body that is a list or a number is a fault like any other.
    faults = [DataFault(fault.sentence, fault.path, name) for fault in faults_of(given, validator)]
    if faults:
        raise DataFaults(faults)
    return compile_city(Document(given, name, {}))
