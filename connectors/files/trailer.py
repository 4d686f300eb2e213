"""The last row of a file that counts it: a file without it, or that counts otherwise, is torn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from connectors.files.cells import Cells
from connectors.files.rows import Torn, Unusable
from hub.errors import RecordError
from hub.mapping.callspec import TrailerSpec
from hub.mapping.numbers import compile_number
from hub.model import Record


@dataclass(slots=True)
class Trailer:
    """Counts a file along and compares with what its last row says. `columns` are those the file can have."""

    spec: TrailerSpec
    numbers: str | None
    rows: int = 0
    sum: Decimal | None = field(default_factory=Decimal)  # None: a row's number cannot be read
    found: Cells | None = None
    columns: Sequence[str] = ()

    def closes(self, row: Cells, last: bool) -> bool:
        """Tell whether `row` is the trailer; it must be the last."""
        if row.broken or not row.cells or not fnmatchcase(str(row.cells[0]).strip(), self.spec.first):
            return False
        if not last:
            raise Unusable("files.rows_after_trailer", row.number)
        self.found = row
        return True

    def count(self, record: Record | None, *, counts: bool = True) -> None:
        """Take one row of the file along, None for one that could not be read; the total is of all rows."""
        self.rows += counts
        if record is not None and self.spec.of in record:
            number = self._number(record[self.spec.of])
            self.sum = None if self.sum is None or number is None else self.sum + number

    def settle(self) -> None:
        """Raise Torn if there was no trailer, or it counts otherwise."""
        if self.found is None:
            raise Torn("files.no_trailer")
        if self.spec.of is not None and self.spec.of not in self.columns:
            raise Unusable("files.no_column", column=self.spec.of, known=", ".join(self.columns))
        if self.spec.count is not None:
            self._compare("files.count_differs", self.spec.count, Decimal(self.rows + self.spec.plus))
        if self.spec.total is not None and self.sum is not None:
            self._compare("files.total_differs", self.spec.total, self.sum)

    def _compare(self, key: str, column: int, counted: Decimal) -> None:
        row = self.found
        if row is None or len(row.cells) < column:
            line, got = (row.number, len(row.cells)) if row else (0, 0)
            raise Torn("files.cut_row", line, got=got, expected=column)
        said = row.cells[column - 1]
        if self._number(said) != counted:
            raise Torn(key, row.number, said=said, counted=f"{counted:f}")

    def _number(self, cell: Any) -> Decimal | None:
        """Return a cell's number, 0 if it is empty, None if it is none."""
        try:
            return compile_number(self.numbers)(cell)[0] or Decimal()
        except RecordError:
            return None
