"""The files connector on real files, in each of its formats."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from connectors.contract import Connector
from connectors.files import FilesConnector
from hub.config import connection
from hub.errors import Incomplete, Unavailable
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors.conformance import Case, Fault, Reading, Row

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NAMES = ("运单号", "时间", "备注")


class FilesCase(Case):
    """A folder into which each `put` drops one file. Records come late as they like: a file is a file."""

    can = frozenset({"late", "pages", "files"})
    faults = {Fault.UNREACHABLE: Unavailable, Fault.TORN: Incomplete, Fault.GARBAGE: Unavailable}

    def __init__(self, folder: Path, ending: str) -> None:
        self.root, self.away, self.ending = folder / "drop", folder / "away", ending
        (self.root / "in").mkdir(parents=True)
        self.hurt: tuple[Path, bytes] | None = None
        self.count = 0

    def open(self) -> Connector:
        read = {"file": f"in/*.{self.ending}", "size": self.size}
        said = {"system": self.system, "connector": "files", "streams": {self.stream: {"read": read}}}
        spoken = {"conn_type": "file", "password": self.secret, "extra": {"path": str(self.root)}}
        reached = connection("source", {"AIRFLOW_CONN_SOURCE": json.dumps(spoken)})
        return FilesConnector(SystemMapping.model_validate(said), reached, lambda: NOW)

    def put(self, rows: Sequence[Row]) -> None:
        self.count += 1
        cells = [(row.key, row.stamp.isoformat(), row.note) for row in rows]
        path = self.root / "in" / f"EVT_{self.count:04d}.{self.ending}"
        path.write_bytes(WRITE[self.ending](cells))
        at = (NOW - timedelta(days=1)).timestamp() + self.count
        os.utime(path, (at, at))

    def key(self, record: Record) -> str:
        return str(record["运单号"])

    def note(self, record: Record) -> str:
        return str(record["备注"])

    def fail(self, fault: Fault) -> None:
        if fault is Fault.UNREACHABLE:
            self.root.rename(self.away)
            return
        path = self.root / "in" / f"EVT_0001.{self.ending}"
        whole = path.read_bytes()
        self.hurt = path, whole
        path.write_bytes(whole[:-25] if fault is Fault.TORN else b"\xff\xfe\xff" + bytes(range(256)))

    def mend(self) -> None:
        if self.away.exists():
            self.away.rename(self.root)
        if self.hurt:
            self.hurt[0].write_bytes(self.hurt[1])


def _csv(rows: list[tuple[str, str, str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([NAMES, *rows])
    return out.getvalue().encode()


def _xlsx(rows: list[tuple[str, str, str]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [NAMES, *rows]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _json(rows: list[tuple[str, str, str]]) -> bytes:
    return json.dumps([dict(zip(NAMES, row, strict=True)) for row in rows], ensure_ascii=False).encode()


def _jsonl(rows: list[tuple[str, str, str]]) -> bytes:
    return "".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in rows).encode()


WRITE = {"csv": _csv, "xlsx": _xlsx, "json": _json, "jsonl": _jsonl}


class TestFiles(Reading):
    @pytest.fixture(params=sorted(WRITE))
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> Case:
        return FilesCase(tmp_path, request.param)
