"""What people do about changes on their way out: approve, deny, settle, pause, adopt, look first."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from cli import context
from cli.main import app
from hub.store import Store, audit
from hub.store.tables import outbox
from tests.conftest import KEY
from tests.sync.out.house import HUB_YAML, LEDGER, House

FUSE = HUB_YAML.replace(
    "fuse: {rules: []}",
    """people: {wms: {owner: warehouse-lead, deputy: second-lead}}
fuse:
  roles:
    sales_director: {people: [zhang.wei, wang.fang]}
    second_level: {people: [li.na, zhang.wei]}
  rules:
    - {name: large, amount: ">= 5000", roles: [sales_director], systems: [wms]}
    - {name: very_large, amount: "> 50000", roles: [sales_director, second_level], systems: [wms]}
""",
)


@dataclass
class Desk:
    """A house, and `orderhub` over it; every command is ten seconds after the one before."""

    house: House
    env: dict[str, str]

    def run(self, *args: str, code: int = 0) -> Result:
        """Run a command; it must end with `code`."""
        self.house.later(seconds=10)
        done = CliRunner().invoke(app, list(args), env=self.env)
        assert done.exit_code == code, done.output
        return done

    def json(self, *args: str, code: int = 0) -> Any:
        """Return what a command answers with --json."""
        return json.loads(self.run(*args, "--json", code=code).stdout)

    def said(self, *args: str, code: int = 0) -> str:
        """Return what a command says, on one line."""
        return " ".join(self.run(*args, code=code).output.split())

    def adopted(self) -> None:
        """Let all systems be written to."""
        self.run("sync")
        for system in self.house.mappings:
            self.run("adopt", system)

    def set_rules(self, text: str) -> None:
        """Write another hub.yaml."""
        self.house.hub_yaml = text
        self.house.write_mappings()

    def held(self, system: str = "wms") -> str:
        """Return the number of the only change to a system that waits for a person."""
        (change,) = self.house.changes(system=system, state="held")
        return str(change["id"])

    def audited(self) -> list[str]:
        """Return who did what, in order."""
        with self.house.store.read() as conn:
            assert audit.verify(conn) is None
            rows = conn.execute(sa.text("SELECT who, what FROM audit ORDER BY id"))
            return [f"{row.who} {row.what}" for row in rows]


@pytest.fixture
def bare(tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A house of which nothing was read yet, with two levels of approval for the warehouse."""
    house = House(tmp_path / "house", sqlite_store, hub_yaml=FUSE)
    real = context.here
    monkeypatch.setattr(context, "here", lambda: replace(real(), clock=lambda: house.now))
    env = {
        "ORDERHUB_HOME": str(house.home),
        "ORDERHUB_STORE": f"sqlite:///{tmp_path / 'orderhub.db'}",
        "ORDERHUB_KEY": base64.b64encode(KEY).decode(),
        "ORDERHUB_LOCALE": "",
        "COLUMNS": "300",
        **house.env,
    }
    yield Desk(house, env)
    house.close()


@pytest.fixture
def desk(bare: Desk) -> Desk:
    """A house whose systems are adopted."""
    bare.adopted()
    return bare


def test_a_system_that_nobody_adopted_is_named_and_not_written_to(bare: Desk) -> None:
    bare.house.born("S1")
    assert "wms is live but was never adopted: nothing is written; run orderhub adopt wms" in bare.said(
        "sync"
    )
    bare.said("sync")
    assert bare.house.holds("wms", "S1") is None
    assert bare.json("sync")["not_adopted"] == ["ledger", "shop", "wms"]
    assert "wms 的模式" in bare.said("status", "--locale", "zh-CN")


def test_adopting_leaves_what_differs_alone(bare: Desk) -> None:
    bare.house.born("S1", qty=10)
    bare.house.run("wms", "INSERT INTO orders (ref, state, qty, changed) VALUES ('S1', '00', 7, '')")
    bare.run("sync")
    told = bare.json("adopt", "wms", "--who", "li.na")
    assert (told["orders"], told["parked"], told["mode"]) == (1, 2, "live")
    bare.run("sync")
    bare.run("sync")
    held = bare.house.holds("wms", "S1")
    assert held is not None and held["qty"] == 7
    assert "li.na system.adopted" in bare.audited()


