"""`orderhub remap`: a look first, then the deed; and what `status` and `explain` say of it."""

from __future__ import annotations

from tests.cli.home import Home


def change(home: Home, old: str, new: str) -> None:
    path = home.path / "mappings" / "systems" / "wms.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_without_apply_it_shows_what_would_change(home: Home) -> None:
    change(home, "NEW: confirmed, PICK: allocated", "NEW: allocated, PICK: scheduled")
    done = home.run("remap", "wms")
    assert done.exit_code == 0, done.output
    for said in ("2 of 2 kept records", "confirmed", "allocated", "N1/SO2", "--apply"):
        assert said in done.output
    told = home.json("remap", "wms")
    assert (told["outcome"], told["orders"], told["changed"]) == ("foretold", 1, None)
    assert told["statuses"] == [{"from": "confirmed", "to": "allocated", "orders": 1}]
    assert home.json("explain", "SO2")["orders"][0]["history"] == []


def test_apply_carries_it_out_once_and_the_order_tells_why(home: Home) -> None:
    change(home, "NEW: confirmed, PICK: allocated", "NEW: allocated, PICK: scheduled")
    told = home.json("remap", "wms", "--apply", "--who", "Li")
    assert (told["outcome"], told["changed"]) == ("done", 1)
    (order,) = home.json("explain", "SO2")["orders"]
    assert {(row["field"], row["rule"]) for row in order["history"]} == {
        ("status", "remap"),
        ("mapping", "remap"),
    }
    shown = home.run("explain", "SO2").output
    assert "another mapping reads it so" in " ".join(shown.split())
    assert "nothing to do" in home.run("remap", "wms", "--apply").output


def test_a_mapping_that_understands_too_little_is_refused(home: Home) -> None:
    change(home, "ordered: qty", "ordered: state")
    done = home.run("remap", "wms", "--apply")
    assert done.exit_code == 2
    assert "--force" in done.output
    assert home.run("remap", "wms", "--apply", "--force").exit_code == 0
    assert len(home.json("quarantine", "list", "--system", "wms")) == 2


def test_an_unknown_system_or_stream_is_named_with_the_nearest(home: Home) -> None:
    assert "wms" in home.run("remap", "wmss").output
    done = home.run("remap", "wms", "--stream", "delivery")
    assert done.exit_code == 2
    assert "deliveries" in done.output


def test_a_padded_number_is_found_as_the_hub_writes_it(home: Home) -> None:
    change(home, "order_no: order_no", 'order_no: {from: order_no, strip: ["0", "WH-"]}')
    told = home.json("explain", "WH-SO1", "--company", "N1")
    assert told["read_as"] == "SO1"
    assert told["orders"][0]["order_no"] == "SO1"
    assert "is written SO2" in home.run("explain", "000SO2").output
