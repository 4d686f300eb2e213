"""Statement files as a stream: any format, one record an entry, in a folder and on to `bank_entry`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.contract import Connector, Everything
from connectors.files.composed import format_of
from hub.errors import ConfigError, Incomplete, Unavailable
from hub.mapping import load_system, run_examples
from hub.mapping.documents import DocumentReader
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.model import Record
from hub.rules import Rules
from tests.connectors.conformance import Case, Fault, Reading, Row
from tests.connectors.drop import Drop
from tests.connectors.statements.samples import CAMT, MT940

NOW = datetime(2026, 4, 1, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "bank.yaml"


class BankCase(Case):
    """A folder into which each `put` drops one MT940 file: the key is the bank's reference."""

    can = frozenset({"late", "pages", "files"})
    faults = {Fault.UNREACHABLE: Unavailable, Fault.TORN: Incomplete, Fault.GARBAGE: Unavailable}

    def __init__(self, drop: Drop) -> None:
        self.drop, self.root = drop, drop.root
        self.away = drop.root.with_name(f"{drop.root.name}-away")
        self.drop.now = NOW
        (self.root / "in").mkdir(parents=True)
        self.hurt: tuple[Path, bytes] | None = None
        self.count = 0

    def open(self) -> Connector:
        read = {"file": "in/*", "format": "bank", "size": self.size}
        said = {"system": self.system, "connector": "files", "streams": {self.stream: {"read": read}}}
        return self.drop.of(SystemMapping.model_validate(said))

    def put(self, rows: Sequence[Row]) -> None:
        self.count += 1
        path = self.root / "in" / f"{self.count:04d}.sta"
        path.write_bytes(_mt940(rows))
        at = (NOW - timedelta(days=1)).timestamp() + self.count
        os.utime(path, (at, at))

    def key(self, record: Record) -> str:
        return str(record["bank_reference"]).removeprefix("R")

    def note(self, record: Record) -> str:
        return str(record["remittance_info"])

    def fail(self, fault: Fault) -> None:
        if fault is Fault.UNREACHABLE:
            self.root.rename(self.away)
            return
        path = self.root / "in" / "0001.sta"
        whole = path.read_bytes()
        self.hurt = path, whole
        path.write_bytes(whole[:-25] if fault is Fault.TORN else b"\xff\xfe\xff" + bytes(range(256)))

    def mend(self) -> None:
        if self.away.exists():
            self.away.rename(self.root)
        if self.hurt:
            self.hurt[0].write_bytes(self.hurt[1])


def _mt940(rows: Sequence[Row]) -> bytes:
    lines = [":20:X", ":25:A", ":60F:C260101EUR0,00"]
    for row in rows:
        lines += [f":61:{row.stamp:%y%m%d}C1,00NTRFNONREF//R{row.key}", f":86:{row.note}"]
    return "\n".join([*lines, f":62F:C260401EUR{len(rows)},00", "-", ""]).encode()


class TestBank(Reading):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Iterator[Case]:
        yield BankCase(Drop(tmp_path / "drop"))


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


def test_records(drop: Drop) -> None:
    drop.put("a.sta", MT940)
    first, second, _ = drop.read("*", format="bank")
    assert first["number"] != second["number"]
    assert (first["account"], first["booked_on"], first["value_date"]) == (
        "DE02120300000000202051", "2026-02-02", "2026-02-02",
    )  # fmt: skip
    assert (first["amount"], first["currency"], first["reference"]) == (Decimal("250.00"), "EUR", "BANK-1")
    assert (first["payer_name"], first["remittance_info"]) == ("NORTH TOOLS GMBH", "INVOICE 2026-0001")
    assert (first["reversal"], first["note"], first["fee"], first["balance"]) == (False, None, None, None)
    [page] = drop.pages
    assert page.meta["statement"]["closing"] == Decimal("1219.50")
    assert page.meta["statement"]["format"] == "mt940"


def test_any_format_in_one_folder(drop: Drop) -> None:
    drop.put("a.txt", MT940)
    drop.put("b.txt", CAMT)
    found = drop.read("*.txt", format="bank")
    assert [one["bank_reference"] for one in found] == ["BANK-1", "BANK-2", "BANK-3", "BANK-1", "BANK-2"]
    assert found[0]["number"] == found[3]["number"]


