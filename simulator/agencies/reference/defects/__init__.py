"""Defects that a reference agency can be given, to measure a rehearsal with; the sound agency imports none of them."""

from simulator.agencies.reference.defects import (  # noqa: F401 (each module registers its overlays)
    amount_defects,
    answer_defects,
    book_defects,
    cap_and_layer_defects,
    entitlement_defects,
    message_defects,
)
from simulator.agencies.reference.defects.overlays import names_of_agency_defects, with_defects

__all__ = ["names_of_agency_defects", "with_defects"]
