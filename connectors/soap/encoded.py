"""Answers in SOAP encoding (rpc/encoded) as plain data.

References are resolved, also where one object is used twice; value wrappers go; a list is a list with one
item, or none; a map of keys and values is a dict. Texts stay text, nil is None, what is absent is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.soap.kinds import ANY, Kind
from connectors.soap.schemas import ENCODING_11, ENCODING_12, MAP
from hub.errors import Unavailable

XSI = ("http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/1999/XMLSchema-instance")
_RESULT = "{http://www.w3.org/2003/05/soap-rpc}result"
_TRUE = ("true", "1")
_DEEPEST = 200


class Decoder:
    """Reads one answer: `body` holds the response element and, beside it, what is referred to."""

    def __init__(self, body: Any, *, system: str, operation: str) -> None:
        """Look for everything that has an id."""
        self._place = {"system": system, "operation": operation}
        self._by_id = {
            found: element
            for element in body.iter()
            if isinstance(element.tag, str) and (found := _attribute(element, "id"))
        }

    def parts(self, response: Any, kinds: Mapping[str, Kind]) -> dict[str, Any]:
        """Return the values of a response element by the names of its parts."""
        parts = [part for part in response if isinstance(part.tag, str) and part.tag != _RESULT]
        only = next(iter(kinds.values())) if len(kinds) == len(parts) == 1 else ANY
        return {_name(part): self.value(part, kinds.get(_name(part), only)) for part in parts}

    def value(self, element: Any, kind: Kind = ANY, depth: int = 0) -> Any:
        """Return one value; `kind` is what the description says of it."""
        if depth > _DEEPEST:
            raise Unavailable("soap.endless_reference", **self._place)
        element = self._referred(element)
        if _is_nil(element):
            return None
        kind = kind if not kind.open else ANY
        said = _type(element)
        if kind.map or said == (MAP, "Map"):
            return self._map(element, depth)
        if kind.item or _is_array(element, said):
            return self._items(element, kind.item or ANY, depth)
        members = [child for child in element if isinstance(child.tag, str)]
        if kind.row:
            return [self.value(child, kind.fields[kind.row], depth + 1) for child in members]
        if members or kind.fields:
            return self._struct(members, kind, depth)
        return element.text or ""

    def _referred(self, element: Any) -> Any:
        """Follow `href="#id"` (SOAP 1.1) or `ref="id"` (SOAP 1.2) to the object itself."""
        seen: set[str] = set()
        while reference := _reference(element):
            if reference in seen or reference not in self._by_id:
                raise Unavailable("soap.bad_reference", reference=reference, **self._place)
            seen.add(reference)
            element = self._by_id[reference]
        return element

    def _items(self, element: Any, kind: Kind, depth: int) -> list[Any]:
        """Return an array; items that say their position stand there, with None between."""
        items: list[Any] = []
        for child in element:
            if not isinstance(child.tag, str):
                continue
            at = _position(child)
            if at is not None and len(items) <= at < len(items) + _DEEPEST:
                items += [None] * (at - len(items))
            items.append(self.value(child, kind, depth + 1))
        return items

    def _map(self, element: Any, depth: int) -> dict[str, Any]:
        found = {}
        for item in element:
            if not isinstance(item.tag, str):
                continue
            pair = {_name(child): child for child in self._referred(item)}
            if "key" in pair:
                key = self.value(pair["key"], ANY, depth + 1)
                found[str(key)] = self.value(pair["value"], ANY, depth + 1) if "value" in pair else None
        return found

    def _struct(self, members: list[Any], kind: Kind, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {name: [] for name in kind.many}
        for child in members:
            name = _name(child)
            value = self.value(child, kind.fields.get(name, ANY), depth + 1)
            if name in kind.many:
                found[name].append(value)
            elif name in found:
                before = found[name]
                found[name] = [*before, value] if isinstance(before, list) else [before, value]
            else:
                found[name] = value
        return found


def _name(element: Any) -> str:
    name: str = element.tag.rpartition("}")[2]
    return name


def _attribute(element: Any, name: str) -> str | None:
    """Return an attribute of no namespace, or of SOAP 1.2's encoding."""
    said: str | None = element.get(name) or element.get(f"{{{ENCODING_12}}}{name}")
    return said


def _reference(element: Any) -> str:
    href = element.get("href") or ""
    return href.removeprefix("#") if href.startswith("#") else element.get(f"{{{ENCODING_12}}}ref") or ""


def _is_nil(element: Any) -> bool:
    return any(element.get(f"{{{space}}}{name}") in _TRUE for space in XSI for name in ("nil", "null"))


def _type(element: Any) -> tuple[str, str]:
    """Return the namespace and name of `xsi:type`."""
    said = next((found for space in XSI if (found := element.get(f"{{{space}}}type"))), "")
    prefix, _, name = said.strip().rpartition(":")
    return element.nsmap.get(prefix or None) or "", name


def _is_array(element: Any, said: tuple[str, str]) -> bool:
    attributes = (
        f"{{{ENCODING_11}}}arrayType",
        f"{{{ENCODING_12}}}itemType",
        f"{{{ENCODING_12}}}arraySize",
    )
    return said in ((ENCODING_11, "Array"), (ENCODING_12, "Array"), (MAP, "Vector")) or any(
        name in element.attrib for name in attributes
    )


def _position(element: Any) -> int | None:
    said = str(element.get(f"{{{ENCODING_11}}}position") or "").strip("[]")
    return int(said) if said.isdecimal() else None
