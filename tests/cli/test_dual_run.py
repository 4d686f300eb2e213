"""`orderhub dual-run report`: day by day, in words, as JSON and as a workbook; a track beside the hub."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.cli.home import Home
from tests.cli.houses import house_home
from tests.sync.out.house import House
from tests.sync.out.test_shadow import SHADOW, enter


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[House, Home]]:
    """A house in which the warehouse ran in shadow for three days: alike, otherwise, and not at all."""
    with house_home(tmp_path, monkeypatch, SHADOW) as (here, home):
        here.sync()
        here.adopt()
        for ref in ("S1", "S2", "S3"):
            here.born(ref, qty=10)
        here.sync()
        here.later(hours=2)
        enter(here, "S1")
        enter(here, "S2", qty=11)
        here.sync()
        here.later(days=2)
        here.sync()
        yield here, home


def test_the_report_says_what_became_of_each_entry(house: tuple[House, Home]) -> None:
    _, home = house
    (told,) = home.json("dual-run", "report")
    assert (told["system"], told["mode"]) == ("wms", "shadow")
    fates = {one["order_no"]: one["fate"] for one in told["wishes"]}
    assert fates == {"S1": "alike", "S2": "different", "S3": "never"}
    total = told["total"]
    assert (total["alike"], total["different"], total["never"]) == (1, 1, 1)
    assert total["earlier"] == 7210 and total["work"] == 360 and total["gained"] == 7570
    for name in ("born", "entered", "alike", "different", "never", "only_by_hand", "gained"):
        assert sum(day[name] for day in told["days"]) == total[name], name
    assert not told["gate"]["met"]
    assert [one["reason"] for one in told["gate"]["lacking"]] == [
        "dual_run.lacks_days", "dual_run.lacks_agreement",
    ]  # fmt: skip


def test_it_is_said_in_words_that_fit_the_screen(house: tuple[House, Home]) -> None:
    _, home = house
    for locale in ("en", "zh-CN"):
        done = home.run("--locale", locale, "dual-run", "report")
        assert done.exit_code == 0, done.output
        assert max(map(len, done.stdout.splitlines())) <= 100
        assert "{" not in done.stdout
    said = " ".join(home.run("dual-run", "report").stdout.split())
    assert "WMS: in shadow since" in said
    assert (
        "day 3 of 30; agreement 33.3 % < 98 %: 1 different, 1 not entered for over a day, 0 only by" in said
    )
    assert "ordered 10 ordered 11" in said
    assert "2.1 hours gained" in said


def test_days_and_begin_may_be_said(house: tuple[House, Home]) -> None:
    here, home = house
    (told,) = home.json("dual-run", "report", "--system", "wms", "--days", "2")
    assert [one["reason"] for one in told["gate"]["lacking"]] == ["dual_run.lacks_agreement"]
    (told,) = home.json("dual-run", "report", "--from", f"{here.now:%Y-%m-%d}")
    assert (len(told["days"]), told["wishes"]) == (1, [])


def test_a_system_without_a_shadow_is_told_so(house: tuple[House, Home]) -> None:
    _, home = house
    assert "ledger never ran in shadow" in home.run("dual-run", "report", "--system", "ledger").stdout
    assert home.run("dual-run", "report", "--system", "nobody").exit_code == 2
    assert home.json("dual-run", "report", "--system", "ledger") == []


def test_the_workbook_holds_every_entry(house: tuple[House, Home]) -> None:
    _, home = house
    path = home.path / "dual.xlsx"
    assert home.run("dual-run", "report", "--xlsx", str(path)).exit_code == 0
    book = load_workbook(path)
    assert book.sheetnames == ["summary", "days", "orders", "before and since"]
    assert [row[0] for row in book["orders"].iter_rows(min_row=2, values_only=True)] == [
        "C1/S1",
        "C1/S2",
        "C1/S3",
    ]
    heads = [cell.value for cell in book["days"][1]]
    assert heads[:3] == ["day", "new", "new in WMS"] and "hours gained" in heads
    summary = {row[0]: row[1] for row in book["summary"].iter_rows(min_row=3, values_only=True)}
    assert summary["alike"] == 1 and summary["agreed"] == "33.3 %"


# a track


SHEET = "company,order_no,status,ordered\nC1,S1,confirmed,10\nC1,S2,confirmed,12\nC1,S9,confirmed,1\n"


def test_a_hand_kept_list_is_compared_with_the_hub(house: tuple[House, Home]) -> None:
    here, home = house
    path = home.path / "list.csv"
    path.write_text(SHEET, "utf-8")
    assert home.run("orders", "import", str(path), "--system", "list").exit_code == 0
    here.later(minutes=1)
    here.born("S4")
    here.sync()
    (told,) = home.json("dual-run", "report", "--track", "list")
    assert told["counts"] == {"alike": 1, "different": 1, "lacking": 1, "alone": 1}
    rows = {row["order_no"]: row for row in told["rows"]}
    assert rows["S2"]["hub"] == {"ordered": "10"} and rows["S2"]["track"] == {"ordered": "12"}
    assert (rows["S4"]["fate"], rows["S9"]["fate"]) == ("lacking", "alone")
    assert Decimal(told["agreement"]) == Decimal("0.25")
    said = home.run("dual-run", "report", "--track", "list").stdout
    assert "agreement 25 %" in said and "not in track" in said
    book = home.path / "track.xlsx"
    assert home.run("dual-run", "report", "--track", "list", "--xlsx", str(book)).exit_code == 0
    assert load_workbook(book)["orders"].max_row == 4


def test_a_track_that_was_never_read_is_refused(house: tuple[House, Home]) -> None:
    _, home = house
    done = home.run("dual-run", "report", "--track", "list")
    assert done.exit_code == 2 and "orderhub orders import" in done.stderr
