"""Bad input of every kind: named, kept whole, and the rest of the run untouched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from cli.demo import DEMO_NOW
from cli.demo_run import HOME
from hub.errors import AuthExpired, HubError, Incomplete, MappingError, Unavailable
from hub.mapping import load_system
from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from hub.store.tables import observations, orders, quarantine, reads, views
from simulators.practice import Practice, Setting
from sync.run import Hub, sync_system
from tests.sync.conftest import WMS_YAML, Company

NOW = datetime.fromisoformat(DEMO_NOW)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A small healthy factory, served over real HTTP."""
    setting = Setting(orders=250, seed=11, now=NOW, out=tmp_path_factory.mktemp("systems"), faults=False)
    with Practice(setting, lambda _stage, _done, _total: None) as systems:
        yield systems


def erp_hub(practice: Practice, store: Store) -> Hub:
    mappings, _ = survey(HOME)
    return Hub(store, load_rules(HOME), mappings, lambda: NOW, practice.connections())


@pytest.mark.parametrize(
    ("way", "kind", "word"),
    [
        ("malformed", Unavailable, "BAPISDORDER_GETDETAILEDLIST"),
        ("fault_500", Unavailable, "TIME_OUT"),
        ("fault_200", Unavailable, "TIME_OUT"),
        ("html_503", Unavailable, "503"),
        ("cut", Incomplete, "BAPISDORDER_GETDETAILEDLIST"),
        ("html_401", AuthExpired, "refused"),
    ],
)
def test_a_sick_erp_is_named_and_what_was_read_before_stays(
    way: str, kind: type[HubError], word: str, practice: Practice, sqlite_store: Store
) -> None:
    practice.erp.fail(way, times=99, after=1, function="BAPISDORDER_GETDETAILEDLIST")
    hub = erp_hub(practice, sqlite_store)
    result = sync_system(hub, "erp")
    practice.erp._sick.clear()
    (error,) = result.errors
    assert isinstance(error, kind)
    assert word in str(error)
    assert practice.erp.password not in str(error)
    with sqlite_store.read() as conn:
        before = conn.execute(views.select()).all()
        (read,) = conn.execute(reads.select()).all()
    assert 0 < len(before) < practice.counts()["erp"]
    assert read.complete_at is None
    assert read.failed_at == NOW
    assert sync_system(hub, "erp").errors == []  # well again: everything that lacked comes
    with sqlite_store.read() as conn:
        assert len(conn.execute(views.select()).all()) == practice.counts()["erp"]


def test_a_passing_sickness_is_outwaited(practice: Practice, sqlite_store: Store) -> None:
    practice.erp.fail("html_503", times=1, after=1, function="BAPISDORDER_GETDETAILEDLIST")
    assert sync_system(erp_hub(practice, sqlite_store), "erp").errors == []


def test_a_truncated_csv_stays_out_whole_until_it_is_complete(company: Company) -> None:
    good = {"event": "E1", "order": "1", "shipment": "S1", "code": "DEP", "at": "2026-03-02T12:00:00+08:00"}
    company.drop(good)
    stem = company.drop(good | {"event": "E2", "order": "2"}, good | {"event": "E3", "order": "3"})
    file = company.folder / "drop" / f"{stem}.csv"
    whole = file.read_bytes()
    file.write_bytes(whole[:-28])
    (error,) = company.sync("tms")["tms"].errors
    assert isinstance(error, Incomplete)
    assert file.name in str(error)
    assert {row["order_no"] for row in company.rows(views)} == {"1"}
    file.write_bytes(whole)
    assert company.sync("tms")["tms"].errors == []
    assert {row["order_no"] for row in company.rows(views)} == {"1", "2", "3"}


@pytest.mark.parametrize(
    ("values", "reason", "field"),
    [
        ({"qty": "-4"}, "mapping.negative_quantity", "ordered"),
        ({"qty": "100001"}, "mapping.quantity_beyond", "ordered"),
        ({"qty": "1e5000"}, None, "ordered"),
        ({"qty": "ten"}, None, "ordered"),
        ({"qty": "0.0000001"}, None, "ordered"),
        ({"order_ref": ""}, "mapping.no_order_no", "order_no"),
        ({"order_ref": "9" * 1_000_000}, "mapping.text_too_long", "order_no"),
        ({"company": None}, "mapping.no_value", "company"),
        ({"changed": "2026-13-45 99:00"}, None, "occurred_at"),
    ],
)
def test_a_bad_core_field_sends_the_record_to_quarantine(
    values: dict[str, str], reason: str | None, field: str, company: Company
) -> None:
    for number in range(1, 4):
        company.outbound(number)
    company.outbound(9, **values)
    result = company.sync("wms")["wms"]
    assert result.errors == []
    assert len(company.rows(views)) == 3
    (kept,) = company.rows(quarantine)
    assert kept["record"] == "9"
    assert kept["field"] == field
    assert reason in (None, kept["reason"])
    company.outbound(9)
    company.sync("wms")
    assert len(company.rows(views)) == 4


