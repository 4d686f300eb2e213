"""`mapping suggest`, and hooks, documents and the connection under `mapping check`, `preview` and `test`."""

from __future__ import annotations

import json
from pathlib import Path

from hub.mapping import parse_system
from tests.cli.home import ERP, WMS, Home

CSV = "order_no;status;qty;changed\nSO1;shipped;5;2026-01-05T08:00:00Z\nSO2;new;6;2026-01-06T08:00:00Z\n"
HALF = """
system: half
connector: sql
connection: wms
streams:
  deliveries:
    read: {table: delivery, cursor: [changed, id]}
"""


def file(home: Home, name: str, text: str) -> Path:
    path = home.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_a_sample_becomes_a_mapping_that_check_takes(fresh: Home) -> None:
    sample = file(fresh, "orders_2026.csv", CSV)
    done = fresh.run("mapping", "suggest", str(sample), "--system", "shop")
    mapping = parse_system(done.stdout)
    assert (mapping.system, mapping.connector) == ("shop", "files")
    assert mapping.streams["orders"].read.target == "orders_*.csv"
    file(fresh, "mappings/systems/shop.yaml", done.stdout)
    assert fresh.run("mapping", "check", "shop").exit_code == 0
    assert "shop: 2 of 2 examples hold." in fresh.run("mapping", "test", "shop").stdout


def test_comments_are_in_the_readers_language(fresh: Home) -> None:
    sample = file(fresh, "orders.csv", CSV)
    done = fresh.run("--locale", "zh-CN", "mapping", "suggest", str(sample), "--connector", "sql")
    assert "根据 2 条样本记录" in done.stdout
    assert parse_system(done.stdout).connector == "sql"


def test_a_page_is_read_through_a_half_written_mapping(fresh: Home) -> None:
    file(fresh, "mappings/systems/half.yaml", HALF)
    assert fresh.run("mapping", "check", "half").exit_code == 2
    done = fresh.run("mapping", "suggest", "--from", "half")
    mapping = parse_system(done.stdout)
    stream = mapping.streams["orders"]
    assert (mapping.system, mapping.connector, stream.read.target) == ("half", "sql", "delivery")
    assert stream.read.cursor == ("changed", "id")
    assert stream.fields["order_no"].from_ == ("order_no",)
    assert stream.fields["shipped"].from_ == ("sent",)


def test_what_is_no_sample_is_a_sentence(fresh: Home) -> None:
    empty = file(fresh, "empty.json", "[]")
    done = fresh.run("mapping", "suggest", str(empty))
    assert (done.exit_code, "no records found" in done.stderr) == (2, True)
    assert fresh.run("mapping", "suggest").exit_code == 2
    assert fresh.run("mapping", "suggest", "nowhere.csv").exit_code == 2
    done = fresh.run("mapping", "suggest", str(file(fresh, "o.csv", CSV)), "--yields", "ordr")
    assert "did you mean order" in done.stderr


def test_a_wrong_hook_is_found_with_its_system(fresh: Home) -> None:
    file(fresh, "mappings/hooks/shop.py", "import os\n\n\ndef record(record):\n    return record\n")
    file(fresh, "mappings/systems/wms.yaml", WMS + "hook: shop\n")
    done = fresh.run("mapping", "check", "wms")
    assert done.exit_code == 2
    assert "shop.py:1:1: error" in done.stdout, done.stderr
    assert fresh.run("mapping", "check", "erp").exit_code == 0


def test_a_preview_goes_through_the_hook(fresh: Home) -> None:
    source = "def record(record):\n    return {**record, 'order_no': 'X' + record['order_no']}\n"
    file(fresh, "mappings/hooks/shop.py", source)
    file(fresh, "mappings/systems/wms.yaml", WMS + "hook: shop\n")
    found = fresh.json("mapping", "preview", "wms", "--records", "1")
    assert found[0]["fact"]["order_no"].startswith("XSO")


def test_a_preview_of_what_is_no_order(fresh: Home) -> None:
    mapping = (
        ERP.partition("    key:")[0]
        + "    yields: invoice\n    key: no\n    fields: {number: no, amount: amount, currency: currency}\n"
    )
    file(fresh, "mappings/systems/erp.yaml", mapping)
    found = fresh.json("mapping", "preview", "erp", "--records", "1")
    assert set(found[0]["fact"]) >= {"company", "number"}


def test_the_company_may_be_the_connections(fresh: Home) -> None:
    file(fresh, "mappings/systems/wms.yaml", WMS.replace("company: company", "company: =conn.extra.company"))
    done = fresh.run("mapping", "preview", "wms")
    assert (done.exit_code, "conn.extra.company" in done.stderr) == (2, True)
    database = json.dumps(
        {"conn_type": "sqlite", "host": str(fresh.path / "wms.db"), "extra": {"company": "N9"}}
    )
    fresh.env["AIRFLOW_CONN_WMS"] = database
    assert fresh.json("mapping", "preview", "wms", "--records", "1")[0]["fact"]["company"] == "N9"
    assert fresh.run("sync", "wms").exit_code == 0
    assert "N9" in fresh.run("explain", "SO1").stdout
