"""The files connector passes the writing half of the contract, in a folder here and on servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.files import FilesConnector
from hub import yamlfile
from hub.errors import AuthExpired, OutcomeUnknown, Unavailable
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors.conformance_writing import Fault, Kept, WriteCase, Writing
from tests.connectors.drop import Drop, drop_at, ftp, sftp
from tests.connectors.file_servers import PASSWORD, Served

__all__ = ["ftp", "sftp"]

MAPPING = """
system: target
connector: files
mode: live
streams:
  orders:
    read: {file: "orders/*.json"}
    extras: {note: note}
    fields: {order_no: no, status: {from: state, codes: {NEW: confirmed, SHIP: shipped}},
             ordered: {sum: "lines[].qty"}}
writes:
  orders:
    find: &find {file: "orders/*.json", on: {no: order_no}}
    create:
      file: "orders/{{ key }}.json"
      json: {id: =key, no: =order_no, state: =status, note: =note,
             lines: {each: lines, as: {sku: =item.sku, qty: =item.quantity}}}
    update:
      status: &whole
        file: "orders/{{ part }}.json"
        json: {id: =part, no: =order_no, state: =status, note: =note,
               lines: {each: lines, as: {sku: =item.sku, qty: =item.quantity}}}
      note:
        file: "orders/{{ part }}.json"
        if: note != was.note
        json: {id: =part, no: =order_no, state: =status, note: =note,
               lines: {each: lines, as: {sku: =item.sku, qty: =item.quantity}}}
  native:
    find: *find
    create:
      file: "orders/{{ key }}.json"
      idempotent: true
      json: {id: =key, no: =order_no, state: =status, note: =note,
             lines: {each: lines, as: {sku: =item.sku, qty: =item.quantity}}}
  steps:
    find: *find
    create:
      - {file: "orders/{{ order_no }}.json",
         json: {id: =order_no, no: =order_no, state: =status, note: "", lines: []}}
      - {file: "orders/{{ order_no }}.json",
         json: {id: =order_no, no: =order_no, state: =status, note: =note, lines: []}}
"""


class FilesWrites(WriteCase):
    """A folder that holds one file for each order."""

    secret = PASSWORD
    can = frozenset({"native", "updates", "steps", "doubles"})
    faults: ClassVar = {Fault.NOBODY: Unavailable}

    def __init__(self, drop: Drop, served: Served | None = None) -> None:
        self.drop, self.served, self.folder = drop, served, drop.root / "orders"
        self.away = drop.root.with_name(f"{drop.root.name}-away")
        self.count = 0

    @property
    def mapping(self) -> SystemMapping:
        return self._mapping

    _mapping = SystemMapping.model_validate(yamlfile.load(MAPPING, "target.yaml").data)

    def open(self) -> FilesConnector:
        return self.drop.of(self.mapping)

    def rows(self) -> list[Kept]:
        paths = sorted(self.folder.glob("*")) if self.folder.exists() else []
        assert not [path for path in paths if path.suffix != ".json"], "something temporary was left"
        said = [json.loads(path.read_text("utf-8"), parse_float=Decimal) for path in paths]
        return sorted(
            (
                Kept(
                    one["no"],
                    one["state"],
                    one["note"],
                    {line["sku"]: Decimal(line["qty"]) for line in one["lines"]},
                )
                for one in said
            ),
            key=lambda one: (one.number, one.note),
        )

    def put(self, *orders: Kept) -> None:
        for one in orders:
            self.count += 1
            lines = [{"sku": sku, "qty": str(qty)} for sku, qty in one.lines.items()]
            said = {"id": f"hand-{self.count}", "no": one.number, "state": one.status, "note": one.note}
            self._write(f"hand-{self.count}", {**said, "lines": lines})

    def edit(self, number: str, note: str) -> None:
        for path in self._of(number):
            self._write(path.stem, {**json.loads(path.read_text("utf-8")), "note": note})

    def remove(self, number: str) -> None:
        for path in self._of(number):
            path.unlink()

    def known(self, record: Record) -> dict[str, Any]:
        return {"part": record["id"]}

    def fail(self, fault: Fault) -> None:
        self.drop.root.rename(self.away)

    def mend(self) -> None:
        if self.away.exists():
            self.away.rename(self.drop.root)

    def _write(self, stem: str, said: dict[str, Any]) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / f"{stem}.json").write_text(json.dumps(said), "utf-8")

    def _of(self, number: str) -> list[Path]:
        return [path for path in self.folder.glob("*") if json.loads(path.read_text("utf-8"))["no"] == number]


class ServedWrites(FilesWrites):
    """The same on a server, which refuses the login or breaks the line when a file is to get its name."""

    faults: ClassVar = {**FilesWrites.faults, Fault.DENIED: AuthExpired}

    def fail(self, fault: Fault) -> None:
        assert self.served is not None
        match fault:
            case Fault.DENIED:
                self.served.deny = True
            case Fault.LOST_BEFORE:
                self.served.cuts = "before"
            case Fault.LOST_AFTER:
                self.served.cuts = "after"
            case _:
                super().fail(fault)

    def mend(self) -> None:
        assert self.served is not None
        self.served.deny, self.served.cuts = False, ""
        for left in self.folder.glob(".*.part"):
            left.unlink()
        super().mend()


class SftpWrites(ServedWrites):
    """SFTP."""

    faults: ClassVar = {
        **ServedWrites.faults,
        Fault.LOST_BEFORE: OutcomeUnknown,
        Fault.LOST_AFTER: OutcomeUnknown,
    }


class TestHere(Writing):
    @pytest.fixture
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WriteCase]:
        case = FilesWrites(drop_at("here", request, tmp_path))
        yield case
        case.drop.close()


class TestSftp(Writing):
    @pytest.fixture
    def case(self, request: pytest.FixtureRequest, tmp_path: Path, sftp: Served) -> Iterator[WriteCase]:
        case = SftpWrites(drop_at("sftp", request, tmp_path), sftp)
        yield case
        case.mend()
        case.drop.close()


class TestFtp(Writing):
    @pytest.fixture
    def case(self, request: pytest.FixtureRequest, tmp_path: Path, ftp: Served) -> Iterator[WriteCase]:
        case = ServedWrites(drop_at("ftp", request, tmp_path), ftp)
        yield case
        case.mend()
        case.drop.close()
