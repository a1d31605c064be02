"""Coverage: transactions × editions × (contract, example, handler, scenario), counted from the product itself."""

from simulator.coverage.forms import FORMS
from simulator.coverage.table import GAPS, CoverageRow, CoverageTable, accepted_in, coverage

__all__ = ["FORMS", "GAPS", "CoverageRow", "CoverageTable", "accepted_in", "coverage"]
