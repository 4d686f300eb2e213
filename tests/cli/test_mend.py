"""`quarantine` and `link`: what people put right."""

from __future__ import annotations

from tests.cli.home import ERP, Home


def test_quarantine_is_listed_with_its_reason(home: Home) -> None:
    shown = home.run("quarantine", "list").stdout
    assert "x7" in shown
    assert "N1/SO3" in shown
    (one,) = home.json("quarantine", "list", "--system", "erp")
    assert (one["reason"], one["field"], one["attempts"]) == ("mapping.bad_number", "ordered", 1)
    assert home.json("quarantine", "list", "--system", "wms") == []
    assert "数字" in home.run("quarantine", "list", "--locale", "zh-CN").stdout


def test_a_quarantined_record_is_shown_whole(home: Home) -> None:
    shown = home.run("quarantine", "show", "1").stdout
    assert '"qty": "x7"' in shown
    assert "orders_1.csv" in shown
    assert "line 5" in shown
    found = home.json("quarantine", "show", "1")
    assert found["record"]["customer"] == "Kim"
    assert found["meta"]["file"] == "orders_1.csv"


def test_no_such_record(home: Home) -> None:
    done = home.run("quarantine", "show", "99")
    assert done.exit_code == 2
    assert "99" in done.stderr


def test_replay_after_the_mapping_was_mended(home: Home) -> None:
    still = home.json("quarantine", "replay", "1", code=1)
    assert still == {"replayed": 1, "solved": 0, "still_bad": 1}
    mapping = home.path / "mappings" / "systems" / "erp.yaml"
    mapping.write_text(ERP.replace("ordered: qty", "ordered: amount"), "utf-8")
    done = home.run("quarantine", "replay", "--all")
    assert done.exit_code == 0, done.output
    assert "1 records understood" in done.stdout
    assert home.json("quarantine", "list") == []
    assert home.run("explain", "SO3").exit_code == 0
    assert "Nothing lies in quarantine" in home.run("quarantine", "list").stdout
    solved = home.json("quarantine", "list", "--solved")
    assert [one["attempts"] for one in solved] == [3]


def test_replay_wants_to_know_which(home: Home) -> None:
    assert home.run("quarantine", "replay").exit_code == 2
    assert home.run("quarantine", "replay", "1", "--all").exit_code == 2


def test_a_record_of_a_stream_that_is_gone_cannot_be_replayed(home: Home) -> None:
    (home.path / "mappings" / "systems" / "erp.yaml").unlink()
    done = home.run("quarantine", "replay", "--all")
    assert done.exit_code == 2
    assert "erp/orders" in done.stderr


def test_link_joins_and_takes_apart(home: Home) -> None:
    home.deliver([("D7", "N2", "S01", "NEW", 7, 0, "2026-01-05 18:30:00")])
    home.read()
    assert len(home.json("findings", "list", "--company", "N2")) == 1
    done = home.run("link", "N2", "S01", "SO1", "--who", "li.na")
    assert done.exit_code == 0, done.output
    assert "N2/S01 now means N2/SO1; 1 records" in done.stdout
    home.run("reconcile")
    assert home.json("findings", "list", "--company", "N2") == []
    assert "S01 was joined" in home.run("explain", "SO1", "--company", "N2").stdout
    apart = home.json("link", "N2", "S01", "--apart", "--who", "li.na")
    assert apart["apart"] is True
    views = home.json("explain", "S01", "--company", "N2")
    assert [order["order_no"] for order in views["orders"]] == ["S01"]


def test_link_refuses_what_makes_no_sense(home: Home) -> None:
    same = home.run("link", "N1", "SO1", "SO1", "--who", "x")
    assert (same.exit_code, "SO1" in same.stderr) == (2, True)
    assert home.run("link", "N1", "SO1", "--who", "x").exit_code == 2
    assert home.run("link", "N1", "SO1", "SO2").exit_code == 2
    unknown = home.run("link", "N1", "SO9", "--apart", "--who", "x")
    assert (unknown.exit_code, "joined to no order" in unknown.stderr) == (2, True)