def test_adopting_from_a_day_and_of_what_is_not_written_to(bare: Desk) -> None:
    assert bare.json("adopt", "wms", "--from", "2026-02-01")["born_from"] == "2026-02-01T00:00:00+00:00"
    assert "2026-02-01 00:00" in bare.said("adopt", "wms", "--from", "2026-02-01T00:00:00Z")
    bare.run("adopt", "wms", "--from", "yesterday", code=2)
    bare.run("adopt", "wsm", code=2)
    bare.house.mappings["wms"] = bare.house.mappings["wms"].replace("mode: live", "mode: read_only")
    bare.house.write_mappings()
    assert "is not written to" in bare.said("adopt", "wms", code=2)


def test_orders_born_since_the_day_that_was_named_are_created_at_once(bare: Desk) -> None:
    bare.house.born("S1")
    bare.run("sync")
    bare.run("adopt", "wms", "--from", "2026-01-01")
    bare.run("sync")
    assert bare.house.holds("wms", "S1") is not None


def test_a_grant_that_expired_may_be_given_anew(desk: Desk) -> None:
    desk.house.born("S1", worth=60000)
    desk.run("sync")
    grant = ("approve", "grant", desk.held(), "--reason", "fine", "--who")
    desk.run(*grant, "wang.fang")
    desk.house.later(days=4)
    assert "sales_director" in desk.said("approve", "list")
    desk.run(*grant, "wang.fang")
    desk.run(*grant, "li.na")
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is not None


def test_two_people_in_two_roles_and_then_it_is_sent(desk: Desk) -> None:
    desk.house.born("S1", worth=60000)
    desk.run("sync")
    number = desk.held()
    (ask,) = desk.json("approve", "list")
    assert [one["role"] for one in ask["lacking"]] == ["sales_director", "second_level"]
    assert "worth 60,000 CNY, and > 50,000 CNY needs approval" in desk.said("approve", "show", number)
    assert "60,000 CNY" in desk.said("approve", "list")
    told = desk.said("approve", "grant", number, "--reason", "fine", "--who", "zhang.wei")
    assert "still to grant: second_level: li.na, zhang.wei" in told
    assert "granted as sales_director by zhang.wei" in desk.said("approve", "show", number)
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is None
    again = desk.said("approve", "grant", number, "--reason", "fine", "--who", "Zhang.Wei", code=2)
    assert "somebody else must" in again
    nobody = desk.said("approve", "grant", number, "--reason", "fine", "--who", "someone", code=2)
    assert "it is for: second_level" in nobody
    desk.run("approve", "grant", number, "--reason", "yes", "--who", "li.na")
    assert desk.house.holds("wms", "S1") is None
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is not None
    assert desk.audited()[-2:] == ["zhang.wei change.granted", "li.na change.granted"]
    desk.run("sync")
    told = desk.said("explain", "S1")
    assert "granted as" in told and "li.na" in told
    (order,) = desk.json("explain", "S1")["orders"]
    (change,) = [one for one in order["changes"] if one["system"] == "wms"]
    assert [one["who"] for one in change["approvals"]] == ["zhang.wei", "li.na"]
    assert change["rule"] == {"": "route: wms from confirmed"}


def test_nobody_grants_his_own_change(desk: Desk) -> None:
    desk.house.born("S1", worth=6000, seller="zhang.wei")
    desk.run("sync")
    number = desk.held()
    told = desk.said("approve", "grant", number, "--reason", "mine", "--who", "ZHANG.WEI ", code=2)
    assert "own" in told
    assert desk.house.changes(state="held")
    desk.run("approve", "grant", number, "--reason", "his", "--who", "wang.fang")
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is not None


def test_what_was_denied_stays_so_until_something_else_is_wanted(desk: Desk) -> None:
    desk.house.born("S1", worth=6000)
    desk.run("sync")
    number = desk.held()
    desk.run("approve", "deny", number, "--reason", "no such customer", "--who", "wang.fang")
    desk.run("sync")
    desk.run("sync")
    assert "denied by wang.fang: no such customer" in desk.said("outbox", "show", number)
    assert "Nothing waits" in desk.said("approve", "list")
    assert [row["state"] for row in desk.house.changes(system="wms")] == ["rejected"]
    desk.house.edit("shop", "S1", qty=12)
    desk.run("sync")
    assert desk.held() != number


def test_retrying_what_was_denied_asks_again_instead_of_sending_it(desk: Desk) -> None:
    desk.house.born("S1", worth=6000)
    desk.run("sync")
    number = desk.held()
    desk.run("approve", "deny", number, "--reason", "no", "--who", "wang.fang")
    told = desk.json("outbox", "resolve", number, "--retry", "--reason", "but yes", "--who", "someone")
    assert told["state"] == "held"
    assert told["id"] != int(number)
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is None


