"""Hooks: one for each connection type, which hands Airflow's connection to the hub and tests it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseHook

from airflow_provider.connections import as_json
from airflow_provider.reach import reached
from hub.config import PREFIX, connection

if TYPE_CHECKING:
    from hub.config import Connection


class OrderHubHook(BaseHook):  # type: ignore[misc]  # Airflow's types are not followed
    """A connection of Airflow's as the hub sees it; `kind` is the connector that it is for."""

    conn_name_attr = "orderhub_conn_id"
    default_conn_name = "orderhub"
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]
    kind: ClassVar[str]

    def __init__(self, orderhub_conn_id: str = default_conn_name, **options: Any) -> None:
        """Take the id of a connection."""
        super().__init__(**options)
        self.orderhub_conn_id = orderhub_conn_id

    def environment(self) -> dict[str, str]:
        """Return the environment with this connection in it, as the hub reads it."""
        found = as_json(self.get_connection(self.orderhub_conn_id))
        return {**os.environ, PREFIX + self.orderhub_conn_id.upper(): found}

    def get_conn(self) -> Connection:
        """Return the connection as the hub's connectors take it."""
        return connection(self.orderhub_conn_id, self.environment())

    def test_connection(self) -> tuple[bool, str]:
        """Tell whether it works and why not, in the hub's language and without secrets."""
        return reached(self.orderhub_conn_id, self.kind, self.environment())


class RestHook(OrderHubHook):
    """A system with a REST interface."""

    conn_type, hook_name, kind = "orderhub_rest", "OrderHub: REST", "rest"


class SoapHook(OrderHubHook):
    """A system with a SOAP interface."""

    conn_type, hook_name, kind = "orderhub_soap", "OrderHub: SOAP", "soap"


class SqlHook(OrderHubHook):
    """A system that is read in its database."""

    conn_type, hook_name, kind = "orderhub_sql", "OrderHub: SQL database", "sql"


class FilesHook(OrderHubHook):
    """A system that is read by files, here or on a server."""

    conn_type, hook_name, kind = "orderhub_files", "OrderHub: files", "files"


class SapSoapHook(OrderHubHook):
    """An SAP system by SOAP."""

    conn_type, hook_name, kind = "orderhub_sap_soap", "OrderHub: SAP by SOAP", "sap_soap"


class CmbHook(OrderHubHook):
    """The direct link of China Merchants Bank."""

    conn_type, hook_name, kind = "orderhub_cmb", "OrderHub: China Merchants Bank", "cmb"
