"""`explain`: by any number, however it is written, and from a slip of the pen to its finding."""

from __future__ import annotations

from hub.model import OrderKey
from hub.store import bulk, jsons
from hub.store.tables import findings
from sync.explain import explain, written
from tests.sync.conftest import START, WMS_YAML, Company


def found(company: Company, order_no: str, details: object) -> None:
    row = {
        "id": "f" * 16,
        "kind": "missing",
        "company": "C1",
        "order_no": order_no,
        "system": "tms",
        "field": "",
    }
    row |= {"state": "open", "details": jsons.dumps(details)}
    with company.store.write() as conn:
        bulk.insert(conn, findings, [{**row, "first_seen": START, "changed_at": START}])


def test_a_number_as_its_system_pads_it_is_found_and_said_to_be_another(company: Company) -> None:
    company.outbound(7)
    company.sync("wms")
    hub = company.hub()
    assert explain(company.store, "000007").nothing
    told = explain(company.store, "000007", mappings=hub.mappings)
    assert (told.number, told.read_as) == ("000007", "7")
    assert [life.key for life in told.lives] == [OrderKey("C1", "7")]
    assert explain(company.store, "7", mappings=hub.mappings).read_as is None


def test_every_declared_prefix_and_suffix_is_tried(company: Company) -> None:
    company.mappings["wms"] = WMS_YAML.replace('strip: "0"', 'strip: ["SO-", "0", "-*"]')
    company.write_mappings()
    assert "7" in written("SO-0007-2", company.hub().mappings)
    assert written("7", company.hub().mappings) == []


def test_a_mistyped_number_points_to_the_finding_that_names_it(company: Company) -> None:
    company.outbound(7, order_ref="771")
    company.sync("wms")
    found(company, "717", {"held_as": "771"})
    told = explain(company.store, "771")
    assert [(row["order_no"], row["kind"]) for row in told.named_in] == [("717", "missing")]
    assert len(told.lives) == 1
    assert explain(company.store, "77").nothing  # a part of a number is another number
    assert explain(company.store, "717").named_in == []
    assert explain(company.store, "771", "C2").nothing