def test_what_changed_since_it_was_shown_is_never_sent(desk: Desk) -> None:
    desk.house.born("S1", qty=100, worth=6000)
    desk.run("sync")
    number = desk.held()
    desk.house.edit("shop", "S1", qty=120)
    desk.run("sync")
    told = desk.said("approve", "grant", number, "--reason", "fine", "--who", "wang.fang", code=1)
    assert f"{number} has changed since: look again" in told
    assert f"orderhub approve show {desk.held()}" in told
    assert desk.json("approve", "grant", number, "--reason", "x", code=1)[0]["instead"] == desk.held()
    desk.run("approve", "grant", desk.held(), "--reason", "fine", "--who", "wang.fang")
    desk.house.edit("shop", "S1", qty=130)  # granted, and then changed before it was sent
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is None
    desk.run("approve", "grant", desk.held(), "--reason", "fine", "--who", "wang.fang")
    desk.run("sync")
    assert [row["qty"] for row in desk.house.journal("wms")] == [130]
    assert "has changed since" in desk.said("approve", "show", number, code=1)
    assert "no change 99" in desk.said("approve", "show", "99", code=2)


def test_a_mass_of_changes_is_one_approval_for_what_was_shown(desk: Desk) -> None:
    desk.set_rules(HUB_YAML + "\nbrakes: {orders: 3, roles: [it_operations]}\n")
    for number in range(5):
        desk.house.born(f"S{number}")
    desk.run("sync")
    (ask,) = [one for one in desk.json("approve", "list") if one["batch"].startswith("wms")]
    assert len(ask["changes"]) == 5
    assert "5 changes" in desk.said("approve", "list")
    assert "more than 3 need one approval" in desk.said("approve", "show", ask["ref"])
    told = desk.said("approve", "grant", ask["batch"], "--reason", "a busy day", code=2)
    assert ask["ref"] in told
    desk.run("approve", "deny", str(ask["changes"][0]["id"]), "--reason", "not this one")
    told = desk.said("approve", "grant", ask["ref"], "--reason", "a busy day", code=1)
    assert "has changed since: look again" in told
    (ask,) = [one for one in desk.json("approve", "list") if one["batch"].startswith("wms")]
    assert "goes with the next sync" in desk.said("approve", "grant", ask["ref"], "--reason", "a busy day")
    desk.run("sync")
    assert len(desk.house.journal("wms")) == 4
    assert not desk.house.journal("ledger")
    assert "called wms" in desk.said("approve", "show", ask["ref"], code=2)


def test_the_people_of_a_system_are_asked_about_its_conflicts(desk: Desk) -> None:
    desk.house.born("S1")
    desk.run("sync")
    desk.run("sync")
    desk.run("sync")
    desk.house.edit("shop", "S1", qty=12)
    desk.house.edit("wms", "S1", qty=11)
    desk.run("sync")
    number = desk.held()
    told = desk.said("approve", "show", number)
    assert "wms: warehouse-lead, second-lead" in told
    assert "ordered: 11 → 12" in told
    assert "shop owns ordered" in told
    assert "订购: 11 → 12" in desk.said("approve", "show", number, "--locale", "zh-CN")
    desk.run("approve", "grant", number, "--reason", "asked the shop", "--who", "warehouse-lead")
    desk.run("sync")
    held = desk.house.holds("wms", "S1")
    assert held is not None and held["qty"] == 12


def test_a_pause_stops_and_resume_goes_on(desk: Desk) -> None:
    desk.run("pause", "wms", "--reason", "stock count", "--who", "ops")
    desk.house.born("S1")
    told = desk.said("sync")
    assert "wms is paused by ops: stock count" in told
    assert desk.house.holds("wms", "S1") is None
    assert desk.house.holds("ledger", "S1") is not None
    assert "paused since" in desk.said("status")
    assert desk.json("outbox", "list", "--system", "wms")[0]["state"] == "pending"
    desk.run("resume", "wms", "--who", "ops")
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is not None
    assert desk.audited()[-2:] == ["ops pause.set", "ops pause.lifted"]
    assert "was not paused" in desk.said("resume", "wms")


