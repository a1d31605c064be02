"""Defects that a reference hospital can be given, to measure a rehearsal with; the sound hospital imports none."""

from simulator.harness.hospital.defects import (  # noqa: F401 (each module registers its overlays)
    amount_defects,
    conduct_defects,
    message_defects,
)
from simulator.harness.hospital.defects.overlays import names_of_hospital_defects, with_defects

__all__ = ["names_of_hospital_defects", "with_defects"]
