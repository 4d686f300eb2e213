"""All findings as CSV: UTF-8 with a mark, so that spreadsheets of any language open it rightly."""

from __future__ import annotations

import csv
from pathlib import Path

from reconciler.reports import sheets
from reconciler.reports.words import Words
from reconciler.result import Result


def write_csv(result: Result, path: Path, words: Words) -> None:
    """Write one line a finding to `path`."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(sheets.lines(sheets.finding_heads(words), words))
        writer.writerows(sheets.lines(row, words) for row in sheets.finding_rows(result, words))
