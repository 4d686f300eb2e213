"""`orderhub doctor`: what is wrong is named with what to do; what is well is said to be."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.store import open_store, read_key
from hub.store.tables import adoptions, breakers, outbox, quarantine, reads
from sync import doctor
from sync.out import bearing
from tests.cli.home import KEY, WMS, Home

WEBHOOK = """
webhook:
  verify: request.headers['x-signature'] == (request.body | hmac_sha256(conn.extra.hook_secret) | hex)
  key: body.id
  stream: deliveries
  time: headers."x-time"
  format: epoch
  within: 5m
  replay: body.event
"""
WRITES = """
writes:
  delivery:
    stream: deliveries
    find: {table: delivery, where: "order_no = :order_no"}
    update:
      shipped: {sql: "UPDATE delivery SET sent = :shipped WHERE id = :part"}
"""


def looked(home: Home, code: int, **env: str) -> dict[tuple[str, str | None], tuple[str, str]]:
    """Return what was found by topic and system: how it looks, and its key."""
    done = home.run("doctor", "--json", **env)
    assert done.exit_code == code, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    assert "{" not in " ".join(one["says"] for one in said["checks"]), said
    return {(one["topic"], one["system"]): (one["look"], one["key"]) for one in said["checks"]}


def store_of(home: Home) -> Any:
    return open_store(f"sqlite:///{home.path / 'hub.db'}", read_key(KEY))


def rewrite(home: Home, name: str, text: str) -> None:
    (home.path / "mappings" / "systems" / f"{name}.yaml").write_text(text, "utf-8")


def test_a_home_that_is_well(home: Home) -> None:
    found = looked(home, 0)
    assert found["connection", "wms"] == ("ok", "doctor.well")
    assert found["store", None] == ("ok", "doctor.store")
    assert found["reads", "erp"] == ("ok", "doctor.read")
    assert found["quarantine", "erp"] == ("warning", "doctor.quarantined")
    done = home.run("doctor")
    assert "0 problems" in done.output
    assert len(done.output.splitlines()) == len(found) + 1


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_it_says_so_in_either_language(home: Home, locale: str) -> None:
    assert "doctor." not in home.run("--locale", locale, "doctor").output


def test_no_home_and_no_store(home: Home, tmp_path: Any) -> None:
    assert looked(home, 1, ORDERHUB_HOME=str(tmp_path)) == {("home", None): ("problem", "doctor.wrong")}
    for env in (
        {"ORDERHUB_KEY": "x"},
        {"ORDERHUB_KEY": ""},
        {"ORDERHUB_STORE": f"sqlite:///{tmp_path}/none/hub.db"},
        {"ORDERHUB_STORE": f"sqlite:///{tmp_path}/empty.db"},
    ):
        assert looked(home, 1, **env)["store", None] == ("problem", "doctor.wrong")


def test_a_wrong_mapping_hides_nothing_else(home: Home) -> None:
    rewrite(home, "erp", "system: erp\nconnector: files\nstrems: {}\n")
    found = looked(home, 1)
    assert found["mappings", None] == ("problem", "doctor.mapping")
    assert found["connection", "wms"] == ("ok", "doctor.well")


def test_connections_that_lack_or_lead_nowhere(home: Home) -> None:
    found = looked(home, 1, AIRFLOW_CONN_ERP="", AIRFLOW_CONN_WMS="http://anna:s3cretword@127.0.0.1:1")
    assert found["connection", "erp"] == ("problem", "doctor.connection_wrong")
    assert found["connection", "wms"][0] == "problem"
    done = home.run("doctor", AIRFLOW_CONN_WMS="postgres://anna:s3cretword@127.0.0.1:1/x")
    assert "s3cretword" not in done.output


def test_a_system_that_does_not_answer_in_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its database is locked by somebody else; nobody waits for it longer than the patience lasts."""
    monkeypatch.setattr(doctor, "PATIENCE", 0.0)
    assert looked(home, 1)["connection", "wms"] == ("problem", "doctor.no_answer")


def test_modes_without_adoption_and_roles_that_anybody_fills(home: Home) -> None:
    rewrite(home, "wms", WMS + "mode: live\n" + WRITES)
    found = looked(home, 1)
    assert found["adoption", "wms"] == ("problem", "doctor.not_adopted")
    assert found["fuse", None] == ("warning", "doctor.roles_open")
    now = datetime.now(UTC)
    with store_of(home).write() as conn:
        row = {"system": "wms", "mode": "shadow", "at": now, "born_from": now, "parked": 0, "who": "anna"}
        conn.execute(adoptions.insert().values(**row))
    assert looked(home, 1)["adoption", "wms"] == ("problem", "doctor.adopted_otherwise")


