"""The two ways in which ABAP servers name things: RFC style (UPPER_CASE) and mc-style (CamelCase)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Style:
    """How names are written in one generation of services: namespace, and whether in mixed case."""

    namespace: str
    mixed: bool

    def name(self, name: str) -> str:
        """Return a function, parameter or field name in this style."""
        return mixed_case(name) if self.mixed else name

    def response(self, function: str) -> str:
        """Return the name of the answer's element: `F.Response` in RFC style, `FResponse` in mc-style."""
        return f"{mixed_case(function)}Response" if self.mixed else f"{function}.Response"


@lru_cache(maxsize=4096)
def mixed_case(name: str) -> str:
    """Return an UPPER_CASE name in CamelCase."""
    return "".join(part.capitalize() for part in name.split("_"))


RFC = Style("urn:sap-com:document:sap:rfc:functions", mixed=False)
MC = Style("urn:sap-com:document:sap:soap:functions:mc-style", mixed=True)