def test_a_pause_of_all_holds_over_one_of_a_single_system(desk: Desk) -> None:
    desk.run("pause", "all", "--reason", "night", "--who", "ops")
    assert "all systems are paused by ops: night" in desk.said("resume", "wms")
    desk.run("pause", "wms", "--reason", "count", "--who", "li.na")
    assert "wms is paused by li.na: count" in desk.said("resume", "all")
    desk.house.born("S1")
    desk.run("sync")
    assert desk.house.holds("ledger", "S1") is not None
    assert desk.house.holds("wms", "S1") is None
    desk.run("pause", "wsm", "--reason", "x", code=2)


def test_a_dry_run_shows_every_write_and_sends_none(desk: Desk) -> None:
    desk.house.born("S1")
    desk.house.born("S2", worth=6000)
    told = desk.json("sync", "--dry-run")
    assert {(one["system"], one["order_no"]) for one in told["would_send"]} == {
        ("ledger", "S1"), ("ledger", "S2"), ("wms", "S1"),
    }  # fmt: skip
    assert {tuple(one["guards"]) for one in told["would_send"]} == {("looked up first",)}
    assert [(one["order_no"], one["state"]) for one in told["not_now"]] == [("S2", "held")]
    shown = desk.said("sync", "--dry-run")
    assert "nothing was sent" in shown
    assert "the route brings it to wms from confirmed on" in shown
    assert not desk.house.journal("wms") and not desk.house.journal("ledger")
    for _ in range(3):
        desk.run("sync")
    desk.house.edit("shop", "S1", qty=12)
    (wms,) = [one for one in desk.json("sync", "--dry-run")["would_send"] if one["system"] == "wms"]
    assert (wms["seen"], wms["wanted"]) == ({"ordered": "10"}, {"ordered": "12"})
    assert wms["rule"] == {"ordered": "shop owns ordered"}
    assert wms["guards"] == ["only if still at version 1"]
    assert "ordered: 10 → 12" in desk.said("sync", "--dry-run")
    assert "仅当版本仍为 1" in desk.said("sync", "--dry-run", "--locale", "zh-CN")
    held = desk.house.holds("wms", "S1")
    assert held is not None and held["qty"] == 10
    desk.run("pause", "wms", "--reason", "count", "--who", "ops")
    told = desk.json("sync", "--dry-run")
    assert [one["why"] for one in told["not_now"] if one["order_no"] == "S1"] == [
        "wms is paused by ops: count"
    ]


def test_a_shadow_is_shown_and_never_sent_to(bare: Desk) -> None:
    bare.house.mappings["wms"] = bare.house.mappings["wms"].replace("mode: live", "mode: shadow")
    bare.house.write_mappings()
    bare.adopted()
    bare.house.born("S1")
    (wms,) = [one for one in bare.json("sync", "--dry-run")["would_send"] if one["system"] == "wms"]
    assert wms["mode"] == "shadow"
    assert "(shadow)" in bare.said("sync", "--dry-run")
    bare.run("sync")
    assert bare.house.holds("wms", "S1") is None
    assert "pending (shadow)" in bare.said("outbox", "list")


def test_a_write_that_is_refused_ends_with_1_and_its_own_words(desk: Desk) -> None:
    desk.house.born("S1")
    desk.house.run(
        "wms",
        "CREATE TRIGGER no BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'warehouse is closed'); END",
    )
    assert "warehouse is closed" in desk.said("sync", code=1)
    desk.run("sync")
    (change,) = desk.json("outbox", "list")
    assert (change["system"], change["state"]) == ("wms", "rejected")
    assert "warehouse is closed" in desk.said("outbox", "list")
    assert [one["counts"] for one in desk.json("status")["out"] if one["system"] == "wms"] == [
        {"rejected": 1}
    ]
    desk.house.run("wms", "DROP TRIGGER no")
    anew = desk.json("outbox", "resolve", str(change["id"]), "--retry", "--reason", "opened", "--who", "ops")
    assert anew["state"] == "pending"
    assert anew["key"] != change["key"]
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is not None
    assert "ops change.settled" in desk.audited()
    assert "followed by" in desk.said(
        "outbox", "resolve", str(change["id"]), "--drop", "--reason", "x", code=2
    )


def test_dropping_takes_a_refused_write_off_the_list(desk: Desk) -> None:
    desk.house.born("S1")
    desk.house.run("wms", "CREATE TRIGGER no BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'no'); END")
    desk.run("sync", code=1)
    (change,) = desk.json("outbox", "list")
    desk.run("outbox", "resolve", str(change["id"]), "--drop", "--reason", "made by hand", "--who", "ops")
    assert "Nothing is on its way" in desk.said("outbox", "list")
    assert "settled by ops: made by hand" in desk.said("outbox", "show", str(change["id"]))
    desk.house.run("wms", "DROP TRIGGER no")
    desk.run("sync")
    assert desk.house.holds("wms", "S1") is None


