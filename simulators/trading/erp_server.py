"""The ERP's way in over HTTP: the plain order service under one path, BAPIs and the books under others."""

from __future__ import annotations

import base64

from simulators.catalogue import COMPANIES
from simulators.erp.server import SERVICE_PATHS, WSDL_PATHS
from simulators.erp.wsdl import wsdl as wsdl_of
from simulators.trading.database import Clock
from simulators.trading.erp import Erp
from simulators.trading.erp_bapi import Bapis
from simulators.trading.erp_functions import ALL
from simulators.trading.erp_service import OrderService
from simulators.trading.erp_service_wsdl import PATH, wsdl
from simulators.trading.finance import Finance
from simulators.trading.finance_service import PATH as FINANCE
from simulators.trading.finance_service import FinanceService
from simulators.trading.serving import Asked, Reply, Server

LOGIN, PASSWORD = "HUB_ERP", "Fabrik-4712"

_REALM = {"WWW-Authenticate": 'Basic realm="ERP"', "Content-Type": "text/html"}


class ErpServer:
    """Serves an ERP; a context manager."""

    def __init__(self, erp: Erp, clock: Clock, port: int = 0, finance: Finance | None = None) -> None:
        """Bind to loopback; port 0 takes any free one. Without `finance` it has no books."""
        self.erp = erp
        self._orders, self._bapis = OrderService(erp), Bapis(erp, clock)
        self._finance = FinanceService(finance) if finance else None
        self._token = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        self._server = Server(self._answer, port)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    def __enter__(self) -> ErpServer:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def _answer(self, asked: Asked) -> Reply | None:
        if asked.headers.get("authorization") != f"Basic {self._token}":
            return Reply(401, b"<html><body><h1>Logon failed</h1></body></html>", _REALM)
        if asked.path == PATH:
            return _xml(wsdl()) if asked.method == "GET" else self._orders.answer(asked.body)
        if self._finance is not None and asked.path.startswith(f"{FINANCE}/"):
            return self._finance.answer(asked)
        if asked.method == "POST" and asked.path.startswith(SERVICE_PATHS):
            return self._bapis.answer(asked)
        style, function = WSDL_PATHS.get(asked.path), ALL.get(asked.query.get("services", "").upper())
        if style is not None and function is not None:
            client = asked.query.get("sap-client", COMPANIES[0].client)
            return _xml(wsdl_of(function, style, client))
        return Reply(404, b"<html><body><h1>Not found</h1></body></html>", {"Content-Type": "text/html"})


def _xml(text: str) -> Reply:
    return Reply(200, text.encode(), {"Content-Type": "text/xml; charset=utf-8"})
