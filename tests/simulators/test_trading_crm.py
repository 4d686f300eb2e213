"""The CRM spoken to over HTTP: tokens, pages, ETags, idempotency, lag, wake-up calls, bad days."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.trading.crm import Crm
from simulators.trading.crm_server import LOGIN, PASSWORD, CrmServer
from simulators.trading.faults import faults_at
from simulators.trading.journal import HUB
from simulators.trading.serving import Asked, Reply, Server
from simulators.trading.watch import Watch
from simulators.trading.webhooks import signature

ORDER = {"customer": "200010", "lines": [{"pos": 1, "sku": "100200", "qty": "10.005"}]}


@dataclass
class Client:
    """A caller with a token."""

    server: CrmServer
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.login()

    def login(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": LOGIN, "client_secret": PASSWORD}
        answer = requests.post(f"{self.url}/token", data=form, timeout=5)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def call(self, method: str, path: str, said: Any = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(method, f"{self.url}{path}", json=said, headers=named, timeout=5)

    def orders(self, query: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/orders?{query}").json()
        return found


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def crm(tmp_path: Path, watch: Watch) -> Iterator[Crm]:
    system = Crm(tmp_path / "crm.db", watch, sleep=watch.forward)
    yield system
    system.desk.close()


@pytest.fixture
def client(crm: Crm, watch: Watch) -> Iterator[Client]:
    with CrmServer(crm, watch, ttl=timedelta(minutes=10)) as server:
        made = Client(server)
        yield made
        made.session.close()


def test_a_token_is_good_for_its_time_only(client: Client, watch: Watch) -> None:
    assert client.call("GET", "/orders").status_code == 200
    watch.forward(600)
    late = client.call("GET", "/orders")
    assert (late.status_code, late.json()["error"]["code"]) == (401, "TOKEN_EXPIRED")
    client.login()
    assert client.call("GET", "/orders").status_code == 200


def test_pages_follow_each_other_by_cursor_even_where_stamps_are_equal(client: Client, crm: Crm) -> None:
    made = [crm.create(ORDER, "sales")["id"] for _ in range(7)]
    found, query = [], "limit=3"
    while True:
        page = client.orders(query)
        found += [one["id"] for one in page["orders"]]
        if page["next"] is None:
            break
        query = f"limit=3&cursor={page['next']}"
    assert found == made


def test_only_what_was_changed_since_is_listed(client: Client, crm: Crm, watch: Watch) -> None:
    crm.create(ORDER, "sales")
    watch.forward(60)
    late = crm.create(ORDER, "sales")
    assert [one["id"] for one in client.orders(f"updated_from={late['changed']}")["orders"]] == [late["id"]]


def test_a_patch_with_an_old_etag_is_refused_and_changes_nothing(client: Client, crm: Crm) -> None:
    order = crm.create(ORDER, "sales")
    etag = client.call("GET", f"/orders/{order['id']}").headers["ETag"]
    first = client.call("PATCH", f"/orders/{order['id']}", {"status": "Approved"}, If_Match=etag)
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    second = client.call("PATCH", f"/orders/{order['id']}", {"status": "Shipped"}, If_Match=etag)
    assert (second.status_code, second.json()["error"]["code"]) == (412, "STALE")
    assert crm.find(order["ref"])[0]["status"] == "Approved"
    assert [entry.done for entry in crm.journal() if entry.who == HUB] == [True, False]


def test_the_same_key_makes_one_order_and_other_content_under_it_is_refused(client: Client, crm: Crm) -> None:
    first = client.call("POST", "/orders", {**ORDER, "ref": "SO-1"}, Idempotency_Key="k1")
    again = client.call("POST", "/orders", {**ORDER, "ref": "SO-1"}, Idempotency_Key="k1")
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    other = client.call("POST", "/orders", {**ORDER, "ref": "SO-2"}, Idempotency_Key="k1")
    assert other.status_code == 409
    assert [(entry.done, entry.idempotency_key) for entry in crm.journal()] == [
        (True, "k1"),
        (False, "k1"),
        (False, "k1"),
    ]
    assert len(crm.orders()) == 1


@pytest.mark.parametrize(
    ("said", "status"),
    [({"status": "Packed"}, 422), ({"colour": "red"}, 400), ({"lines": [{"sku": "1", "qty": "x"}]}, 422)],
)
def test_what_cannot_be_is_refused_in_its_own_words(
    client: Client, crm: Crm, said: dict[str, Any], status: int
) -> None:
    order = crm.create(ORDER, "sales")
    assert client.call("PATCH", f"/orders/{order['id']}", said).status_code == status
    assert crm.find(order["ref"]) == [order]


def test_the_replica_lags_as_long_as_it_is_told(client: Client, crm: Crm, watch: Watch) -> None:
    order = crm.create(ORDER, "sales")
    watch.forward(60)
    crm.edit(order["ref"], {"status": "Approved"})
    for operation in ("list", "find"):
        crm.faults.order("lag", "30", operation=operation)
    assert [one["status"] for one in client.orders()["orders"]] == ["Draft"]
    assert [one["status"] for one in client.orders(f"ref={order['ref']}")["orders"]] == ["Draft"]
    assert client.call("GET", f"/orders/{order['id']}").json()["status"] == "Approved"
    watch.forward(31)
    assert [one["status"] for one in client.orders()["orders"]] == ["Approved"]


def test_an_answer_can_be_lost_after_the_write_was_done(client: Client, crm: Crm) -> None:
    crm.faults.order("lost", operation="create")
    with pytest.raises(requests.ConnectionError):
        client.call("POST", "/orders", ORDER)
    assert len(crm.orders()) == 1
    assert [entry.done for entry in crm.journal()] == [True]


def test_a_write_can_die_before_it_is_done(client: Client, crm: Crm) -> None:
    crm.faults.order("dead", operation="create")
    with pytest.raises(requests.ConnectionError):
        client.call("POST", "/orders", ORDER)
    assert crm.orders() == []
    assert [(entry.done, entry.note) for entry in crm.journal()] == [(False, "dead")]


@pytest.mark.parametrize(
    ("way", "status", "done"),
    [
        ("500_after", 500, True),
        ("500_before", 500, False),
        ("429", 429, False),
        ("locked", 423, False),
        ("html_after", 200, True),
        ("html_before", 200, False),
    ],
)
def test_each_way_of_going_wrong_says_what_it_says(
    client: Client, crm: Crm, way: str, status: int, done: bool
) -> None:
    order = crm.create(ORDER, "sales")
    crm.faults.order(way, "7", order_ref=order["ref"])
    answer = client.call("PATCH", f"/orders/{order['id']}", {"hold": True})
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("7" if way == "429" else None)
    assert answer.text.startswith("<html>") == way.startswith("html")
    assert crm.find(order["ref"])[0]["hold"] is done
    assert crm.journal()[-1].done is done
    assert client.call("PATCH", f"/orders/{order['id']}", {"hold": True}).status_code == 200


def test_a_fault_comes_after_so_many_good_calls_and_so_often(client: Client, crm: Crm) -> None:
    crm.faults.order("500_before", operation="list", after=1, times=2)
    assert [client.call("GET", "/orders").status_code for _ in range(4)] == [200, 500, 500, 200]


def test_an_answer_can_be_slow(client: Client, crm: Crm, watch: Watch) -> None:
    before = watch.now
    crm.faults.order("slow", "3")
    client.call("GET", "/orders")
    assert watch.now - before == timedelta(seconds=3)


def test_a_person_may_change_the_order_between_read_and_write(client: Client, crm: Crm) -> None:
    order = crm.create(ORDER, "sales")
    crm.faults.order("person", json.dumps({"hold": True}))
    answer = client.call("PATCH", f"/orders/{order['id']}", {"status": "Approved"}, If_Match='"1"')
    assert answer.status_code == 412
    (found,) = crm.find(order["ref"])
    assert (found["status"], found["hold"], found["rev"]) == ("Draft", True, 2)


def test_what_the_crm_cannot_hold_it_rounds_cuts_and_merges(client: Client, crm: Crm) -> None:
    for way, value in (("round", "2"), ("cut", "4"), ("merge", "Delivered=Shipped")):
        crm.faults.order(way, value)
    order = crm.create(ORDER, "sales")
    said = {"remark": "urgent!", "status": "Delivered", "shipped": "1.005"}
    found = client.call("PATCH", f"/orders/{order['id']}", said).json()
    assert (found["remark"], found["status"], found["shipped"]) == ("urge", "Shipped", "1.01")
    assert found["lines"][0]["qty"] == "10.01"


def test_another_process_may_order_faults_by_the_file(client: Client, tmp_path: Path) -> None:
    with faults_at(tmp_path / "crm.db") as faults:
        faults.order("500_before", operation="list")
    assert client.call("GET", "/orders").status_code == 500


def test_records_and_journal_outlive_the_process(crm: Crm, tmp_path: Path, watch: Watch) -> None:
    crm.create(ORDER, "sales")
    crm.desk.close()
    again = Crm(tmp_path / "crm.db", watch)
    assert [one["ref"] for one in again.orders()] == ["SO-100001"]
    assert again.create(ORDER, "sales")["ref"] == "SO-100002"
    assert [entry.done for entry in again.journal()] == [True, True]
    again.desk.close()


@dataclass
class Inbox:
    """Takes wake-up calls."""

    calls: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        self.calls.append(asked)
        return Reply(204)

    @property
    def orders(self) -> list[str]:
        return [json.loads(call.body)["order_id"] for call in self.calls]


@pytest.fixture
def inbox(client: Client) -> Iterator[Inbox]:
    made = Inbox()
    with Server(made) as server:
        said = {"url": f"{server.url}/webhooks/crm", "secret": "s3cret"}
        assert client.call("POST", "/webhooks", said).status_code == 201
        yield made


def test_each_change_is_told_with_a_signature_over_time_and_body(
    client: Client, crm: Crm, inbox: Inbox, watch: Watch
) -> None:
    order = crm.create(ORDER, "sales")
    client.call("PATCH", f"/orders/{order['id']}", {"hold": True})
    client.server.webhooks.wait()
    assert inbox.orders == [order["id"]] * 2
    (first, second) = inbox.calls
    assert first.headers["x-time"] == str(int(watch.now.timestamp()))
    assert first.headers["x-signature"] == signature("s3cret", first.headers["x-time"], first.body)
    assert json.loads(first.body)["event_id"] != json.loads(second.body)["event_id"]


def test_wake_up_calls_can_be_doubled_disordered_and_switched_off(
    client: Client, crm: Crm, inbox: Inbox
) -> None:
    webhooks = client.server.webhooks
    webhooks.twice = True
    one = crm.create(ORDER, "sales")["id"]
    webhooks.wait()
    assert inbox.orders == [one, one]
    assert inbox.calls[0].body == inbox.calls[1].body
    inbox.calls.clear()
    webhooks.twice, webhooks.reorder = False, True
    two, three = crm.create(ORDER, "sales")["id"], crm.create(ORDER, "sales")["id"]
    webhooks.wait()
    assert inbox.orders == [three, two]
    inbox.calls.clear()
    webhooks.on = False
    crm.create(ORDER, "sales")
    webhooks.wait()
    assert inbox.orders == []
