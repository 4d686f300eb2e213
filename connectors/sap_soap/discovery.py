"""Which documents there are: lists by customer and sales organisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from connectors.sap_soap.bapi import Bapi
from connectors.sap_soap.options import Organisation
from connectors.sap_soap.orders import padded
from hub.errors import Missing, RecordLocked, Rejected, SourceError
from hub.mapping.grammar import CallSpec

GETLIST = "BAPI_SALESORDER_GETLIST"
CUSTOMERS = "BAPI_CUSTOMER_GETLIST"


class Discovery:
    """Finds the documents of a sales organisation through its customers."""

    def __init__(self, bapi: Bapi, customers: Sequence[str]) -> None:
        """List the documents of `customers`, or of all that SAP lists if there are none."""
        self._bapi, self._customers_named = bapi, customers
        self._names: dict[str, dict[str, str]] = {}

    def documents(
        self,
        call: CallSpec,
        organisation: Organisation,
        first: date | None,
        last: date | None,
        refused: list[SourceError],
    ) -> Iterator[tuple[str, str]]:
        """Yield number and date of each document once, from the lists of all customers.

        SAP BAPI_SALESORDER_GETLIST interface, confirmed: customer and sales organisation are required, one
        row an item. That DOCUMENT_DATE filters by the day of entry is likely.
        """
        seen: set[str] = set()
        self._bapi.narrow(GETLIST, organisation.client, "SALES_ORDERS", ("SD_DOC", "DOC_DATE"))
        for customer in self.customers(organisation.client):
            args: dict[str, Any] = {
                "CUSTOMER_NUMBER": customer,
                "SALES_ORGANIZATION": organisation.sales_org,
                "SALES_ORDERS": [],
            }
            if first is not None:
                args["DOCUMENT_DATE"] = first.isoformat()
            if last is not None:
                args["DOCUMENT_DATE_TO"] = last.isoformat()
            try:
                tables = self._bapi.call(GETLIST, organisation.client, args, call.errors)
            except Missing as error:
                if error.key == "soap.not_found":
                    raise
                continue  # "nothing found", said as an error and mapped as missing
            except (Rejected, RecordLocked) as error:
                refused.append(_about(error, f"{organisation.slot} {customer}"))
                continue
            for row in tables.get("SALES_ORDERS", ()):
                number = padded(str(row.get("SD_DOC") or "").strip())
                if number and number not in seen:
                    seen.add(number)
                    yield number, str(row.get("DOC_DATE") or "")

    def customers(self, client: str) -> Sequence[str]:
        """Return the numbers of the customers whose documents are looked at."""
        if self._customers_named:
            return [padded(customer) for customer in self._customers_named]
        return list(self.customer_names(client))

    def customer_names(self, client: str) -> Mapping[str, str]:
        """Return names by customer number, read once.

        SAP BAPI_CUSTOMER_GETLIST interface: IDRANGE (SIGN, OPTION, LOW, HIGH) and ADDRESSDATA (CUSTOMER,
        NAME), likely.
        """
        if self._customers_named:
            return {}
        if client not in self._names:
            everyone = [{"SIGN": "I", "OPTION": "CP", "LOW": "*"}]
            tables = self._bapi.call(CUSTOMERS, client, {"IDRANGE": everyone, "ADDRESSDATA": []})
            self._names[client] = {
                padded(str(row.get("CUSTOMER") or "").strip()): str(row.get("NAME") or "").strip()
                for row in tables.get("ADDRESSDATA", ())
            }
        return self._names[client]


def _about(error: SourceError, where: str) -> SourceError:
    """Say which customer's list an error is about."""
    error.record = where
    error.values["record"] = where
    return error
