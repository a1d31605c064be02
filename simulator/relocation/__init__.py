"""Scenarios moved to another city: roles and places take new areas and codes, relations between them stay."""

from simulator.relocation.library import Library, open_library
from simulator.relocation.new_city import NewCity
from simulator.relocation.relocate import relocate

__all__ = ["Library", "NewCity", "open_library", "relocate"]
