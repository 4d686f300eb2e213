"""Canonical orders as a sheet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.model import Status
from hub.store import Store
from hub.store.tables import orders
from sync.sheets.columns import COLUMNS, Cell, cells_of, safe

PAGE = 2_000

Write = Callable[[list[Cell]], object]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders: by company, status, type, customer, changed since a moment; None for any."""

    company: str | None = None
    status: Status | None = None
    order_type: str | None = None
    customer_no: str | None = None
    changed_since: datetime | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on `orders`."""
        equal = {
            orders.c.company: self.company,
            orders.c.status: None if self.status is None else int(self.status),
            orders.c.order_type: self.order_type,
            orders.c.customer_no: self.customer_no,
        }
        found: list[sa.ColumnElement[bool]] = [
            column == value for column, value in equal.items() if value is not None
        ]
        if self.changed_since is not None:
            found.append(orders.c.changed_at >= self.changed_since)
        return found


def export_orders(
    store: Store,
    file: Path,
    wanted: Wanted,
    zone: tzinfo,
    progress: Callable[[str, int, int | None], None] = lambda stage, done, total: None,
) -> int:
    """Write the wanted orders to `file` (CSV or XLSX by its ending), by company and number; return how many.

    ConfigError for another ending, or a folder that is not there. Times are in `zone`, with their offset.
    """
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        raise ConfigError("sync.sheet_kind", file=file.name)
    if not file.absolute().parent.is_dir():
        raise ConfigError("sync.sheet_folder", folder=file.absolute().parent)
    count = 0
    with store.read() as conn, writer(file) as write:
        write(list(COLUMNS))
        total = conn.execute(
            sa.select(sa.func.count()).select_from(orders).where(*wanted.conditions())
        ).scalar_one()
        chosen = sa.select(orders).where(*wanted.conditions()).order_by(orders.c.company, orders.c.order_no)
        for row in conn.execute(chosen.execution_options(yield_per=PAGE)):
            write(list(cells_of(dict(row._mapping), zone).values()))
            count += 1
            if count % PAGE == 0 or count == total:
                progress("export", count, total)
    return count


@contextmanager
def _csv(file: Path) -> Iterator[Write]:
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.writer(opened)
        yield lambda cells: writer.writerow([_text(cell) for cell in cells])


@contextmanager
def _xlsx(file: Path) -> Iterator[Write]:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(file), {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("orders")
    sheet.freeze_panes(1, 2)
    row = 0

    def write(cells: list[Cell]) -> None:
        nonlocal row
        for column, cell in enumerate(cells):
            _put(sheet, row, column, cell)
        row += 1

    yield write
    book.close()


def _put(sheet: Any, row: int, column: int, cell: Cell) -> None:
    """Write one cell; a number that a spreadsheet cannot hold exactly is written as text."""
    if isinstance(cell, Decimal) and Decimal(repr(float(cell))) == cell:
        sheet.write_number(row, column, float(cell))  # exact: it was compared
    elif cell is not None:
        sheet.write_string(row, column, _text(cell))


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:f}" if isinstance(cell, Decimal) else safe(cell)


_WRITERS = {".csv": _csv, ".xlsx": _xlsx}
