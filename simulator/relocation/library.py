"""City files, institutions and catalogues that a moved scenario goes by."""

from dataclasses import dataclass

from simulator.benefit import PolicyBook
from simulator.catalogue import CatalogueBook, InstitutionBook
from simulator.relocation.new_city import NewCity, read_new_city


@dataclass(frozen=True, slots=True)
class Library:
    """Books of a run; `written_under` holds the city files that scenarios were written under."""

    written_under: PolicyBook
    policies: PolicyBook
    """The same with the file of the new city."""
    institutions: InstitutionBook
    catalogues: CatalogueBook


def open_library(
    written: str, policies: PolicyBook, institutions: InstitutionBook, catalogues: CatalogueBook
) -> tuple[NewCity, Library]:
    """City named as `AREA=FILE`, and the books with its file laid over them; raises SetupError and DataFaults."""
    city, extended = read_new_city(written, policies)
    return city, Library(policies, extended, institutions, catalogues)
