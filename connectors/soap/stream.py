"""An answer's XML as plain data, read while it comes in and given out only when it is whole.

Texts stay text (numbers and dates too), `xsi:nil` is None, an absent element is a missing key, lists are
lists even with one row or none. Rows are taken out of the tree as soon as they are complete, so an answer
of any length needs the memory of its rows only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from connectors.soap.encoded import Decoder
from connectors.soap.kinds import Kind
from connectors.soap.plain import Plain
from connectors.soap.rows import Rows
from connectors.soap.schemas import ENCODING_11
from connectors.soap.shape import ANYTHING, Path, Shape, tables
from connectors.soap.taking import Taking
from hub.errors import Incomplete, Unavailable

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault: local code (`Client`, `Server`, `Sender` …), text and the detail as plain data."""

    code: str
    text: str
    detail: Any = None
    by_client: bool = False


@dataclass(slots=True)
class Answer:
    """One complete answer.

    `head` is the content of the response element without its lists; `rows` are the lists by path. `name` is
    the response element's local name. `drift` holds paths of elements that the schema does not know. `lone`
    says that an encoded answer has a single part, which is then what it is all about.
    """

    name: str = ""
    head: dict[str, Any] = field(default_factory=dict)
    rows: dict[Path, Rows] = field(default_factory=dict)
    fault: Fault | None = None
    drift: set[str] = field(default_factory=set)
    lone: bool = False

    def plain(self, but: Path | None = None) -> dict[str, Any]:
        """Return everything as one structure, lists included (except the list at `but`)."""
        whole: dict[str, Any] = dict(self.head)
        for path, rows in self.rows.items():
            if path != but:
                _put(whole, path, list(rows))
        return whole

    def table(self, *path: str) -> Rows:
        """Return the rows of one list; empty if the answer lacks it."""
        return self.rows.get(path) or Rows()


def read(
    chunks: Iterable[bytes],
    shape: Shape = ANYTHING,
    *,
    encoding: str | None = None,
    system: str = "",
    operation: str = "",
    encoded: Mapping[str, Kind] | None = None,
) -> Answer:
    """Read an answer to its end and return it; `encoded` are the parts of one in SOAP encoding.

    `encoding` wins over the XML declaration. Raises Incomplete if the input ends before the Envelope does,
    and Unavailable if it is no SOAP answer at all: malformed, another root, a document type, bytes that are
    no text.
    """
    place = {"system": system, "operation": operation}
    try:
        reader = _Reader(shape, encoding, place, encoded)
    except LookupError as error:
        raise Unavailable("soap.unknown_charset", charset=encoding, **place) from error
    tail = b""
    for chunk in chunks:
        tail = (tail + chunk)[-64:]
        try:
            reader.feed(chunk)
        except etree.XMLSyntaxError as error:
            raise Unavailable("soap.malformed", reason=error.msg, **place) from error
    try:
        root = reader.close()
    except etree.XMLSyntaxError as error:
        if tail.rstrip().endswith(b"Envelope>"):
            raise Unavailable("soap.malformed", reason=error.msg, **place) from error
        raise Incomplete("soap.torn" if tail else "soap.empty", **place) from error
    return reader.answer(root)


