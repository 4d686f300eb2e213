"""`findings` and `explain`: what differs, and how it came to be."""

from __future__ import annotations

import pytest

from tests.cli.home import Home


def ids(home: Home, *args: str) -> list[str]:
    found = home.json("findings", "list", *args)
    return [one["id"] for one in found]


def test_findings_are_listed_with_a_sentence(home: Home) -> None:
    shown = home.run("findings", "list").stdout
    assert "N1/SO2" in shown
    assert "WMS says 6, ERP 5" in shown
    assert "仓" not in shown
    chinese = home.run("findings", "list", "--locale", "zh-CN").stdout
    assert "数量不一致" in chinese


@pytest.mark.parametrize(
    ("args", "count"),
    [
        (("--kind", "quantity"), 1),
        (("--system", "wms"), 2),
        (("--system", "erp"), 0),
        (("--company", "N2"), 1),
        (("--order", "SO2"), 1),
        (("--state", "open"), 2),
        (("--state", "closed"), 0),
        (("--state", "all"), 2),
        (("--limit", "1"), 1),
    ],
)
def test_findings_are_filtered(home: Home, args: tuple[str, ...], count: int) -> None:
    assert len(ids(home, *args)) == count


@pytest.mark.parametrize(
    ("option", "word", "nearest"), [("--kind", "quantty", "quantity"), ("--state", "opn", "open")]
)
def test_a_slip_of_a_word_is_named(home: Home, option: str, word: str, nearest: str) -> None:
    done = home.run("findings", "list", option, word)
    assert done.exit_code == 2
    assert f"did you mean {nearest}" in done.stderr


def test_a_finding_is_shown_with_its_life(home: Home) -> None:
    (quantity,) = ids(home, "--kind", "quantity")
    home.deliver([("D2", "N1", "SO2", "NEW", 5, 0, "2026-01-05 17:10:00")])
    home.read()
    assert ids(home) != []
    shown = home.run("findings", "show", quantity[:6]).stdout
    assert "closed" in shown
    assert "found" in shown
    assert "warehouse-lead" in shown
    found = home.json("findings", "show", quantity)
    assert found["state"] == "closed"
    assert [event["what"] for event in found["events"]] == ["closed"]
    assert found["says"] == "ordered: WMS says 6, ERP 5."


def test_no_such_finding(home: Home) -> None:
    done = home.run("findings", "show", "zzz")
    assert done.exit_code == 1
    assert "zzz" in done.stderr


def test_explain_tells_the_life_of_an_order(home: Home) -> None:
    home.deliver([("D2", "N1", "SO2", "SENT", 6, 6, "2026-01-05 18:00:00")])
    home.read()
    shown = home.run("explain", "SO2", "--company", "N1").stdout
    for part in (
        "N1/SO2",
        "2026-01-05 09:00:00 +00:00",  # the ERP's own zone
        "2026-01-05 17:00:00 +08:00",  # the WMS's
        "confirmed [NEW]",
        "shipped [SENT] · shipped 6",  # only what is new
        "orders N1/SO2",
        "deliveries D2",
        "to the second",
        "Status: confirmed → shipped",
        "owns this",
        "Quantity differs found (WMS)",
        "delivery",
    ):
        assert part in shown, shown


def test_explain_in_chinese(home: Home) -> None:
    shown = home.run("explain", "SO2", "--company", "N1", "--locale", "zh-CN").stdout
    for part in ("各系统现状", "已确认 [C]", "精确到秒", "发现差异：数量不一致（WMS）", "未关闭的差异"):
        assert part in shown, shown


def test_explain_takes_any_number_of_the_order(home: Home) -> None:
    found = home.json("explain", "D2")
    (order,) = found["orders"]
    assert (order["company"], order["order_no"]) == ("N1", "SO2")
    assert {one["system"]: one["status"] for one in order["views"]} == {
        "erp": "confirmed",
        "wms": "confirmed",
    }
    assert order["observations"][0]["precision"] == "second"
    assert order["findings"][0]["details"]["fields"]


def test_colliding_numbers_are_told_apart(home: Home) -> None:
    both = home.run("explain", "SO1")
    assert "N1/SO1, N2/SO1" in both.stderr
    one = home.json("explain", "SO1", "--company", "N2")
    assert [order["company"] for order in one["orders"]] == ["N2"]
    assert home.json("explain", "N2/SO1")["orders"] == one["orders"]


def test_explain_shows_what_lies_in_quarantine(home: Home) -> None:
    done = home.run("explain", "N1/SO3")
    assert done.exit_code == 0
    assert "quarantine" in done.stderr


def test_an_unknown_number_is_exit_1(home: Home) -> None:
    done = home.run("explain", "SO404")
    assert done.exit_code == 1
    assert "SO404" in done.stderr
    empty = home.json("explain", "SO404", code=1)
    assert empty["orders"] == []
