"""Orders looked up for a write: by the customer's reference, or by whatever function knows it.

Sources (contracts erp 1.3): PURCHASE_ORDER (20 places) and PURCHASE_ORDER_NUMBER (35) of
BAPI_SALESORDER_GETLIST, and PURCH_NO and PURCH_NO_C of its rows, confirmed. That SAP compares capital letters
only is likely: rows of another reference are left out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.calls.records import batches
from connectors.sap_soap.bapi import Bapi
from connectors.sap_soap.details import DETAILS, Details
from connectors.sap_soap.discovery import GETLIST, Discovery
from connectors.sap_soap.options import Organisation, SapOptions
from connectors.sap_soap.orders import padded
from hub.errors import ConfigError, Missing, Rejected, Unavailable
from hub.mapping.grammar import CallSpec
from hub.model import Record

_LIST = "SALES_ORDERS"
_REFERENCES = {"PURCHASE_ORDER_NUMBER": 35, "PURCHASE_ORDER": 20}
_NUMBERS = ("SD_DOC", "VBELN", "DOC_NUMBER", "SALESDOCUMENT")

Documents = dict[str, dict[str, None]]
"""Padded numbers in their order, each once, by SAP client."""


class Finding:
    """Finds documents by their list and reads them as the stream does.

    `find: {bapi: BAPI_SALESORDER_GETLIST, args: {PURCHASE_ORDER: =order_no}}` looks through all customers
    and sales organisations, or those that `args` name (CUSTOMER_NUMBER, SALES_ORGANIZATION). DETAILS finds
    the documents that `args` name. Any other function gives rows at `records`, in which a document's number
    stands in SD_DOC, VBELN, DOC_NUMBER or SALESDOCUMENT.
    """

    def __init__(
        self, system: str, options: SapOptions, bapi: Bapi, discovery: Discovery, details: Details
    ) -> None:
        """Look in the organisations of `options`."""
        self._system, self._options = system, options
        self._bapi, self._discovery, self._details = bapi, discovery, details

    def records(self, call: CallSpec, args: Mapping[str, Any]) -> list[Record]:
        """Return the orders that a call finds. Unavailable, Rejected where one was found and cannot be read.

        What cannot be read is not "none": it would be created once more.
        """
        found: Documents = {}
        try:
            for client, number in self._numbers(call, args):
                found.setdefault(client, {})[padded(number)] = None
        except Missing as error:
            if error.key == "soap.not_found":  # the function, not the order
                raise ConfigError("sap.not_published", system=self._system, function=call.target) from error
            raise
        named = call.target == DETAILS
        return [
            record
            for client, numbers in found.items()
            for block in batches(list(numbers), self._options.block)
            for record in self._read(call, client, block, must=not named)
        ]

    def _read(self, call: CallSpec, client: str, numbers: Sequence[str], *, must: bool) -> Sequence[Record]:
        page = self._details.page(client, numbers, call.errors)
        for bad in page.bad:
            code, reason = bad.key, bad.error.say()
            raise Rejected(
                "calls.rejected", code=code, reason=reason, system=self._system, operation=call.target
            )
        if must and len(page.records) < len(numbers):
            keys = ", ".join(page.warnings)
            raise Unavailable("sap.not_shown", keys=keys, system=self._system, operation=call.target)
        return page.records

    def _numbers(self, call: CallSpec, args: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield client and number of what a call finds."""
        organisations = self._organisations(args)
        if call.target == DETAILS:
            for client in dict.fromkeys(one.client for one in organisations):
                yield from ((client, str(row["VBELN"])) for row in args.get("SALES_DOCUMENTS", ()))
        elif call.target == GETLIST:
            for name, most in _REFERENCES.items():
                self._require_short(str(args.get(name) or ""), most)
            for organisation in organisations:
                for customer in self._customers(organisation.client, args):
                    yield from self._listed(call, organisation, customer, args)
        else:
            for client in dict.fromkeys(one.client for one in organisations):
                yield from self._rows(call, client, args)

    def _listed(
        self, call: CallSpec, organisation: Organisation, customer: str, args: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        client = organisation.client
        self._bapi.narrow(GETLIST, client, _LIST, ("SD_DOC", "DOC_DATE", "PURCH_NO", "PURCH_NO_C"))
        asked = {
            **args,
            "CUSTOMER_NUMBER": customer,
            "SALES_ORGANIZATION": organisation.sales_org,
            _LIST: [],
        }
        for row in self._bapi.call(GETLIST, client, asked, call.errors).get(_LIST, ()):
            number = str(row.get("SD_DOC") or "").strip()
            if number and self._carries(row, args):
                yield client, number

    def _rows(self, call: CallSpec, client: str, args: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if not call.records:
            raise ConfigError("sap.find_without_records", system=self._system, function=call.target)
        tables = self._bapi.call(call.target, client, {call.records: [], **args}, call.errors)
        for row in tables.get(call.records, ()):
            number = next((said for name in _NUMBERS if (said := str(row.get(name) or "").strip())), "")
            if number:
                yield client, number

    def _customers(self, client: str, args: Mapping[str, Any]) -> Sequence[str]:
        said = args.get("CUSTOMER_NUMBER")
        return [padded(str(said))] if said else self._discovery.customers(client)

    def _organisations(self, args: Mapping[str, Any]) -> Sequence[Organisation]:
        said = args.get("SALES_ORGANIZATION")
        found = [one for one in self._options.organisations if said in (None, one.sales_org)]
        if not found:
            known = ", ".join(one.sales_org for one in self._options.organisations)
            raise ConfigError("sap.no_client", system=self._system, name=said, known=known)
        return found

    def _carries(self, row: Record, args: Mapping[str, Any]) -> bool:
        """Tell whether a row carries the reference that was asked for, to the letter."""
        long = "PURCH_NO_C" in row
        shown = str(row.get("PURCH_NO_C" if long else "PURCH_NO") or "").strip()
        wanted = [str(args[name]) for name in _REFERENCES if args.get(name)]
        for one in wanted:
            self._require_short(one, 35 if long else 20)
        return all(one == shown for one in wanted)

    def _require_short(self, reference: str, most: int) -> None:
        """Raise Rejected for a reference that SAP would cut: it would never be found again."""
        if len(reference) > most:
            raise Rejected(
                "sap.long_reference", code="long", reason=reference, system=self._system, operation=GETLIST
            )
