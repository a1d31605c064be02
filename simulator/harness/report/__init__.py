"""Report of a run: an HTML file that opens offline, verdict first; messages are packed, so that it stays small."""

from simulator.harness.report.page import write_report

__all__ = ["write_report"]
