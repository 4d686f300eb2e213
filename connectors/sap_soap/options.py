"""What a mapping says of an SAP system beside the grammar: the key `sap:`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from hub.errors import ConfigError
from hub.spec import Spec, Text, Texts

RFC_WSDL = "/sap/bc/soap/wsdl11?services={function}"
"""Classic SOAP RFC; SAP interface "SOAP RFC", confirmed (contracts erp 1.1)."""

MC_WSDL = "/sap/bc/srt/wsdl?services={function}"
"""SOAP runtime; the path differs by site, likely (contracts erp 1.1): set `wsdl` where it does."""


class Organisation(Spec):
    """One sales organisation and the SAP client that it lives in."""

    sales_org: Text
    client: Annotated[Text, Field(pattern=r"^\d{3}$")]

    @property
    def slot(self) -> str:
        """The slot of the stream's state that says how far this organisation was read."""
        return f"{self.client}/{self.sales_org}"


def _all(value: Any) -> Any:
    return () if value in ("all", None) else value


class SapOptions(Spec):
    """How to read and write one SAP server.

    `customers` empty means all of BAPI_CUSTOMER_GETLIST. `block` is how many documents one detail call asks
    for. `delivered` says where delivered quantities come from: the document flow (rows of category `goods`:
    R goods movement, J delivery) or GETSTATUS, one call for each order that has deliveries. `commit: session`
    sends COMMIT in the session of what it commits; `call` is for functions of the site that commit by
    themselves, where the server keeps no sessions.
    """

    organisations: Annotated[tuple[Organisation, ...], Field(min_length=1)]
    style: Literal["rfc", "mc", "auto"] = "auto"
    customers: Annotated[Texts, BeforeValidator(_all)] = ()
    block: int = Field(200, gt=0)
    delivered: Literal["flow", "status"] = "flow"
    goods: Text = "R"
    commit: Literal["session", "call"] = "session"
    language: Text | None = None
    wsdl: Text | None = None
    path: Text = ""

    @property
    def descriptions(self) -> tuple[str, ...]:
        """Where a function's WSDL may be, in the order to try."""
        if self.wsdl:
            return (self.wsdl,)
        return {"rfc": (RFC_WSDL,), "mc": (MC_WSDL,), "auto": (RFC_WSDL, MC_WSDL)}[self.style]


def read_options(options: Mapping[str, Any], system: str) -> SapOptions:
    """Return the checked options; ConfigError naming each place that is wrong."""
    try:
        return SapOptions.model_validate(options.get("sap") or {})
    except ValidationError as error:
        reasons = "; ".join(f"sap.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigError("sap.bad_options", system=system, reason=reasons) from error
