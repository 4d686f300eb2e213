"""The page: what it shows of a hub, to whom, and that nothing of a request reaches the disk."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import HTTPException
from httpx import ASGITransport, AsyncClient, Response

from airflow_provider.page import make_app
from airflow_provider.people import Person, person
from hub.locale import catalogue
from hub.store import Store
from sync.run import sync_systems
from tests.dags.homes import FUSED, env_of
from tests.sync.out.house import House

Get = Callable[..., Response]
VIEWER, OP = Person("vera", frozenset({"viewer"})), Person("otto", frozenset({"op"}))


@pytest.fixture
def house(tmp_path: Path, sqlite_store: Store) -> Iterator[House]:
    """A house with a dear order that waits for its director in two systems, and reports."""
    here = House(tmp_path / "house", sqlite_store, hub_yaml=FUSED)
    here.sync()
    here.adopt()
    here.born("S1", worth=6000, customer="<b>Ace</b>")
    here.sync(2)
    reports = here.home / "reports"
    reports.mkdir()
    for name in ("report.en.html", "report.en.xlsx", "findings.en.csv", "report.zh-CN.html", "secret.txt"):
        (reports / name).write_text(f"this is {name}", "utf-8")
    for name in ("payments-A1.en.html", "payments-A1.en.xlsx", "payments-B2.en.html"):
        (reports / name).write_text(f"this is {name}", "utf-8")
    yield here
    here.close()


def get_of(app: Any) -> Get:
    def get(path: str) -> Response:
        async def asked() -> Response:
            async with AsyncClient(transport=ASGITransport(app), base_url="http://hub") as client:
                return await client.get(path)

        return asyncio.run(asked())

    return get


def pages(house: House, somebody: Person | None) -> Get:
    """What gets a path for somebody, or for a stranger."""

    def door() -> Person:
        if somebody is None:
            raise HTTPException(401)
        return somebody

    return get_of(make_app(door, env_of(house), lambda: house.now))


def test_the_page_shows_systems_approvals_and_reports(house: House) -> None:
    found = pages(house, OP)("/")
    assert found.status_code == 200
    for said in ("ledger", "SHOP", "WMS", "C1/S1", "Approvals that wait for a person: 2", "otto"):
        assert said in found.text
    for name in ("view/report.html", "file/report.xlsx", "file/findings.csv"):
        assert f'href="{name}"' in found.text
    for name in ("view/payments-1.html", "file/payments-1.xlsx", "view/payments-2.html"):
        assert f'href="{name}"' in found.text
    assert "Payments A1" in found.text


def test_the_page_needs_nothing_from_elsewhere(house: House) -> None:
    found = pages(house, OP)("/")
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", found.text)
    policy = found.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    (nonce,) = re.findall(r"script-src 'nonce-([\w-]+)'", policy)
    assert re.findall(r"<script[^>]*>", found.text) == [f'<script nonce="{nonce}">']
    assert found.headers["cache-control"] == "no-store"


def test_what_systems_say_is_text_and_never_markup(house: House) -> None:
    found = pages(house, OP)("/").text
    assert "&lt;b&gt;Ace" in found
    assert "<b>Ace" not in found


def test_who_may_not_see_money_sees_that_there_is_some(house: House) -> None:
    get = pages(house, VIEWER)
    found = get("/").text
    assert "Approvals that wait for a person: 2" in found
    assert "for people who may see money" in found
    assert "payments-1" not in found
    assert "amount" not in found.casefold().split("<body>")[1]
    assert get("/file/payments-1.html").status_code == 403
    assert get("/file/payments-1.xlsx").status_code == 403
    assert get("/view/payments-1.html").status_code == 403
    assert get("/file/report.xlsx").status_code == 200


def test_a_stranger_sees_nothing(house: House) -> None:
    get = pages(house, None)
    asked = ("/", "/view/report.html", "/file/report.html", "/file/payments-1.xlsx", "/file/nothing")
    assert {get(path).status_code for path in asked} == {401}
    assert get("/docs").status_code == get("/openapi.json").status_code == 404


def test_reports_are_served_as_what_they_are(house: House) -> None:
    get = pages(house, OP)
    shown = get("/file/report.html")
    assert shown.text == "this is report.en.html"
    assert shown.headers["content-type"].startswith("text/html")
    assert "content-disposition" not in shown.headers
    assert "script-src" not in shown.headers["content-security-policy"]
    taken = get("/file/report.xlsx")
    assert "report.en.xlsx" in taken.headers["content-disposition"]
    assert taken.headers["content-type"].endswith("spreadsheetml.sheet")
    around = get("/view/payments-2.html").text
    assert 'src="../file/payments-2.html"' in around
    assert "Payments B2" in around


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        "report.zh-CN.html",
        "report.en.html",
        "..%2Fmappings%2Fhub.yaml",
        "%2Fetc%2Fpasswd",
        "payments-3.html",
        "payments-A1.en.html",
    ],
)
def test_no_other_file_can_be_named(house: House, name: str) -> None:
    get = pages(house, OP)
    assert get(f"/file/{name}").status_code == 404
    assert get(f"/view/{name}").status_code == 404


def test_a_system_that_fails_is_told_first(house: House) -> None:
    house.run("wms", "ALTER TABLE orders RENAME TO away")
    (result,) = sync_systems(house.hub(), ["wms"])
    assert result.errors
    found = pages(house, OP)("/").text
    assert "WMS cannot be read" in found
    assert "orders" in found.partition('class="error"')[2].partition("</div>")[0]


def test_a_wrong_mapping_is_shown_and_stops_nothing(house: House) -> None:
    file = house.home / "mappings" / "systems" / "wms.yaml"
    file.write_text(file.read_text("utf-8").replace("streams:", "strems:"), "utf-8")
    found = pages(house, OP)("/").text
    assert "Mapping files that cannot be read" in found
    assert "strems" in found
    assert "ledger" in found


def test_a_hub_that_cannot_be_opened_says_why(house: House) -> None:
    env = env_of(house) | {"ORDERHUB_KEY": ""}
    found = get_of(make_app(lambda: OP, env, lambda: house.now))("/")
    assert found.status_code == 503
    assert "ORDERHUB_KEY" in found.text
    assert "orderhub doctor" in found.text


def test_the_page_is_in_the_language_of_the_hub(house: House) -> None:
    file = house.home / "mappings" / "hub.yaml"
    file.write_text(file.read_text("utf-8") + "\nlocale: zh-CN\n", "utf-8")
    get = pages(house, OP)
    found = get("/").text
    assert '<html lang="zh-CN">' in found
    assert catalogue("zh-CN")["page.systems"] in found
    assert get("/file/report.html").text == "this is report.zh-CN.html"


@pytest.mark.parametrize(
    ("user", "looks", "sees_money"),
    [
        (SimpleNamespace(role="viewer"), True, False),
        (SimpleNamespace(role="USER"), True, True),
        (SimpleNamespace(role="admin"), True, True),
        (SimpleNamespace(role=None), False, False),
        (SimpleNamespace(roles=[SimpleNamespace(name="Op"), SimpleNamespace(name="Extra")]), True, True),
        (SimpleNamespace(roles=[SimpleNamespace(name="Public")]), False, False),
        (SimpleNamespace(), True, False),
    ],
    ids=["viewer", "user", "admin", "no role", "op among several", "public", "no roles at all"],
)
def test_roles_say_who_sees_what(user: SimpleNamespace, looks: bool, sees_money: bool) -> None:
    user.get_name = lambda: "anna"
    found = person(user)
    assert (found.name, found.may_look, found.may_see_money) == ("anna", looks, sees_money)
