"""An edition as files for other tools: JSON Schemas, OpenAPI, code tables, CSV that a spreadsheet opens unharmed."""

from simulator.contract.export.file_export import export_edition
from simulator.contract.export.openapi import openapi_of

__all__ = ["export_edition", "openapi_of"]
