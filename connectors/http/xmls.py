"""XML as plain data, both ways: attributes are called `@name`, the text beside them `#text`.

Namespaces are left out of names when reading, since prefixes are the sender's choice; when writing, a prefix
must be declared by an attribute `@xmlns:prefix`. An element that comes several times is a list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from lxml import etree

from connectors.http.wire import text

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def read(body: bytes, charset: str | None = None, many: Collection[str] = ()) -> dict[str, Any]:
    """Return a document as {root name: content}. ValueError for what is not well-formed.

    Elements whose name is in `many` are lists even where there is but one. `charset` wins over the XML
    declaration. Document types are read over; entities are not resolved and nothing is fetched.
    """
    parser = etree.XMLParser(
        encoding=charset,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, LookupError) as error:
        raise ValueError(str(error)) from error
    if root is None:
        raise ValueError("no element")
    return {_local(root.tag): _value(root, frozenset(many))}


def _value(element: Any, many: frozenset[str]) -> Any:
    """Return an element: text, None where it is nil, or a dict of its attributes and children."""
    if element.get(_NIL) in ("true", "1"):
        return None
    found: dict[str, Any] = {
        f"@{_local(name)}": value for name, value in element.items() if not name.startswith(_XSI)
    }
    if not len(element):
        if not found:
            return element.text or ""
        return {**found, "#text": element.text} if (element.text or "").strip() else found
    for child in element:
        if not isinstance(child.tag, str):
            continue  # an entity that is not resolved
        name, value = _local(child.tag), _value(child, many)
        if name not in found:
            found[name] = [value] if name in many else value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    if (element.text or "").strip():
        found["#text"] = element.text
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def written(said: Mapping[str, Any], charset: str = "utf-8") -> bytes:
    """Return the document that a structure of one root stands for; ValueError for what is none."""
    if len(said) != 1:
        raise ValueError("XML has one root")
    ((name, content),) = said.items()
    root = _element(name, content, {})
    document: Any = etree.tostring(root, xml_declaration=True, encoding=charset)
    return bytes(document)


def _element(name: str, content: Any, spaces: Mapping[str | None, str]) -> Any:
    inner = dict(spaces)
    if isinstance(content, Mapping):
        inner |= {
            one.partition(":")[2] or None: text(value)
            for one, value in content.items()
            if one == "@xmlns" or one.startswith("@xmlns:")
        }
    nsmap: Any = inner or None  # the stubs know no default namespace
    element = etree.Element(_qualified(name, inner), nsmap=nsmap)
    if not isinstance(content, Mapping):
        element.text = None if content is None else text(content)
        return element
    for one, value in content.items():
        if one == "#text":
            element.text = text(value)
        elif one.startswith("@"):
            if one != "@xmlns" and not one.startswith("@xmlns:"):
                element.set(_qualified(one[1:], inner, attribute=True), text(value))
        else:
            for each in value if isinstance(value, list | tuple) else (value,):
                element.append(_element(one, each, inner))
    return element


def _qualified(name: str, spaces: Mapping[str | None, str], attribute: bool = False) -> str:
    prefix, colon, local = name.rpartition(":")
    if colon:
        return f"{{{spaces[prefix]}}}{local}" if prefix in spaces else local
    space = None if attribute else spaces.get(None)
    return f"{{{space}}}{name}" if space else name
