"""XML: the elements that are records, one after the other, as plain data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise, takewhile
from operator import is_not
from typing import Any, BinaryIO

from lxml import etree

from connectors.files.rows import Around, Line, Rows, Torn, Unusable
from hub.mapping.grammar import CallSpec

_HEAD, _TAIL = 1 << 10, 1 << 12
_DECLARED = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030"}
"""Charsets that programs declare, and the one that they mean: it reads the same and more."""

_END = re.compile(rb"(?:<!--(?:(?!-->).)*-->|<\?(?:(?!\?>).)*\?>|\s)*$", re.S)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def read_xml(file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None) -> Rows:
    """Yield the elements at `records` as plain data; each record's number is its place in the file.

    `records` names them by the end of their path, without prefixes (`Orders.Order`, or `Order` wherever it
    stands); by default they are the root's children. What stands before the first one is seen, in the same
    form, as `meta.header`. See `plain` for the form. Declarations of types and entities are refused.
    """
    file.seek(0)
    steps = tuple(call.records.split(".")) if call.records else None
    number = 0
    try:
        for path in _elements(file, encoding, steps):
            if not number and (header := _header(path, call.lists)):
                yield Around({"header": header})
            number += 1
            record = plain(path[-1], call.lists)
            yield Line(number, record if isinstance(record, dict) else {"#text": record})
    except LookupError as error:
        raise Unusable("files.no_charset", tried=encoding) from error
    except etree.XMLSyntaxError as error:
        raise _fault(file, error.lineno or 0) from error


def declared_encoding(file: BinaryIO) -> str | None:
    """Return the charset that an XML file says it is in, None if it says none."""
    file.seek(0)
    found = _DECLARED.match(file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip())
    name = found[1].decode().casefold() if found else None
    return _WIDER.get(name, name) if name else None


def plain(element: etree._Element, lists: Sequence[str] = ()) -> Any:
    """Return an element as plain data, prefixes left out.

    Only text: that text (None for `xsi:nil`); else a dict of attributes (`@name`) and children, in which a
    name that comes again is a list, as is every name in `lists`; text beside them is `#text`.
    """
    found: dict[str, Any] = {}
    if element.attrib:
        if element.get(_NIL) in {"true", "1"}:
            return None
        found = {f"@{_local(str(name))}": str(value) for name, value in element.attrib.items()}
    several: set[str] = set()
    for child in element:
        name = _local(str(child.tag))
        value = plain(child, lists) if len(child) or child.attrib else child.text or ""
        if name in several:
            found[name].append(value)
        elif name in found or name in lists:
            several.add(name)
            found[name] = [found[name], value] if name in found else [value]
        else:
            found[name] = value
    if not found:
        return element.text or ""
    text = "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
    return {**found, "#text": text} if text else found


def _elements(file: BinaryIO, encoding: str, steps: tuple[str, ...] | None) -> Iterator[list[etree._Element]]:
    """Yield each record, after the elements around it, and forget it, and all before it, once it was used."""
    events = etree.iterparse(
        file, events=("end",), tag=f"{{*}}{steps[-1]}" if steps else None, encoding=_forced(encoding),
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    root: etree._Element | None = None
    for _, element in events:
        path = [*element.iterancestors()][::-1] + [element]
        if root is None:
            root = path[0]
            _require_plain(root)
        if _is_record(path, steps):
            yield path
            _forget(path)
    if root is None:
        _require_plain(events.root)


def _forced(encoding: str) -> str | None:
    """Return the charset to read in; those that show by themselves are left to the parser."""
    return None if encoding.startswith("utf") else encoding or None


def _is_record(path: list[etree._Element], steps: tuple[str, ...] | None) -> bool:
    """Tell whether a path ends as `steps` say, and does not lie within another that does."""
    if steps is None:
        return len(path) == 2
    names, count = tuple(_local(str(one.tag)) for one in path), len(steps)
    ends = (names[at - count : at] == steps for at in range(count, len(names)))
    return names[-count:] == steps and not any(ends)


def _require_plain(root: etree._Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unusable("files.xml_with_dtd")
    if _local(str(root.tag)).casefold() == "html":
        raise Unusable("files.not_xml", 1)


def _forget(path: list[etree._Element]) -> None:
    """Take what was read out of the tree, so that a long file stays small."""
    path[-1].clear()
    for outer, element in pairwise(path):
        while element.getprevious() is not None:
            del outer[0]


def _header(path: list[etree._Element], lists: Sequence[str]) -> dict[str, Any]:
    """Return what stands before the last element of a path, in those around it."""
    found: dict[str, Any] = {}
    for element, inner in pairwise(path):
        found |= {f"@{_local(str(name))}": str(value) for name, value in element.attrib.items()}
        for child in takewhile(partial(is_not, inner), element.iterchildren("*")):
            found[_local(str(child.tag))] = plain(child, lists)
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _fault(file: BinaryIO, line: int) -> Unusable:
    """Return Torn if the file ends before its last closing tag, Unusable if it is no XML."""
    file.seek(0)
    head = file.read(_HEAD).replace(b"\0", b"")
    file.seek(max(0, file.seek(0, 2) - _TAIL))
    tail = file.read().replace(b"\0", b"")
    if not head.strip():
        return Torn("files.empty")
    root = re.search(rb"<([^\s<>/!?]+)", head)
    begun = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")
    ended = root is not None and _closed(tail, root[1])
    return Unusable("files.not_xml", line) if ended or not begun else Torn("files.cut_xml", line)


def _closed(tail: bytes, root: bytes) -> bool:
    closing = [found.end() for found in re.finditer(rb"</" + re.escape(root) + rb"\s*>", tail)]
    return bool(closing) and _END.match(tail, closing[-1]) is not None