_BLIND = """
writes:
  notice:
    message:
      sql: "INSERT INTO orders (ref, state, qty, changed) VALUES (:order_no, 'open', :ordered, :occurred_at)"
"""
"""How a ledger is written to that lets nobody look up what became of it."""


def unknown(desk: Desk) -> str:
    """Let an answer be lost of which nobody can tell what became of it; return the change's number."""
    before, _, _ = LEDGER.partition("writes:")
    desk.house.mappings["ledger"] = before + _BLIND
    desk.house.write_mappings()
    desk.run("pause", "ledger", "--reason", "x")
    desk.house.born("S1")
    desk.run("sync")
    desk.run("resume", "ledger")
    (change,) = desk.house.changes(system="ledger")
    with desk.house.store.write() as conn:  # what a process leaves that dies after it has sent
        gone = {"state": "sent", "sent_at": desk.house.now}
        conn.execute(sa.update(outbox).where(outbox.c.id == change["id"]).values(**gone))
    assert "look yourself" in desk.said("sync", code=1)
    return str(change["id"])


def test_an_unknown_change_is_sent_again_when_a_person_says_so(desk: Desk) -> None:
    number = unknown(desk)
    desk.run("sync")
    assert desk.house.holds("ledger", "S1") is None
    desk.run("outbox", "resolve", number, "--retry", "--reason", "looked: not there")
    desk.run("sync")
    assert desk.house.holds("ledger", "S1") is not None
    assert "needs nothing" in desk.said("outbox", "resolve", number, "--done", "--reason", "x", code=2)


def test_an_unknown_change_that_was_done_is_not_done_again(desk: Desk) -> None:
    number = unknown(desk)
    desk.run("outbox", "resolve", number, "--done", "--reason", "it is there as 4711", "--who", "li.na")
    desk.run("sync")
    desk.run("sync")
    assert not desk.house.journal("ledger")
    assert "settled by li.na: it is there as 4711" in desk.said("outbox", "show", number)
    assert [row["state"] for row in desk.house.changes(system="ledger")] == ["confirmed"]


def test_resolving_asks_for_one_word_and_for_what_is_there(desk: Desk) -> None:
    desk.house.born("S1", worth=6000)
    desk.run("sync")
    number = desk.held()
    desk.run("outbox", "resolve", number, "--reason", "x", code=2)
    desk.run("outbox", "resolve", number, "--done", "--drop", "--reason", "x", code=2)
    assert "no change 99" in desk.said("outbox", "resolve", "99", "--done", "--reason", "x", code=2)
    told = desk.said("outbox", "resolve", number, "--retry", "--reason", "x", code=2)
    assert f"orderhub approve grant {number}" in told
    assert "no such word" in desk.said("outbox", "list", "--state", "hold", code=2)
    desk.run("outbox", "list", "--system", "wsm", code=2)


def test_explain_names_the_rule_and_what_came_of_it(desk: Desk) -> None:
    desk.house.born("S1")
    for _ in range(3):
        desk.run("sync")
    desk.house.edit("wms", "S1", state="90", sent=10)
    for _ in range(3):
        desk.run("sync")
    told = desk.said("explain", "S1")
    assert "wms owns the status “shipped”" in told
    assert "confirmed → shipped" in told
    assert "状态“已发货”以 wms 为准" in desk.said("explain", "S1", "--locale", "zh-CN")
    (order,) = desk.json("explain", "S1")["orders"]
    rules = [one["rule"] for one in order["changes"] if one["system"] == "shop"]
    assert {"status": "wms owns shipped"} in rules
    assert [one["id"] for one in order["changes"]] == sorted(one["id"] for one in order["changes"])


def test_changes_of_an_order_are_listed_with_those_that_are_settled(desk: Desk) -> None:
    desk.house.born("S1")
    desk.run("sync")
    found = desk.json("outbox", "list", "--order", "S1")
    assert [one["state"] for one in found] == ["confirmed", "confirmed"]
    assert desk.json("outbox", "list", "--order", "S1", "--state", "held") == []
    assert "Idempotency key" in desk.said("outbox", "show", str(found[0]["id"]))
    assert desk.json("outbox", "show", str(found[0]["id"]))["steps"][0]["step"] == "create"