class _Reader:
    """Feeds the parser and takes rows out of the growing tree."""

    def __init__(
        self,
        shape: Shape,
        encoding: str | None,
        place: Mapping[str, str],
        encoded: Mapping[str, Kind] | None,
    ) -> None:
        self._shape, self._place, self._encoded = shape, place, encoded
        self._looked = False
        self._plain = Plain()
        self._tables = {(table.parent, table.tag): Taking(table, self._plain) for table in tables(shape)}
        tags = sorted({tag for _, tag in self._tables})
        self._only = tags[0] if len(tags) == 1 else None  # then the parser gives nothing else
        self._here: Any = self  # the parent of the latest row (none yet), and its lists by tag
        self._lists: dict[str, Taking] = {}
        self._parser = etree.XMLPullParser(
            events=("end",),
            tag=[f"{{*}}{tag}" for tag in tags] or ["{*}Envelope"],
            encoding=encoding,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )

    def feed(self, chunk: bytes) -> None:
        self._parser.feed(chunk)
        self._take()

    def close(self) -> Any:
        root = self._parser.close()
        self._take()
        for taking in self._tables.values():
            taking.end()
        return root

    def _take(self) -> None:
        element: Any
        for _, element in self._parser.read_events():
            parent = element.getparent()
            if parent is not self._here:
                self._enter(parent, element)
            taking = self._lists.get(self._only or self._plain.name(element))
            if taking is not None:
                taking.add(element)

    def _enter(self, parent: Any, element: Any) -> None:
        """Look up which lists stand in `parent`: the next rows will mostly have the same."""
        if not self._looked:
            self._refuse_doctype(element)
        path = _path(parent)
        self._here = parent
        self._lists = {tag: taking for (place, tag), taking in self._tables.items() if place == path}

    def _refuse_doctype(self, element: Any) -> None:
        if element.getroottree().docinfo.doctype:
            raise Unavailable("soap.doctype", **self._place)
        self._looked = True

    def answer(self, root: Any) -> Answer:
        self._refuse_doctype(root)
        version = etree.QName(root)
        if version.localname != "Envelope" or version.namespace not in (SOAP_11, SOAP_12):
            raise Unavailable("soap.no_envelope", root=version.localname, **self._place)
        body = root.find(f"{{{version.namespace}}}Body")
        content = next((child for child in body if _is_response(child)), None) if body is not None else None
        if body is None or content is None:
            raise Unavailable("soap.empty", **self._place)
        if content.tag == f"{{{version.namespace}}}Fault":
            return Answer(name="Fault", fault=_fault(content, self._plain))
        if self._encoded is not None:
            parts = Decoder(body, **self._place).parts(content, self._encoded)
            return Answer(self._plain.name(content), parts, lone=len(parts) == 1)
        return self._whole(content)

    def _whole(self, content: Any) -> Answer:
        # A wrapper whose rows were taken out reads as an empty list here; `rows` holds what belongs there.
        head = self._plain.fields(content, self._shape, ())
        rows: dict[Path, Rows] = {}
        for taking in self._tables.values():
            path = taking.table.path
            above = _get(head, path[:-1])
            there = isinstance(above, dict) and path[-1] in above
            if there:
                del above[path[-1]]
            if there or taking.rows:
                rows[path] = taking.rows
        return Answer(self._plain.name(content), head, rows, None, self._plain.drift)


def _is_response(element: Any) -> bool:
    """Tell a response from a comment, and from an object that is only referred to (SOAP 1.1, section 5.6)."""
    return isinstance(element.tag, str) and element.get(f"{{{ENCODING_11}}}root") != "0"


def _path(parent: Any) -> Path | None:
    """Return the path of an element below the response element, None if it is not inside one."""
    names = []
    while parent is not None:
        names.append(parent.tag.rpartition("}")[2])
        parent = parent.getparent()
    if len(names) < 3 or names[-1] != "Envelope" or names[-2] != "Body":
        return None
    return tuple(reversed(names[:-3]))


def _fault(element: Any, plain: Plain) -> Fault:
    """Read a fault of SOAP 1.1 (faultcode, faultstring, detail) or 1.2 (Code, Reason, Detail)."""
    said = plain.fields(element, ANYTHING, ())
    code: Any = said.get("faultcode") or said.get("Code")
    text: Any = said.get("faultstring") or said.get("Reason")
    code = code.get("Value") if isinstance(code, dict) else code
    text = text.get("Text") if isinstance(text, dict) else text
    text = text[0] if isinstance(text, list) and text else text
    text = text.get("value") if isinstance(text, dict) else text
    local = str(code or "").strip().rpartition(":")[2]
    blame = local.partition(".")[0] in ("Client", "Sender", "VersionMismatch", "MustUnderstand")
    return Fault(local, str(text or "").strip(), said.get("detail", said.get("Detail")), blame)


def _get(head: Any, path: Path) -> Any:
    for name in path:
        head = head.get(name) if isinstance(head, dict) else None
    return head


def _put(whole: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        inner = whole.get(name)
        whole[name] = inner = dict(inner) if isinstance(inner, dict) else {}
        whole = inner
    whole[path[-1]] = value
