"""The line under what was before the hub: old differences are one item, gaps are asked for and read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from hub.locale import text
from tests.cli.home import WMS as WAREHOUSE
from tests.cli.home import Home
from tests.cli.houses import house_home
from tests.sync.out.house import LEDGER, SHOP, WMS, House

ORDERS = (
    "N1,SO1,S,10,10,2026-01-05T08:00:00,Ada,100.50,CNY",
    "N1,SO2,C,5,0,2026-01-05T09:00:00,Bob,20,CNY",
    "N2,SO1,C,7,0,2026-01-05T10:00:00,Eve,3,CNY",
    "N1,SO9,C,7,0,2026-03-05T10:00:00,Eve,3,CNY",
)


@pytest.fixture
def old(fresh: Home) -> Home:
    """A home with two old differences and a young one."""
    fresh.drop("orders_1.csv", ORDERS)
    fresh.read()
    assert {one["order_no"] for one in fresh.json("findings", "list")} == {"SO1", "SO2", "SO9"}
    return fresh


def test_old_differences_are_one_item_and_young_ones_stay(old: Home) -> None:
    told = old.json("baseline", "--from", "2026-02-01", "--who", "anna")["baseline"]
    assert (told["taken"], told["history"], told["younger"]) == (3, 0, 1)
    parked = told["parked"]
    assert parked == told["legacy"] > 0
    assert {one["order_no"] for one in old.json("findings", "list")} == {"SO9"}
    shown = " ".join(old.run("findings", "list").stdout.split())
    line = f"{parked} differences on orders born before 2026-02-01 are parked as legacy"
    assert line in shown and "by anna" in shown
    assert line in " ".join(old.run("status").stdout.split())
    assert old.run("reconcile").exit_code == 0
    assert {one["order_no"] for one in old.json("findings", "list")} == {"SO9"}, "they stay parked"


def test_a_second_baseline_changes_nothing(old: Home) -> None:
    first = old.json("baseline", "--from", "2026-02-01")["baseline"]
    again = old.json("baseline", "--from", "2026-02-01")["baseline"]
    assert (again["parked"], again["legacy"]) == (0, first["legacy"])


def test_what_was_parked_comes_back_when_it_changes(old: Home) -> None:
    legacy = old.json("baseline", "--from", "2026-02-01")["baseline"]["legacy"]
    old.deliver([("D2", "N1", "SO2", "NEW", 9, 0, "2026-01-05 18:00:00")])
    old.read()
    assert {one["order_no"] for one in old.json("findings", "list")} == {"SO2", "SO9"}
    assert f"{legacy - 1} differences" in old.run("findings", "list").stdout


def test_something_must_be_asked_for(old: Home) -> None:
    assert old.run("baseline").exit_code == 2
    assert old.run("baseline", "--from", "soon").exit_code == 2


# the workbook

WMS_OF_OLD = WAREHOUSE.partition("    examples:")[0].replace("PICK: allocated, ", "")
"""A warehouse that says PICK, which nobody has explained."""

LINES = """
system: {system}
connector: files
connection: erp
time: {{zone: UTC, format: iso}}
streams:
  notes:
    read: {{file: "{system}_*.jsonl"}}
    key: no
    fields:
      company: company
      order_no: {order_no}
      part: no
      status: {{from: state, codes: {{GO: in_transit}}}}
      shipped: {{sum: "lines[].qty", unit: "lines[].unit", sku: "lines[].item"}}
      occurred_at: {{from: changed, says: modified}}
    extras:
      customer_no: cno
      customer_name: cname
      lines: {{each: lines, as: {{line_no: pos, sku: item, quantity: {{from: qty, unit: unit}}}}}}
