"""City that no shipped file speaks for, with the city file that a user gives for it."""

from dataclasses import dataclass
from pathlib import Path

from simulator.benefit import City, PolicyBook, failing_examples
from simulator.core.errors import DataFault, DataFaults, SetupError
from simulator.core.strict_yaml import decode
from simulator.core.texts import text
from simulator.people.areas import is_area


@dataclass(frozen=True, slots=True)
class NewCity:
    """City with a file of its own."""

    area: str
    name: str
    name_en: str
    file: Path
    text: str
    """The city file as written."""


def read_new_city(written: str, book: PolicyBook) -> tuple[NewCity, PolicyBook]:
    """City named as `AREA=FILE`, and the book with its file laid over it.

    Raises SetupError for another form, DataFaults for a faulty file and for examples that do not come out.
    """
    area, _, name = written.partition("=")
    if not name:
        raise SetupError(text("relocation.bad_city", got=written))
    if not is_area(area):
        raise DataFaults([DataFault(text("refusal.area_unknown", area=area), "--city")])
    file = Path(name)
    try:
        raw = file.read_bytes()
    except OSError:
        raise DataFaults([DataFault(text("data.no_such_file", path=name), file=name)]) from None
    source = decode(raw, name)
    extended = book.with_city(source, name, area=area)
    city: City = extended.city(area)
    if wrong := failing_examples(city):
        raise DataFaults(wrong)
    return NewCity(area, city.name, city.name_en, file, source), extended
