"""The page inside Airflow's own API server: in the navigation, and only for people who are logged in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from hub.store import Store
from tests.dags import homes
from tests.dags.conftest import use
from tests.sync.out.house import House

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

Get = Callable[..., Response]


@pytest.fixture(scope="module")
def server(airflow: None) -> Any:
    """Airflow's API server, as an app in this process."""
    from airflow.api_fastapi.app import create_app

    return create_app(apps="core")


@pytest.fixture
def house(tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    here = House(tmp_path / "house", sqlite_store, hub_yaml=homes.FUSED)
    here.sync()
    use(monkeypatch, homes.env_of(here))
    reports = here.home / "reports"
    reports.mkdir()
    for name in ("report.en.html", "payments.en.html", "payments.en.xlsx"):
        (reports / name).write_text(f"this is {name}", "utf-8")
    yield here
    here.close()


@pytest.fixture
def get(server: Any, house: House) -> Get:
    def asked(path: str, **given: Any) -> Response:
        async def ask() -> Response:
            async with AsyncClient(transport=ASGITransport(server), base_url="http://airflow") as client:
                return await client.get(path, **given)

        return asyncio.run(ask())

    return asked


def token(server: Any, role: str) -> str:
    """Return what Airflow's login would have given to somebody with this role."""
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    user = SimpleAuthManagerUser(username=f"{role}-anna", role=role)
    return str(server.state.auth_manager.generate_jwt(user))


def bearer(server: Any, role: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {token(server, role)}"}}


def test_the_page_is_for_people_who_are_logged_in(server: Any, get: Get) -> None:
    for path in ("/orderhub/", "/orderhub/file/report.html", "/orderhub/file/payments.xlsx"):
        assert get(path).status_code == 401
    assert get("/orderhub/", headers={"Authorization": "Bearer made-up"}).status_code in (401, 403)
    shown = get("/orderhub/", **bearer(server, "op"))
    assert shown.status_code == 200
    assert "op-anna" in shown.text
    assert "SHOP" in shown.text


def test_the_cookie_of_the_browser_lets_in_as_well(server: Any, get: Get) -> None:
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN

    found = get("/orderhub/", headers={"Cookie": f"{COOKIE_NAME_JWT_TOKEN}={token(server, 'viewer')}"})
    assert found.status_code == 200
    assert "viewer-anna" in found.text


def test_roles_say_who_sees_payments(server: Any, get: Get) -> None:
    for role, status in (("viewer", 403), ("user", 200), ("op", 200), ("admin", 200)):
        assert get("/orderhub/file/payments.xlsx", **bearer(server, role)).status_code == status
        assert get("/orderhub/file/report.html", **bearer(server, role)).status_code == 200


def test_the_page_is_in_the_navigation(server: Any, get: Get) -> None:
    from airflow import plugins_manager

    _, wrong = plugins_manager._get_plugins()
    assert not wrong
    found = get("/api/v2/plugins", **bearer(server, "admin")).json()["plugins"]
    (ours,) = [one for one in found if one["name"] == "orderhub"]
    (view,) = ours["external_views"]
    assert (view["name"], view["href"], view["destination"]) == ("OrderHub", "/orderhub/", "nav")
    assert get(view["href"], **bearer(server, "viewer")).status_code == 200
