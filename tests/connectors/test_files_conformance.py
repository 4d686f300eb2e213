"""The files connector on real files, in each of its formats and at each kind of place."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree

from connectors.contract import Connector
from hub.errors import AuthExpired, Incomplete, Unavailable
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors.conformance import Case, Fault, Reading, Row
from tests.connectors.drop import Drop, drop_at, ftp, sftp
from tests.connectors.file_servers import Served

__all__ = ["ftp", "sftp"]

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NAMES = ("运单号", "时间", "备注")


class FilesCase(Case):
    """A folder into which each `put` drops one file. Records come late as they like: a file is a file."""

    can = frozenset({"late", "pages", "files"})
    faults = {Fault.UNREACHABLE: Unavailable, Fault.TORN: Incomplete, Fault.GARBAGE: Unavailable}

    def __init__(self, drop: Drop, ending: str, served: Served | None = None) -> None:
        self.drop, self.served, self.root = drop, served, drop.root
        self.away, self.ending = drop.root.with_name(f"{drop.root.name}-away"), ending
        self.drop.now = NOW
        (self.root / "in").mkdir(parents=True)
        self.hurt: tuple[Path, bytes] | None = None
        self.count = 0

    def open(self) -> Connector:
        read = {"file": f"in/*.{self.ending}", "size": self.size, **READ.get(self.ending, {})}
        said = {"system": self.system, "connector": "files", "streams": {self.stream: {"read": read}}}
        return self.drop.of(SystemMapping.model_validate(said))

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
        return str(record["备注"]).rstrip()  # fixed width: padding is the mapping's to trim

    def fail(self, fault: Fault) -> None:
        if fault is Fault.DENIED and self.served:
            self.served.deny = True
            return
        if fault is Fault.UNREACHABLE:
            self.root.rename(self.away)
            return
        path = self.root / "in" / f"EVT_0001.{self.ending}"
        whole = path.read_bytes()
        self.hurt = path, whole
        path.write_bytes(whole[:-25] if fault is Fault.TORN else b"\xff\xfe\xff" + bytes(range(256)))

    def mend(self) -> None:
        if self.served:
            self.served.deny = False
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


def _fixed(rows: list[tuple[str, str, str]]) -> bytes:
    return "".join(f"{key:10}{stamp:40}{note:40}\r\n" for key, stamp, note in rows).encode()


def _xml(rows: list[tuple[str, str, str]]) -> bytes:
    root = etree.Element("批次")
    for row in rows:
        record = etree.SubElement(root, "单")
        for name, value in zip(NAMES, row, strict=True):
            etree.SubElement(record, name).text = value
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


READ: dict[str, dict[str, Any]] = {"txt": {"widths": [10, 40, 40], "columns": NAMES}}
WRITE = {"csv": _csv, "txt": _fixed, "xml": _xml, "xlsx": _xlsx, "json": _json, "jsonl": _jsonl}


class TestFiles(Reading):
    @pytest.fixture(params=sorted(WRITE))
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> Case:
        return FilesCase(drop_at("here", request, tmp_path), request.param)


class ServedCase(FilesCase):
    """The same folder on a server, which may refuse the login."""

    faults = {**FilesCase.faults, Fault.DENIED: AuthExpired}


class TestPlaces(Reading):
    @pytest.fixture(params=["sftp", "ftp"])
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
        case = ServedCase(
            drop_at(request.param, request, tmp_path), "csv", request.getfixturevalue(request.param)
        )
        yield case
        case.mend()
        case.drop.close()