def test_writes_that_nobody_can_look_up_or_that_lack(home: Home) -> None:
    find = next(line for line in WRITES.splitlines() if "find:" in line)
    rewrite(home, "wms", WMS + "mode: live\n" + WRITES.replace(find, ""))
    wrong = [one for one in home.json("doctor", code=1)["checks"] if one["topic"] == "mappings"]
    assert any(one["look"] == "problem" and "find" in one["says"] for one in wrong)
    rewrite(home, "wms", WMS + "mode: live\n")
    assert looked(home, 1)["writes", "wms"] == ("warning", "doctor.no_writes")


def change(state: str, at: datetime, order_no: str = "SO1") -> Mapping[str, Any]:
    return {
        **{"company": "N1", "order_no": order_no, "system": "wms", "write": "delivery", "kind": "update"},
        **{"state": state, "mode": "live", "digest": "d", "key": "k", "wanted": "{}", "seen": "{}"},
        **{"rule": "{}", "attempts": 1, "created_at": at, "changed_at": at, "run": 1},
    }


def test_what_has_stood_for_too_long(home: Home) -> None:
    now = datetime.now(UTC)
    store = store_of(home)
    with store.write() as conn:
        for state, days, order_no in (("unknown", 1, "SO1"), ("held", 2, "SO2"), ("rejected", 2, "SO3")):
            conn.execute(outbox.insert().values(**change(state, now - timedelta(days=days), order_no)))
    says = {one["key"] for one in home.json("doctor")["checks"] if one["topic"] == "changes"}
    assert says == {"doctor.old_unknown", "doctor.old_held", "doctor.old_rejected"}
    with store.write() as conn:
        conn.execute(sa.update(outbox).values(changed_at=now))
    assert looked(home, 0)["changes", None] == ("ok", "doctor.no_old_change")
    with store.write() as conn:  # refused long ago, but something newer was asked for since
        conn.execute(sa.delete(outbox))
        conn.execute(outbox.insert().values(**change("rejected", now - timedelta(days=5))))
        conn.execute(outbox.insert().values(**change("confirmed", now)))
    assert looked(home, 0)["changes", None] == ("ok", "doctor.no_old_change")


def test_pauses_breakers_and_a_full_quarantine(home: Home) -> None:
    now = datetime.now(UTC)
    store = store_of(home)
    with store.write() as conn:
        bearing.pause(conn, "*", "anna", "month end", now)
        bearing.leave_alone(conn, "wms", now + timedelta(hours=1), "password=hunter22 was wrong")
        conn.execute(sa.update(quarantine).values(solved_at=None))
    done = home.run("doctor")
    assert done.exit_code == 1
    assert "orderhub resume all" in done.output
    assert "hunter22" not in done.output
    with store.write() as conn:
        conn.execute(sa.delete(breakers))
        row = dict(conn.execute(sa.select(quarantine)).first()._mapping)
        del row["id"]
        for number in range(100):
            conn.execute(quarantine.insert().values(**row | {"record": f"R{number}"}))
    assert looked(home, 1)["quarantine", "erp"] == ("problem", "doctor.quarantined")


def test_streams_that_nobody_reads(home: Home) -> None:
    with store_of(home).write() as conn:
        conn.execute(sa.update(reads).values(complete_at=datetime(2011, 1, 1, tzinfo=UTC)))
    assert looked(home, 1)["reads", "wms"] == ("problem", "doctor.silent")


def test_streams_that_were_never_read(fresh: Home) -> None:
    assert looked(fresh, 0)["reads", "wms"] == ("warning", "doctor.never_read")


def test_calls_that_nobody_can_verify_or_hears(home: Home) -> None:
    rewrite(home, "wms", WMS + WEBHOOK)
    assert looked(home, 1)["webhook", "wms"] == ("problem", "doctor.no_secret")
    with_secret = json.dumps(
        {
            "conn_type": "sql",
            "extra": {"sqlalchemy_url": f"sqlite:///{home.path / 'wms.db'}", "hook_secret": "hush-hush"},
        }
    )
    found = looked(home, 0, AIRFLOW_CONN_WMS=with_secret)
    assert found["webhook", "wms"] == ("warning", "doctor.not_listened")


def test_it_changes_nothing(home: Home) -> None:
    def dump() -> list[str]:
        with sqlite3.connect(home.path / "hub.db") as database:
            return list(database.iterdump())

    before = dump()
    home.run("doctor")
    assert dump() == before
