"""One answer of a system over HTTP: its data, its records, and what tells it from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha1
from typing import Any

from requests.utils import parse_header_links

from connectors.calls.gates import Seen
from connectors.calls.records import as_rows, columns_of, record_of
from connectors.contract import Unread
from connectors.http.session import Answer
from connectors.rest.packing import cut
from hub.locale import text
from hub.mapping.grammar import CallSpec
from hub.mapping.paths import compile_path, roots
from hub.model import Record

_SECRET = frozenset({"set-cookie", "authorization", "www-authenticate", "proxy-authenticate"})


class RestReply:
    """One answer as the reading of streams looks at it.

    Paths see its data, and as `meta` what came around it: `header` (by lower-case name, also with `_` for
    `-`), `cookie`, `link` (of the Link header, by relation), `status`; a `meta` of the data's own wins.
    """

    def __init__(self, answer: Answer, call: CallSpec, data: Any = None, *, same: bool = False) -> None:
        """Take an answer and its data; `same` if it came as at the last read and has none."""
        self._answer, self._call, self.data, self.same = answer, call, data, same
        self._around: dict[str, Any] | None = None

    @property
    def meta(self) -> Mapping[str, Any]:
        """What records see of it: the headers, without those that are secret."""
        return {"header": self._headers()}

    @property
    def warnings(self) -> Sequence[str]:
        """A warning where the place of the records is not in the answer at all, unless its total is 0."""
        path = self._call.records
        if path is None or self.same or self.look(path) is not None:
            return ()
        if self._call.total and str(self.look(self._call.total)) == "0":
            return ()
        known = _where_it_ends(self.data, path)
        if not known:
            return ()
        return (text("rest.no_records", operation=self._call.name, path=path, known=", ".join(known)[:200]),)

    def look(self, path: str) -> Any:
        """Return what is at a path."""
        get = compile_path(path)
        if "meta" not in roots(path):
            return get(self.data)
        data = self.data if isinstance(self.data, dict) else {}
        own = data.get("meta")
        return get({**data, "meta": {**self.around, **(own if isinstance(own, dict) else {})}})

    @property
    def around(self) -> Mapping[str, Any]:
        """All that came around the data; cookies are secret."""
        if self._around is None:
            self._around = {
                "header": self._headers(),
                "cookie": self._answer.cookies,
                "link": _links(self._answer.headers.get("link", "")),
                "status": self._answer.status,
            }
        return self._around

    def pages(self, size: int) -> Iterator[Sequence[Record]]:
        """Yield the records, at most `size` at a time; one empty list if there are none."""
        rows = as_rows(self.look(self._call.records or "@"))
        if not isinstance(rows, Unread) and rows and set(map(type, rows)) != {dict}:
            columns = columns_of(self._call.columns, self.look)
            rows = [record_of(row, columns) for row in rows]
        for begin in range(0, max(len(rows), 1), size):
            yield rows[begin : begin + size] if len(rows) > size else rows

    def seen(self) -> Seen | None:
        """Return a digest of the body, and the validators that the server gave."""
        headers = self._answer.headers
        found = {
            "digest": digest_of(self._answer, self._call),
            "url": _digest(self._answer.url.encode()),
            "etag": headers.get("etag"),
            "modified": headers.get("last-modified"),
        }
        return {name: said for name, said in found.items() if said}

    def _headers(self) -> dict[str, str]:
        shown = {name: said for name, said in self._answer.headers.items() if name not in _SECRET}
        return {**shown, **{name.replace("-", "_"): said for name, said in shown.items()}}


def _where_it_ends(data: Any, path: str) -> Sequence[str]:
    """Return the names that stand where a path of plain names finds no way on; none where it does not end."""
    for part in path.split("."):
        name = part.partition("[")[0].strip('"')
        if not isinstance(data, dict) or not name.isidentifier():
            return ()
        if name not in data:
            return list(map(str, data))
        data = data[name]
    return ()


def digest_of(answer: Answer, call: CallSpec) -> str:
    """Return the digest of an answer's body, its volatile members cut out."""
    return _digest(cut(answer.body, call.volatile) if call.volatile else answer.body)


def conditions(seen: Seen | None, url: str) -> dict[str, str]:
    """Return the headers that ask for an answer only if it is another now (RFC 9110, section 13)."""
    if not seen or seen.get("url") != _digest(url.encode()):
        return {}
    names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
    return {names[name]: str(seen[name]) for name in names if name in seen}


def _digest(said: bytes) -> str:
    """Return a digest by which a change shows; the quickest there is, since nobody gains by a collision."""
    return sha1(said, usedforsecurity=False).hexdigest()


def _links(said: str) -> dict[str, str]:
    links = parse_header_links(said) if said else []
    return {link["rel"]: link["url"] for link in links if "rel" in link}
