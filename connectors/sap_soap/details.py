"""Whole orders by their numbers: a block of documents in one call, each made a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connectors.contract import BadRecord, Page
from connectors.sap_soap.bapi import Bapi
from connectors.sap_soap.discovery import Discovery
from connectors.sap_soap.options import SapOptions
from connectors.sap_soap.orders import (
    add_delivered_by_flow,
    add_delivered_by_status,
    group,
    padded,
    record,
    version,
)
from hub.errors import ConfigError, RecordError
from hub.locale import text
from hub.mapping.callspec import ErrorsSpec
from hub.mapping.grammar import SystemMapping
from hub.model import Record

DETAILS = "BAPISDORDER_GETDETAILEDLIST"
STATUS = "BAPI_SALESORDER_GETSTATUS"
VERSION = "VERSION"
"""What a record holds besides, where the stream's `version` mentions it."""

_VIEW = ("HEADER", "ITEM", "SDSCHEDULE", "BUSINESS", "STATUS_H")
_TABLES = (
    "ORDER_HEADERS_OUT",
    "ORDER_ITEMS_OUT",
    "ORDER_SCHEDULES_OUT",
    "ORDER_BUSINESS_OUT",
    "ORDER_STATUSHEADERS_OUT",
)
_FLOWS = "ORDER_FLOWS_OUT"
_PARTLY_OR_FULLY = ("B", "C")  # DLV_STAT_H, domain STATV


class Details:
    """Reads documents of known numbers."""

    def __init__(self, mapping: SystemMapping, options: SapOptions, bapi: Bapi, discovery: Discovery) -> None:
        """Read through `bapi`; `discovery` knows the customers' names."""
        self._system, self._options = mapping.system, options
        self._bapi, self._discovery = bapi, discovery
        self._versioned = any(VERSION in (stream.version or "") for stream in mapping.streams.values())

    def page(
        self,
        client: str,
        numbers: Sequence[str],
        errors: ErrorsSpec | None = None,
        slot: Mapping[str, str] | None = None,
    ) -> Page:
        """Read a block of documents in one call and return it as a page.

        SAP BAPISDORDER_GETDETAILEDLIST interface, confirmed; a number that it does not know is passed over
        in silence, likely: it is named in the page's warnings.
        """
        if not numbers:
            return Page([], dict(slot or {}))
        parts = group(self._tables(client, numbers, errors))
        records: list[Record] = []
        bad: list[BadRecord] = []
        missing = []
        for number in numbers:
            if number not in parts or not parts[number].header:
                missing.append(text("sap.not_returned", key=f"{client}/{number}"))
                continue
            order = record(parts[number], client, number, self._only_organisation(client))
            if self._versioned:
                order[VERSION] = version(order)
            self._name_customer(order)
            try:
                self._add_delivered(order, errors)
            except RecordError as error:
                bad.append(BadRecord(orjson.dumps(order), error, order["KEY"]))
            else:
                records.append(order)
        return Page(records, dict(slot or {}), {"client": client}, bad=bad, warnings=missing)

    def _tables(self, client: str, numbers: Sequence[str], errors: ErrorsSpec | None) -> Mapping[str, Any]:
        view = dict.fromkeys(_VIEW, "X")
        args: dict[str, Any] = {"SALES_DOCUMENTS": [{"VBELN": number} for number in numbers]}
        args.update({table: [] for table in _TABLES})
        if self._options.delivered == "flow":
            if not self._bapi.has_table(DETAILS, client, _FLOWS):
                raise ConfigError("sap.no_flow", system=self._system, function=DETAILS)
            view["FLOW"], args[_FLOWS] = "X", []
        tables = self._bapi.call(DETAILS, client, {"I_BAPI_VIEW": view, **args}, errors)
        return {name: rows for name, rows in tables.items() if name in args and name != "SALES_DOCUMENTS"}

    def _add_delivered(self, order: Record, errors: ErrorsSpec | None) -> None:
        if self._options.delivered == "flow":
            add_delivered_by_flow(order, self._options.goods)
            return
        rows: list[Record] = []
        if str(order["status"].get("DLV_STAT_H") or "").strip() in _PARTLY_OR_FULLY:
            args = {"SALESDOCUMENT": order["SD_DOC"], "STATUSINFO": []}
            tables = self._bapi.call(STATUS, order["CLIENT"], args, errors)
            rows = list(tables.get("STATUSINFO", ()))
        order["deliveries"] = rows
        add_delivered_by_status(order, rows)

    def _name_customer(self, order: Record) -> None:
        """Put the customer's name into the header where the customers were listed and SAP gave none."""
        name = self._discovery.customer_names(order["CLIENT"]).get(
            padded(str(order["header"].get("SOLD_TO") or "").strip())
        )
        if name:
            order["header"].setdefault("NAME", name)

    def _only_organisation(self, client: str) -> str:
        found = {one.sales_org for one in self._options.organisations if one.client == client}
        return found.pop() if len(found) == 1 else ""
