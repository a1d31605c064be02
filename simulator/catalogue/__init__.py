"""Catalogue of each treatment place, and its institutions (就医地目录).

Drugs are one national list; services and consumables are each place's own. Tables only; classification is pure.
"""

from simulator.catalogue.catalogues import CatalogueBook
from simulator.catalogue.classification import Charge, Classification, classify, classify_at
from simulator.catalogue.institutions import Institution, InstitutionBook, level_of
from simulator.catalogue.item import Catalogue, Item
from simulator.catalogue.item_reader import item_json

__all__ = [
    "Catalogue",
    "CatalogueBook",
    "Charge",
    "Classification",
    "Institution",
    "InstitutionBook",
    "Item",
    "classify",
    "classify_at",
    "item_json",
    "level_of",
]