"""


def note(no: str, order: str, item: str, cno: str, cname: str, unit: str = "pc") -> str:
    """Return a record of a system with lines; `order` is what it calls it by."""
    line = {"pos": "1", "qty": 1, "unit": unit, "item": item}
    told = {"no": no, "company": "N1", "order": order, "state": "GO", "changed": "2026-01-06T08:00:00"}
    return json.dumps({**told, "cno": cno, "cname": cname, "lines": [line]})


@pytest.fixture
def gaps(fresh: Home) -> Home:
    """A home in which a code, a unit, an item, a delivery and a customer are not what they should be."""
    systems = fresh.path / "mappings" / "systems"
    (systems / "wms.yaml").write_text(WMS_OF_OLD, "utf-8")
    (systems / "crm.yaml").write_text(LINES.format(system="crm", order_no="order"), "utf-8")
    tms = LINES.format(system="tms", order_no="[{link: delivery, from: order}]")
    (systems / "tms.yaml").write_text(tms, "utf-8")
    (fresh.path / "mappings" / "units.csv").write_text("sku,unit,factor\n*,pc,1\n", "utf-8")
    fresh.drop("orders_1.csv", ORDERS)
    fresh.deliver([("D2", "N1", "SO2", "PICK", 5, 0, "2026-01-05 17:00:00")])
    drop = fresh.path / "drop"
    (drop / "crm_1.jsonl").write_text(note("1", "SO1", "A1", "C1", "Ace") + "\n", "utf-8")
    notes = (
        note("W1", "D77", "A1", "C1", "Ace"),
        note("W2", "D2", "X9", "C1", "Bolt"),
        note("W3", "D1", "A1", "C1", "Ace", unit="box"),
        note("W4", "D1", "A1", "C2", "ACE"),
        note("W5", "D1", "A1", "C1", "Ace"),
    )
    (drop / "tms_1.jsonl").write_text("\n".join(notes) + "\n", "utf-8")
    done = fresh.run("sync")
    assert done.exit_code == 0, done.output
    return fresh


def written(home: Home, *more: str) -> Path:
    path = home.path / "gaps.xlsx"
    done = home.run("baseline", "--xlsx", str(path), *more)
    assert done.exit_code == 0, done.output
    return path


def rows(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    return list(load_workbook(path)[sheet].iter_rows(min_row=2, values_only=True))


def fill(path: Path, **cells: dict[str, Any]) -> None:
    """Fill cells in: fill(path, units={"F2": 24})."""
    book = load_workbook(path)
    for sheet, told in cells.items():
        for place, value in told.items():
            book[sheet.replace("_", " ")][place] = value
    book.save(path)


RIGHT: dict[str, dict[str, Any]] = {
    "units": {"F2": 24},
    "unmapped_SKUs": {"F2": "A1", "G2": "2026-01-01"},
    "unknown_codes": {"F2": "allocated"},
    "orphan_numbers": {"H2": "SO2"},
    "duplicate_customers": {"G2": "C1"},
}


def test_the_workbook_says_what_was_found_where(gaps: Home) -> None:
    path = written(gaps)
    book = load_workbook(path)
    assert book.sheetnames == [
        "read me", "duplicate customers", "unmapped SKUs", "units", "unknown codes", "orphan numbers",
    ]  # fmt: skip
    (item,) = rows(path, "unmapped SKUs")
    assert item[:4] == ("tms", "X9", 1, "N1/SO2") and not any(item[4:])
    assert rows(path, "units") == [("tms", "A1", "box", 1, "W3", None)]
    assert rows(path, "unknown codes") == [("wms", "deliveries", "PICK", 1, "N1/SO2", None)]
    (orphan,) = rows(path, "orphan numbers")
    assert orphan[:6] == ("N1", "tms", "notes", "W1", "delivery", "D77") and orphan[7] is None
    assert rows(path, "duplicate customers") == [
        ("tms", "N1", "C1", "Ace", 1, "C1 Bolt, C2 ACE", None),
        ("tms", "N1", "C1", "Bolt", 1, "C1 Ace", None),
        ("tms", "N1", "C2", "ACE", 1, "C1 Ace", None),
    ]
    assert book["units"].freeze_panes == "A2"
    assert book["units"]["F1"].fill.fgColor.rgb == "FFFFD966"


def test_read_back_it_does_what_it_says(gaps: Home) -> None:
    path = written(gaps)
    fill(path, **RIGHT)
    told = gaps.json("baseline", "--read-in", str(path), "--who", "anna")["read_in"]
    assert told["problems"] == []
    mappings = gaps.path / "mappings"
    assert (mappings / "units.csv").read_text("utf-8") == "sku,unit,factor\n*,pc,1\nA1,box,24\n"
    assert (mappings / "skus.csv").read_text("utf-8") == "system,code,sku,from,to\ntms,X9,A1,2026-01-01,\n"
    assert told["codes"] == [["wms", "deliveries", "PICK", "allocated"]]
    assert '"PICK": allocated' in told["yaml"]
    assert "PICK" not in (mappings / "systems" / "wms.yaml").read_text("utf-8"), "mappings are people's own"
    assert told["joins"] == [["N1", "delivery", "D77", "SO2"]]
    (life,) = gaps.json("explain", "SO2", "--company", "N1")["orders"]
    assert "W1" in {row["part"] for row in life["observations"]}, "the record found its order"
    again = gaps.json("baseline", "--read-in", str(path))["read_in"]
    assert (again["skus"], again["units"], again["joins"], again["known"]) == ([], [], [], 3)
    assert (mappings / "units.csv").read_text("utf-8").count("box") == 1


def test_the_answer_is_said_in_words(gaps: Home) -> None:
    path = written(gaps)
    fill(path, **RIGHT)
    said = gaps.run("baseline", "--read-in", str(path)).stdout
    assert "1 SKUs, 1 units, 1 numbers joined" in said
    assert 'codes:\n          "PICK": allocated' in said
    assert "the one that counts" in said


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "reason"),
    [
        ("units", "F2", "many", "baseline.bad_factor"),
        ("units", "F2", -1, "baseline.bad_factor"),
        ("unmapped_SKUs", "G2", "soon", "baseline.no_date"),
        ("unknown_codes", "F2", "alocated", "baseline.no_status"),
        ("orphan_numbers", "H2", "SO404", "baseline.no_order"),
        ("units", "C2", None, "baseline.empty"),
        ("unmapped_SKUs", "A2", "nobody", "baseline.no_system"),
    ],
)
def test_one_bad_cell_changes_nothing(gaps: Home, sheet: str, cell: str, value: Any, reason: str) -> None:
    path = written(gaps)
    fill(path, **RIGHT)
    fill(path, **{sheet: {cell: value}})
    before = (gaps.path / "mappings" / "units.csv").read_bytes()
    told = gaps.json("baseline", "--read-in", str(path), code=1)["read_in"]
    (problem,) = told["problems"]
    assert (problem["sheet"], problem["column"], problem["row"]) == (sheet.replace("_", " "), cell[0], 2)
    assert problem["reason"] == reason
    assert (gaps.path / "mappings" / "units.csv").read_bytes() == before
    assert not (gaps.path / "mappings" / "skus.csv").exists()
    assert gaps.json("explain", "D77")["waiting"], "the number still waits"


def test_a_bad_cell_is_named(gaps: Home) -> None:
    path = written(gaps)
    fill(path, units={"F2": "many"})
    done = gaps.run("baseline", "--read-in", str(path))
    assert done.exit_code == 1
    assert "F2" in done.stdout and "many" in done.stdout and "nothing was taken in" in done.stderr


def test_a_chinese_workbook_is_read_in_any_language(gaps: Home) -> None:
    path = written(gaps, "--locale", "zh-CN")
    assert rows(path, "单位") == [("tms", "A1", "box", 1, "W3", None)]
    fill(path, 单位={"F2": "24"}, 未知代码={"F2": text("findings.status_allocated", "zh-CN")})
    told = gaps.json("baseline", "--read-in", str(path))["read_in"]
    assert told["units"] == [["A1", "box", "24"]] and told["problems"] == []
    assert told["codes"][0][3] == "allocated"


@pytest.mark.parametrize("name", ["gaps.csv", "none/gaps.xlsx"])
def test_a_workbook_needs_its_place(gaps: Home, name: str) -> None:
    assert gaps.run("baseline", "--xlsx", str(gaps.path / name)).exit_code == 2


def test_what_is_no_such_workbook_is_refused(gaps: Home) -> None:
    path = gaps.path / "orders.xlsx"
    assert gaps.run("orders", "export", str(path)).exit_code == 0
    done = gaps.run("baseline", "--read-in", str(path))
    assert done.exit_code == 2 and "none of the sheets" in done.stderr
    path.write_text("no workbook", "utf-8")
    assert gaps.run("baseline", "--read-in", str(path)).exit_code == 2


# what is written to is adopted


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[House, Home]]:
    """A house in which old orders differ, and nothing has been adopted yet."""
    with house_home(tmp_path, monkeypatch, {"shop": SHOP, "wms": WMS, "ledger": LEDGER}) as made:
        yield made


def test_systems_that_are_written_to_are_adopted_and_their_differences_parked(
    house: tuple[House, Home],
) -> None:
    here, home = house
    here.born("OLD", qty=10)
    at = f"{here.now:%Y-%m-%d %H:%M:%S.%f}"
    here.run("wms", "INSERT INTO orders (ref, state, qty, changed) VALUES ('OLD', '00', 7, :at)", at=at)
    here.later(days=30)
    here.sync(2)
    day = f"{here.now:%Y-%m-%d}"
    told = home.json("baseline", "--from", day)["baseline"]
    parked = {one["system"]: one["parked"] for one in told["adopted"]}
    assert parked == {"ledger": 0, "shop": 0, "wms": 2}, "quantity and customer differ"
    here.later(minutes=5)
    here.born("NEW")
    here.sync(3)
    held = here.holds("wms", "OLD")
    assert held is not None and held["qty"] == 7, "what is old is left alone"
    assert here.holds("ledger", "OLD") is None, "nor created where it never was"
    assert here.holds("wms", "NEW") is not None
    before = {system: len(here.journal(system)) for system in here.mappings}
    again = home.json("baseline", "--from", day)["baseline"]
    assert {one["system"]: one["parked"] for one in again["adopted"]} == parked
    here.sync(2)
    assert before == {system: len(here.journal(system)) for system in here.mappings}
    said = home.run("baseline", "--from", day).stdout
    assert "wms (live): 2 differences parked" in said
