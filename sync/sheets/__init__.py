"""Orders in spreadsheets: out as CSV or XLSX, and in again through the same gates as any other record.

A sheet is a system like others, by default called "sheet", whose mapping is built in: the connector `files`
reads it, the mapping language says what its columns mean, and the inlet takes its rows. What the hub holds
already leaves no trace, so an export that is imported again changes nothing. A sheet that is given a name of
its own is a track beside the hub: all that it says is kept, to be compared.
"""

from __future__ import annotations

from sync.sheets.columns import COLUMNS, REQUIRED
from sync.sheets.exporting import Wanted, export_orders
from sync.sheets.importing import Imported, RowProblem, import_orders
from sync.sheets.mapping import SYSTEM, with_sheets

__all__ = [
    "COLUMNS",
    "REQUIRED",
    "SYSTEM",
    "Imported",
    "RowProblem",
    "Wanted",
    "export_orders",
    "import_orders",
    "with_sheets",
]
