"""People and findings: accepted, given to somebody, and shown in words."""

from __future__ import annotations

import pytest

from tests.cli.home import Home

DIFFERS = "quantity"


@pytest.fixture
def finding(home: Home) -> str:
    home.read()
    (one,) = home.json("findings", "list", "--kind", DIFFERS)
    id: str = one["id"]
    return id


def accept(home: Home, id: str, until: str = "2099-01-01", *more: str) -> str:
    done = home.run("findings", "accept", id, "--reason", "agreed with Ada", "--until", until, *more)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_accepted_difference_waits_for_nobody(home: Home, finding: str) -> None:
    said = accept(home, finding[:8], "2099-01-01", "--who", "li.na")
    assert "is accepted until 2099-01-02 00:00" in said
    assert home.json("findings", "list", "--kind", DIFFERS) == []
    (one,) = home.json("findings", "list", "--state", "explained")
    assert one["id"] == finding
    done = home.run("reconcile")
    assert "1 differences are accepted or legal" in done.stdout
    report = home.json("reconcile")
    assert [one["id"] for one in report["accepted"]] == [finding]
    assert DIFFERS not in report["counts"]
    shown = home.run("findings", "show", finding).stdout
    assert "explained  li.na" in shown
    assert "why: agreed with Ada" in shown


def test_it_comes_back_when_the_values_change(home: Home, finding: str) -> None:
    accept(home, finding)
    home.deliver([("D2", "N1", "SO2", "NEW", 9, 0, "2026-01-05 18:00:00")])
    home.read()
    (one,) = home.json("findings", "list", "--kind", DIFFERS)
    assert (one["id"], one["state"]) == (finding, "open")
    shown = home.run("findings", "show", finding).stdout
    assert "says 6 → 9" in shown
    assert "{" not in shown, "the life is told in words"


@pytest.mark.parametrize(
    ("until", "code", "said"),
    [("2020-01-01", 2, "lies in the past"), ("soon", 2, "soon"), ("2099-01-01T08:00:00", 2, "offset")],
)
def test_until_is_a_time_to_come(home: Home, finding: str, until: str, code: int, said: str) -> None:
    done = home.run("findings", "accept", finding, "--reason", "x", "--until", until)
    assert done.exit_code == code
    assert said in done.stderr


def test_a_reason_and_an_end_are_needed(home: Home, finding: str) -> None:
    assert home.run("findings", "accept", finding, "--until", "2099-01-01").exit_code == 2
    assert home.run("findings", "accept", finding, "--reason", "x").exit_code == 2
    assert home.run("findings", "accept", "ffffffff", "--reason", "x", "--until", "2099-01-01").exit_code == 1


def test_who_does_it_is_the_login_where_nobody_is_named(
    home: Home, finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "wang.wei")
    done = home.json("findings", "accept", finding, "--reason", "x", "--until", "2099-01-01")
    assert [event["who"] for event in done["events"]] == ["wang.wei"]


def test_a_finding_is_given_to_somebody(home: Home, finding: str) -> None:
    done = home.run("findings", "assign", finding, "--to", "王伟", "--due", "2099-03-01", "--who", "li.na")
    assert done.exit_code == 0, done.output
    assert "is with 王伟 now" in done.stdout
    shown = home.run("findings", "show", finding).stdout
    assert "王伟" in shown
    assert "2099-03-02 00:00" in shown


def test_a_finding_names_its_known_fix_and_its_owner(home: Home, finding: str) -> None:
    shown = home.run("findings", "show", finding).stdout
    assert "→ Hold the documents behind the quantity against each other and correct it in WMS." in " ".join(
        shown.split()
    )
    assert "warehouse-lead" in shown
    chinese = home.run("--locale", "zh-CN", "findings", "show", finding).stdout
    assert "核对数量背后的单据" in chinese


def test_the_contact_of_a_mapping_is_the_owner_where_hub_yaml_names_nobody(home: Home) -> None:
    path = home.path / "mappings" / "systems" / "erp.yaml"
    path.write_text(
        path.read_text("utf-8").replace("connection: erp\n", "connection: erp\ncontact: sales\n"), "utf-8"
    )
    home.deliver([("D9", "N1", "SO9", "NEW", 1, 0, "2026-01-05 18:00:00")])
    home.read()
    (one,) = home.json("findings", "list", "--order", "SO9")
    assert one["owner"] == "warehouse-lead"
    home.drop("orders_2.csv", ["N1,SO8,C,5,0,2026-01-05T09:00:00,Bob,20,CNY"])
    home.deliver([("D8", "N1", "SO8", "SENT", 5, 5, "2026-01-05 18:00:00")])
    home.read()
    (late,) = home.json("findings", "list", "--order", "SO8")
    assert (late["system"], late["owner"]) == ("erp", "sales")
