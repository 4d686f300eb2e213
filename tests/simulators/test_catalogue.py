from __future__ import annotations

from pathlib import Path

from simulators import catalogue
from simulators.catalogue import NEW, OLD, SKUS, wms_code

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings"


def test_the_committed_cross_references_are_those_of_the_catalogue(tmp_path: Path) -> None:
    catalogue.write(tmp_path)
    for name in ("units.csv", "skus.csv"):
        assert (MAPPINGS / name).read_bytes() == (tmp_path / name).read_bytes(), f"write {name} anew"


def test_codes_and_numbers_are_unique_within_a_system() -> None:
    assert len({sku.code for sku in SKUS}) == len(SKUS)
    for day in ("2025-08-01", "2025-12-01", "2026-04-01"):
        assert len({wms_code(index, day) for index in range(len(SKUS))}) == len(SKUS)
    for customers in catalogue.CUSTOMERS:
        assert len({customer.number for customer in customers}) == len(customers)


def test_one_code_changed_hands_long_after_it_had_been_given_up() -> None:
    assert wms_code(OLD, "2025-10-31") == wms_code(NEW, "2026-03-01") == catalogue.SHARED_CODE
    assert wms_code(OLD, "2025-11-01") != catalogue.SHARED_CODE
    assert wms_code(NEW, "2026-02-28") != catalogue.SHARED_CODE
    meanings = [row for row in catalogue.sku_rows() if row[1] == catalogue.SHARED_CODE]
    assert [(row[2], row[3], row[4]) for row in meanings] == [
        (SKUS[OLD].code, "", catalogue.LAST_OLD),
        (SKUS[NEW].code, catalogue.FIRST_NEW, ""),
    ]


def test_a_sku_is_packed_in_one_system_at_most() -> None:
    assert not any(sku.boxed and sku.cartons for sku in SKUS)
    assert any(sku.boxed for sku in SKUS)
    assert any(sku.cartons for sku in SKUS)
    assert all(sku.lot == (sku.box if sku.boxed or sku.cartons else 1) for sku in SKUS)
