"""The inbox over real sockets: who is believed, what is answered, what is remembered."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.store import Store
from simulators.trading.trading import WEBHOOK_SECRET
from simulators.trading.webhooks import signature
from sync.watch.events import Event
from sync.watch.inbox import LARGEST, Inbox, doors
from sync.watch.seen import Seen
from tests.sync.out.market import Market


class Door:
    """An inbox that is served, with what it woke and told."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.woken: list[tuple[str, str, list[str]]] = []
        self.told: list[Event] = []
        self.renew()

    def renew(self) -> None:
        """Begin anew, as after a restart."""
        hub = self.market.hub()
        found = doors(hub, list(self.market.systems))
        self.inbox = Inbox(found, lambda *woken: self.woken.append(woken), self.told.append, hub.clock)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        with self.inbox.serve("127.0.0.1", 0) as server:
            connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            said = answer.status, answer.read() + str(answer.headers).encode()
            connection.close()
        return said

    def call(
        self,
        order: str = "C1",
        event: str = "e1",
        secret: str = WEBHOOK_SECRET,
        system: str = "crm",
        age: int = 0,
    ) -> int:
        """Call as the CRM does; return the status."""
        time = str(int(self.market.now.timestamp()) - age)
        body = json.dumps({"order_id": order, "event_id": event, "time": time}).encode()
        headers = {"X-Time": time, "X-Signature": signature(secret, time, body)}
        status, said = self.send("POST", f"/hooks/{system}", body, headers)
        assert WEBHOOK_SECRET.encode() not in said
        return status


@pytest.fixture
def door(tmp_path: Path, sqlite_store: Store) -> Iterator[Door]:
    market = Market(tmp_path / "market", sqlite_store, systems=("crm", "wms"))
    yield Door(market)
    market.close()


def test_a_genuine_call_wakes_the_reader_of_its_record(door: Door) -> None:
    assert door.call("C100001") == 202
    assert door.woken == [("crm", "orders", ["C100001"])]
    assert not door.told


def test_a_call_that_is_signed_by_somebody_else_wakes_nobody(door: Door) -> None:
    assert [door.call(secret="guess"), door.call(event="e2", secret="guess")] == [401, 401]
    assert not door.woken
    (told,) = door.told  # a flood of them is told once
    assert told.error is not None
    assert (told.kind, told.system, told.error.key) == ("refused", "crm", "webhook.not_genuine")


def test_a_refused_call_is_not_remembered_as_one_that_came(door: Door) -> None:
    assert [door.call(secret="guess"), door.call()] == [401, 202]


def test_a_recorded_call_is_taken_once(door: Door) -> None:
    assert [door.call(), door.call(), door.call(event="e2")] == [202, 202, 202]
    assert len(door.woken) == 2
    assert door.call(age=600) == 401


def test_calls_are_remembered_over_a_restart_until_they_are_too_old_to_be_believed(door: Door) -> None:
    door.call()
    door.inbox.keep()
    door.renew()
    assert door.call() == 202
    assert len(door.woken) == 1
    door.market.later(minutes=11)
    door.inbox.keep()
    within = door.market.hub().mappings["crm"].webhook
    assert within is not None
    assert not Seen(door.market.store, "crm", within.within, lambda: door.market.now)._until


@pytest.mark.parametrize("system", ["wms", "tms", "crm/x", "", "CRM", "../crm"])
def test_who_has_no_door_here_is_not_known(door: Door, system: str) -> None:
    assert door.call(system=system) == 404
    assert not door.woken


def test_a_call_that_is_too_large_or_says_no_length_is_not_read(door: Door) -> None:
    length = {"Content-Length": str(LARGEST + 1)}
    assert door.send("POST", "/hooks/crm", b"", length)[0] == 413
    assert door.send("POST", "/hooks/crm", b"", {"Content-Length": "9" * 30})[0] == 413
    for wrong in ("-1", "x", "٣"):
        headers = {"Content-Length": wrong.encode().decode("latin-1")}
        assert door.send("POST", "/hooks/crm", b"", headers)[0] == 400
    assert door.send("POST", "/hooks/crm", b"", {"Transfer-Encoding": "chunked"})[0] == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 5000, b"\xff\xfe", b'{"order_id": {"a": 1}}', b"null"])
def test_whatever_is_signed_is_answered(door: Door, body: bytes) -> None:
    time = str(int(door.market.now.timestamp()))
    headers = {"X-Time": time, "X-Signature": signature(WEBHOOK_SECRET, time, body)}
    assert door.send("POST", "/hooks/crm", body, headers)[0] in (400, 401)
    assert not door.woken


def test_a_key_with_signs_that_no_key_has_is_refused(door: Door) -> None:
    assert [door.call("C1\x00"), door.call("\ud800", "e2")] == [400, 400]
    assert not door.woken


def test_nothing_is_shown_to_those_who_look(door: Door) -> None:
    assert door.send("GET", "/hooks/crm", b"", {})[0] == 404
    status, said = door.send("BREW", "/hooks/crm", b"", {})
    assert (status, b"Python" in said) == (501, False)


def test_a_caller_who_says_nothing_does_not_keep_the_inbox_from_ending(door: Door) -> None:
    with door.inbox.serve("127.0.0.1", 0) as server:
        mute = socket.create_connection(("127.0.0.1", server.port))
        half = socket.create_connection(("127.0.0.1", server.port))
        half.sendall(b"POST /hooks/crm HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
    with suppress(ConnectionError):
        assert half.recv(100)[:12] in (b"HTTP/1.0 400", b"")
    mute.close()
    half.close()


def test_a_place_that_is_taken_is_named(door: Door) -> None:
    with (
        door.inbox.serve("127.0.0.1", 0) as server,
        pytest.raises(ConfigError, match="watch.no_port|nobody can listen"),
    ):
        door.inbox.serve("127.0.0.1", server.port)