def test_half_a_file_and_then_the_whole_one(drop: Drop) -> None:
    drop.put("a.sta", MT940[:300])
    assert drop.read("*.sta", format="bank") == []
    assert isinstance(drop.error, Incomplete)
    assert "line 9" in str(drop.error).casefold()
    drop.error = None
    drop.put("a.sta", MT940)
    assert len(drop.read("*.sta", format="bank")) == 3
    assert drop.read("*.sta", format="bank") == []


def test_a_row_that_cannot_be_read_goes_to_quarantine(drop: Drop) -> None:
    drop.put("a.sta", MT940.replace(b"D40,50", b"40,50"))
    assert len(drop.read("*", format="bank")) == 2
    [bad] = drop.bad
    assert (bad.raw, bad.key) == (b":61:260203020340,50NCHGNONREF//BANK-2", "a.sta:8")
    assert bad.error.key == "statements.unread"


def test_what_does_not_add_up_is_said(drop: Drop) -> None:
    drop.put("a.sta", MT940.replace(b"1219,50", b"1219,60"))
    assert len(drop.read("*", format="bank")) == 3
    assert any("1219.60" in said for page in drop.pages for said in page.warnings)


def test_what_is_no_statement_is_left_out(drop: Drop) -> None:
    drop.put("a.sta", b"Dear customer,\n")
    assert drop.read("*", format="bank") == []
    assert isinstance(drop.error, Unavailable)


def test_the_example_maps_entries(drop: Drop) -> None:
    """From the file to the document, by the mapping that the docs show."""
    mapping = load_system(EXAMPLE)
    assert [one for one in run_examples(mapping) if not one.ok] == []
    drop.put("statements/a.sta", MT940)
    reader = DocumentReader(mapping, "entries", Rules())
    pages = list(drop.of(mapping).fetch("entries", Everything()))
    found = [
        one
        for page in pages
        for record in page.records
        for one in reader.read(record, page.meta, NOW).documents
    ]
    assert [(one.kind, one.amount, one.currency) for one in found] == [
        ("bank_entry", Decimal("250.00"), "EUR"),
        ("bank_entry", Decimal("-40.50"), "EUR"),
        ("bank_entry", Decimal("10.00"), "EUR"),
    ]
    assert found[0].occurred_at == datetime(2026, 2, 1, 16, tzinfo=UTC)
    assert found[0].fields["payer"] == "NORTH TOOLS GMBH"
    assert found[0].fields["purpose"] == "INVOICE 2026-0001"


TABLE = "日期,说明,金额A,余额\n2026-01-02,货款,1000.00,2000.00\n2026-01-03,手续费,-5.00,1995.00\n"
PROFILE = "name: ours\ncurrency: CNY\ncolumns: {日期: date, 说明: text, 金额A: amount, 余额: balance}\n"


def test_profiles_that_people_confirmed_are_known(drop: Drop, tmp_path: Path) -> None:
    mapping = SystemMapping.model_validate({
        "system": "bank", "connector": "files", "path": tmp_path / "mappings" / "systems" / "bank.yaml",
        "streams": {"rows": {"read": {"file": "*.csv", "format": "bank"}}},
    })  # fmt: skip
    drop.put("a.csv", TABLE)
    before = drop.take(drop.of(mapping).fetch("rows", Everything()))
    assert [str(one["amount"]) for one in before] == ["1000.00", "-5.00"]
    assert len(drop.warnings) == 1
    (tmp_path / "mappings" / "downloads").mkdir(parents=True)
    (tmp_path / "mappings" / "downloads" / "ours.yaml").write_text(PROFILE, "utf-8")
    after = drop.take(drop.of(mapping).fetch("rows", Everything()))
    assert [one["currency"] for one in after] == ["CNY", "CNY"]
    assert drop.warnings == []


def test_statements_are_not_written() -> None:
    call = CallSpec.model_validate({"file": "out/a.sta", "format": "bank", "row": {"a": 1}})
    with pytest.raises(ConfigError) as caught:
        format_of(call, "a.sta")
    assert caught.value.key == "files.not_written_so"
