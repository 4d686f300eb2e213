"""Requests in SOAP encoding (rpc/encoded), by the types of the description; zeep writes all others."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from connectors.soap.kinds import ANY, Kind
from connectors.soap.schemas import ENCODING_11, ENCODING_12, MAP, XSD
from hub.errors import ConfigError

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SCALARS: tuple[tuple[type, str], ...] = (
    (bool, "boolean"), (int, "int"), (Decimal, "decimal"), (datetime, "dateTime"), (date, "date"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the envelopes of one operation, whose wrapper element is `name` in `namespace`."""

    name: str
    namespace: str
    parts: Mapping[str, Kind]
    soap12: bool

    def envelope(self, args: Mapping[str, Any], headers: Sequence[Any]) -> Any:
        """Return the envelope for arguments by name; ConfigError for one that the operation does not take."""
        soap, encoding = (SOAP_12, ENCODING_12) if self.soap12 else (SOAP_11, ENCODING_11)
        spaces = {"soap": soap, "xsd": XSD, "xsi": _XSI, "enc": encoding, "m": self.namespace}
        root = etree.Element(f"{{{soap}}}Envelope", nsmap={name: one for name, one in spaces.items() if one})
        if headers:
            etree.SubElement(root, f"{{{soap}}}Header").extend(headers)
        wrapper = f"{{{self.namespace}}}{self.name}" if self.namespace else self.name
        call = etree.SubElement(etree.SubElement(root, f"{{{soap}}}Body"), wrapper)
        call.set(f"{{{soap}}}encodingStyle", encoding)
        self._require_known(args)
        for name, kind in self.parts.items():
            if name in args:
                _Encoder(encoding).put(call, name, args[name], kind)
        return root

    def _require_known(self, args: Mapping[str, Any]) -> None:
        for name in args:
            if name not in self.parts:
                near = "".join(difflib.get_close_matches(name, self.parts, n=1))
                reason = f"{name!r} is no argument of it" + (f"; is it {near!r}?" if near else "")
                raise ConfigError("soap.bad_arguments", operation=self.name, reason=reason)


@dataclass(frozen=True, slots=True)
class _Encoder:
    """Puts values under an element, each with its type."""

    encoding: str

    def put(self, parent: Any, name: str, value: Any, kind: Kind = ANY) -> None:
        element = etree.SubElement(parent, name)
        if value is None:
            element.set(f"{{{_XSI}}}nil", "true")
        elif isinstance(value, Mapping):
            self._put_map(element, value) if kind.map or kind.open else self._put_struct(element, value, kind)
        elif isinstance(value, list | tuple):
            self._put_list(element, value, kind)
        else:
            element.text = _text(value)
            self._typed(element, kind.namespace or XSD, kind.name if not kind.open else _scalar(value))

    def _put_struct(self, element: Any, value: Mapping[str, Any], kind: Kind) -> None:
        self._typed(element, kind.namespace, kind.name)
        unknown = [name for name in value if kind.fields and name not in kind.fields]
        if unknown:
            near = difflib.get_close_matches(unknown[0], kind.fields, n=1) or list(kind.fields)
            reason = f"{kind.name} has no {unknown[0]!r}; the nearest is {near[0]!r}"
            raise ConfigError("soap.bad_arguments", operation=element.tag, reason=reason)
        for name, inner in kind.fields.items():
            for one in _each(value.get(name), name in value, name in kind.many):
                self.put(element, name, one, inner)

    def _put_map(self, element: Any, value: Mapping[str, Any]) -> None:
        self._typed(element, MAP, "Map")
        for key, one in value.items():
            item = etree.SubElement(element, "item")
            self.put(item, "key", str(key))
            self.put(item, "value", one)

    def _put_list(self, element: Any, value: Sequence[Any], kind: Kind) -> None:
        if kind.row:
            self._put_struct(element, {kind.row: value}, kind)
            return
        inner = kind.item or ANY
        space, name = (inner.namespace, inner.name) if inner.name else (XSD, "anyType")
        said = f"{self._prefix(element, space)}:{name}"
        if self.encoding == ENCODING_11:
            self._typed(element, self.encoding, "Array")
            element.set(f"{{{self.encoding}}}arrayType", f"{said}[{len(value)}]")
        else:
            element.set(f"{{{self.encoding}}}itemType", said)
            element.set(f"{{{self.encoding}}}arraySize", str(len(value)))
        for one in value:
            self.put(element, "item", one, inner)

    def _typed(self, element: Any, namespace: str, name: str) -> None:
        if name:
            element.set(f"{{{_XSI}}}type", f"{self._prefix(element, namespace)}:{name}")

    @staticmethod
    def _prefix(element: Any, namespace: str) -> str:
        """Return the prefix of a namespace, declared on the root where it is new."""
        known: dict[str, str] = {space: prefix for prefix, space in element.nsmap.items() if prefix}
        if namespace in known:
            return known[namespace]
        # lxml declares a namespace where an attribute of it stands; taken away again, its prefix remains
        element.set(f"{{{namespace}}}_", "")
        prefix = next(one for one, space in element.nsmap.items() if space == namespace)
        del element.attrib[f"{{{namespace}}}_"]
        return str(prefix)


def _each(value: Any, there: bool, many: bool) -> list[Any]:
    if not there:
        return []
    return list(value) if many and isinstance(value, list | tuple) else [value]


def _scalar(value: Any) -> str:
    return next((name for kind, name in _SCALARS if isinstance(value, kind)), "string")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def header_element(name: str, value: Any, namespace: str) -> Any:
    """Return a SOAP header that no description declares: `name` may carry its namespace (`{urn:x}Name`)."""
    element = etree.Element(name if name.startswith("{") or not namespace else f"{{{namespace}}}{name}")
    _fill(element, value, element.tag.rpartition("}")[0].lstrip("{"))
    return element


def _fill(element: Any, value: Any, namespace: str) -> None:
    if not isinstance(value, Mapping):
        element.text = None if value is None else _text(value)
        return
    for name, one in value.items():
        for each in one if isinstance(one, list) else [one]:
            tag = name if name.startswith("{") or not namespace else f"{{{namespace}}}{name}"
            _fill(etree.SubElement(element, tag), each, namespace)