def test_an_extra_of_a_megabyte_is_dropped_and_the_order_arrives(company: Company) -> None:
    company.outbound(1, customer="好" * 1_000_000)
    result = company.sync("wms")["wms"]
    assert result.errors == []
    assert company.order("1")["customer_name"] is None
    assert company.order("1")["ordered"] == 10
    (warning,) = result.streams[0].warnings
    assert "customer_name" in warning


def test_a_stamp_of_2030_is_clamped_kept_raw_and_hides_nothing(company: Company) -> None:
    company.outbound(1, changed="2030-01-01 00:00:00")
    company.sync("wms")
    (said,) = company.rows(observations)
    assert said["future"] is True
    assert said["occurred_at"] == company.now
    assert said["raw_time"] == "2030-01-01 00:00:00"
    company.later(minutes=5)
    company.outbound(2)
    company.sync("wms")
    assert company.view("2", "wms") is not None  # the cursor did not run ahead to 2030


def test_a_naive_time_without_a_zone_is_an_error_and_no_guess(company: Company) -> None:
    company.drop({"event": "E1", "order": "1", "shipment": "S1", "code": "DEP", "at": "2026-03-02T12:00:00"})
    company.sync("tms")
    (kept,) = company.rows(quarantine)
    assert (kept["reason"], kept["field"]) == ("mapping.naive_time", "occurred_at")
    assert company.rows(views) == []


def test_a_unit_without_a_conversion_is_quarantined(company: Company) -> None:
    company.mappings["wms"] = WMS_YAML.replace(
        "ordered: qty", "ordered: {from: qty, unit: customer, sku: {const: A1}}"
    )
    (company.home / "mappings" / "units.csv").write_text("sku,unit,factor\nA1,PCS,1\nA1,BOX,12\n", "utf-8")
    for name, text in company.mappings.items():
        (company.home / "mappings" / "systems" / f"{name}.yaml").write_text(text, "utf-8")
    company.outbound(1, customer="BOX")
    company.outbound(2, customer="PCS")
    company.outbound(3, customer="PALLET")
    company.sync("wms")
    assert {row["order_no"]: row["ordered"] for row in company.rows(orders)} == {"1": 120, "2": 10}
    (kept,) = company.rows(quarantine)
    assert (kept["record"], kept["reason"]) == ("3", "mapping.unit_without_conversion")


def test_codes_that_yaml_would_tear_survive(company: Company) -> None:
    usual = "{NEW: confirmed, PICK: allocated, SENT: shipped}"
    company.mappings["wms"] = WMS_YAML.replace(usual, "{01: confirmed, NO: allocated, ON: shipped}")
    company.write_mappings()
    for number, state in enumerate(("01", "NO", "ON"), 1):
        company.outbound(number, state=state)
    company.sync("wms")
    assert [row["status"] for row in company.rows(orders)] == [30, 40, 100]


def test_a_typo_in_a_mapping_names_line_column_and_the_nearest_word(tmp_path: Path) -> None:
    file = tmp_path / "wms.yaml"
    file.write_text(WMS_YAML.replace("says: modified", "sais: modified"), "utf-8")
    with pytest.raises(MappingError) as caught:
        load_system(file)
    line = next(at for at, text in enumerate(WMS_YAML.splitlines(), 1) if "says: modified" in text)
    assert f"wms.yaml:{line}:" in str(caught.value)
    assert "sais" in str(caught.value)
    assert "says" in str(caught.value)


def test_a_bad_mapping_stops_only_its_own_system(company: Company) -> None:
    company.outbound(1)
    (company.home / "mappings" / "systems" / "tms.yaml").write_text("system: tms\nconnectr: files\n", "utf-8")
    right, wrong = survey(company.home)
    assert set(right) == {"wms"}
    assert len(wrong) == 1
    assert isinstance(wrong[0], MappingError)
