"""The plugin: the hub's page in Airflow's navigation. Every component loads it: it loads nothing itself."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

PREFIX = "/orderhub"


class Page:
    """The page as an ASGI app that is made when somebody asks for it: most processes of Airflow never do."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        await _app()(scope, receive, send)


@cache
def _app() -> Any:
    from airflow_provider.page import make_app
    from airflow_provider.people import door

    return make_app(door())


def _base() -> str:
    """Return the path below which Airflow is served, "" at the root."""
    return urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")


class OrderHubPlugin(AirflowPlugin):  # type: ignore[misc]  # Airflow's types are not followed
    """What Airflow takes from the plugin."""

    name = "orderhub"
    fastapi_apps = [{"app": Page(), "url_prefix": PREFIX, "name": "OrderHub"}]
    external_views = [
        {
            "name": "OrderHub",
            "href": f"{_base()}{PREFIX}/",
            "destination": "nav",
            "url_route": "orderhub",
            "nav_top_level": True,
        }
    ]
