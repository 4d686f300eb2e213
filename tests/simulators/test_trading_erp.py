"""The ERP's plain order service spoken to over SOAP: one call does it all, what is wrong stands in Code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep

from simulators.trading.erp import COMPLETED, PAID, Erp
from simulators.trading.erp_server import LOGIN, PASSWORD, ErpServer
from simulators.trading.journal import HUB
from simulators.trading.watch import Watch

LINES = {"Line": [{"Pos": 1, "Material": "100200", "Quantity": "10.005"}]}


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def erp(tmp_path: Path, watch: Watch) -> Iterator[Erp]:
    system = Erp(tmp_path / "erp.db", watch, sleep=watch.forward)
    yield system
    system.desk.close()


class Service:
    """A caller that reads the description and calls at the server's real address."""

    def __init__(self, port: int) -> None:
        session = requests.Session()
        session.auth = (LOGIN, PASSWORD)
        self.url = f"http://127.0.0.1:{port}/services/orders"
        self._client = zeep.Client(f"{self.url}?wsdl", transport=zeep.Transport(session=session))
        self._calls = self._client.create_service("{urn:trading:orders}OrdersBinding", self.url)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._calls, name)

    def close(self) -> None:
        self._client.transport.session.close()


@pytest.fixture
def service(erp: Erp, watch: Watch) -> Iterator[Service]:
    with ErpServer(erp, watch) as server:
        made = Service(server.port)
        yield made
        made.close()


def made(service: Service, ref: str = "SO-1") -> str:
    answer = service.CreateOrder(Reference=ref, Customer="200010", Lines=LINES)
    assert answer.Code == "0"
    return str(answer.Number)


def only(erp: Erp, ref: str = "SO-1") -> dict[str, Any]:
    (found,) = erp.find(ref)
    return found.body


def test_an_order_is_made_found_changed_and_listed(service: Service, erp: Erp, watch: Watch) -> None:
    number = made(service)
    watch.forward(1)
    changed = service.ChangeOrder(Number=number, Version=1, Status="60", Shipped="10.005", Block="X")
    assert (changed.Code, changed.Version) == ("0", 2)
    (found,) = service.FindOrder(Reference="SO-1").Orders.Order
    assert (found.Number, found.Status, str(found.Shipped), found.Block) == (number, "60", "10.005", "X")
    assert [str(line.Quantity) for line in found.Lines.Line] == ["10.005"]
    assert found.Changed.isoformat() == "2026-07-01T16:00:01"
    assert [entry.operation for entry in erp.journal()] == ["create", "block+shipped+status"]
    assert all(entry.done and entry.who == HUB and entry.order_ref == "SO-1" for entry in erp.journal())


def test_the_same_reference_is_taken_again_and_again(service: Service, erp: Erp) -> None:
    numbers = {made(service) for _ in range(3)}
    assert len(numbers) == 3
    assert {one.Number for one in service.FindOrder(Reference="SO-1").Orders.Order} == numbers


def test_nothing_found_is_an_answer_without_orders(service: Service) -> None:
    answer = service.FindOrder(Reference="SO-9")
    assert (answer.Code, answer.Orders) == ("0", None)


def test_orders_come_page_by_page_from_a_time_on(service: Service, watch: Watch) -> None:
    early = made(service)
    watch.forward(60)
    late = [made(service) for _ in range(3)]
    since = "2026-07-01T16:01:00"
    first = service.GetOrders(Since=since, Max=2)
    second = service.GetOrders(Since=since, Max=2, Cursor=first.Next)
    assert [one.Number for one in [*first.Orders.Order, *second.Orders.Order]] == late
    assert second.Next is None
    assert [one.Number for one in service.GetOrders(Number=early).Orders.Order] == [early]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"Version": 7, "Status": "60"}, "STALE"),
        ({"Status": "61"}, "V1300"),
        ({"Number": "99", "Status": "60"}, "V1045"),
        ({"Lines": {"Line": []}}, "V4232"),
    ],
)
def test_what_is_wrong_stands_in_code_and_changes_nothing(
    service: Service, erp: Erp, said: dict[str, Any], code: str
) -> None:
    number = made(service)
    before = only(erp)
    answer = service.ChangeOrder(**{"Number": number, **said})
    assert (answer.Code, only(erp)) == (code, before)


def test_a_document_that_a_person_has_open_is_locked(service: Service, erp: Erp) -> None:
    number = made(service)
    erp.lock("SO-1", "WANGJG")
    answer = service.ChangeOrder(Number=number, Status="60")
    assert (answer.Code, only(erp)["status"]) == ("V1042", "10")
    assert "WANGJG" in answer.Text
    erp.unlock("SO-1")
    assert service.ChangeOrder(Number=number, Status="60").Code == "0"


def test_a_completed_document_takes_no_more_quantities(service: Service, erp: Erp) -> None:
    number = made(service)
    erp.invoice("SO-1")
    erp.pay("SO-1")
    assert (only(erp)["status"], only(erp)["money"]) == (COMPLETED, PAID)
    assert service.ChangeOrder(Number=number, Shipped="1").Code == "V1311"


@pytest.mark.parametrize("way", ["lost", "dead", "500_after", "500_before", "html_after", "html_before"])
def test_a_create_may_be_done_or_not_whatever_its_answer_says(service: Service, erp: Erp, way: str) -> None:
    erp.faults.order(way, operation="create")
    with pytest.raises((requests.ConnectionError, zeep.exceptions.Error)):
        service.CreateOrder(Reference="SO-1", Customer="200010", Lines=LINES)
    done = way in ("lost", "500_after", "html_after")
    assert len(erp.find("SO-1")) == (1 if done else 0)
    assert [entry.done for entry in erp.journal()] == [done]


def test_locked_by_order_is_said_in_code(service: Service, erp: Erp) -> None:
    erp.faults.order("locked", "LIXM")
    answer = service.CreateOrder(Reference="SO-1", Customer="200010", Lines=LINES)
    assert (answer.Code, erp.find("SO-1")) == ("V1042", [])
    assert "LIXM" in answer.Text


def test_a_person_who_edits_in_between_makes_the_version_stale(service: Service, erp: Erp) -> None:
    number = made(service)
    erp.faults.order("person", '{"block": "X"}')
    assert service.ChangeOrder(Number=number, Version=1, Status="60").Code == "STALE"
    assert (only(erp)["block"], only(erp)["status"]) == ("X", "10")


def test_what_the_erp_cannot_hold_it_rounds_cuts_and_merges(service: Service, erp: Erp) -> None:
    for way, value in (("round", "0"), ("cut", "3"), ("merge", "50=60")):
        erp.faults.order(way, value)
    number = made(service)
    service.ChangeOrder(Number=number, Status="50", Shipped="4.5")
    found = only(erp)
    assert (found["customer"], found["status"], found["shipped"]) == ("200", "60", "5")
    assert found["lines"][0]["qty"] == "10"


def test_nobody_comes_in_without_a_password(service: Service) -> None:
    assert requests.post(service.url, data=b"", timeout=5).status_code == 401
