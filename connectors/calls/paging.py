"""How to come to the next page, chosen by what the call mentions (mapping language, section 2.2).

`=next` is a token, `=offset` and `=page` count, `=last` is the last key, `=last` with `=since` a keyset, and
`next` without any of them is a link to follow. `=since` with a `size` and none of these goes on from the last
stamp. The page size asked for is a wish: an offset moves on by the number received, and a short page ends
nothing. The end is no token or link, the stated total, an empty page, or no paging style at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from connectors.calls.marks import Marks
from connectors.contract import Unread
from hub.errors import Incomplete, Unavailable
from hub.mapping.grammar import CallSpec
from hub.mapping.paths import compile_path
from hub.model import Record

Look = Callable[[str], Any]
"""Gives what an answer has at a path."""

LINK = "link"
_SAMPLED = 16
_MOVING = frozenset({"last", "keyset", "since"})
"""Styles under which the question itself moves on, and a stated total may shrink with it."""


class Pager:
    """The paging names of one read: `names` before each call, `turn` after it."""

    def __init__(self, call: CallSpec, mentioned: frozenset[str], marks: Marks, *, system: str) -> None:
        """Choose the style from the names that the call mentions; `marks` tell stamps of records."""
        self._call, self._marks, self._system = call, marks, system
        self._style = _style(call, mentioned)
        self._key = compile_path(call.cursor[1]) if call.cursor else None
        self._seen: set[bytes] = set()
        self._border: list[Record] = []
        self._received = 0
        self.names: dict[str, Any] = {"offset": 0, "page": 1, "next": None, "last": None}
        self.total: int | None = None

    def expect(self, look: Look) -> None:
        """Note the total that an answer states, where the call says where it stands."""
        if self._call.total:
            self.total = _whole(look(self._call.total))

    def fresh(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return what of a page is new: a read "from" a stamp brings the border of the page before again."""
        if self._style != "since" or not self._border:
            return records
        return [record for record in records if record not in self._border]

    def turn(self, look: Look, received: int, last: Sequence[Record]) -> bool:
        """Tell whether there is another page after one of `received` records that ended with `last`.

        A filter in `records` does not count: what matters is how many the source sent. Raises Unavailable for
        a page or a token that was there before: going on would never end. Raises Incomplete if the reading
        ended short of the stated total.
        """
        received = self._sent(look, received)
        self._received += received
        more = self._more(look, received, last)
        short = self.total is not None and self._received < self.total
        if not more and short and self._style not in _MOVING:
            place = {"system": self._system, "operation": self._call.target}
            raise Incomplete("calls.fewer_than_stated", received=self._received, total=self.total, **place)
        return more

    def kept(self) -> dict[str, Any]:
        """Return what is needed to go on after this page, as JSON can hold it."""
        return {"names": dict(self.names), "received": self._received, "total": self.total}

    def resume(self, kept: Mapping[str, Any]) -> None:
        """Go on as after the page that `kept` was taken after."""
        self.names = dict(kept["names"])
        self._received, self.total = int(kept["received"]), kept["total"]

    def _sent(self, look: Look, received: int) -> int:
        """Return how many records the source sent, where the mapping takes only some of them."""
        every, sign, _ = (self._call.records or "").partition("[?")
        found = look(every) if sign and every else None
        return max(received, len(found)) if isinstance(found, list) else received

    def _more(self, look: Look, received: int, last: Sequence[Record]) -> bool:
        says_more = look(self._call.next) if self._call.next else None
        if self._style in ("next", LINK):
            self.names["next"] = says_more
            return says_more not in (None, "", False, [], {}) and self._new(says_more)
        if not self._style or not received or (self._call.next and not says_more):
            return False
        if self._style not in _MOVING and self.total is not None and self._received >= self.total:
            return False
        if self._style == "since":
            return self._on_from(last)
        self.names["offset"] = self._received
        self.names["page"] += 1
        if not last and self._style not in _MOVING:
            return True  # a filter took none of them
        if last:
            self.names["last"] = self._key(last[-1]) if self._key else last[-1]
        if last and self._style == "keyset":
            self.names["since"] = self._marks.sent(last[-1])
        return self._new(_sample(last))

    def _on_from(self, last: Sequence[Record]) -> bool:
        """Go on from the last stamp; a page that brought nothing fresh is the end."""
        stamp = self._marks.sent(last[-1]) if last else None
        if stamp is None:
            return False
        if stamp == self.names.get("since") and len(last) >= (self._call.size or 0):
            raise self._stuck("calls.stamp_fills_page", stamp=stamp)
        if not self.fresh(list(last)):
            return False
        self._border = list(last)
        self.names["since"] = stamp
        return True

    def _new(self, what: Any) -> bool:
        digest = blake2b(orjson.dumps(what, str), digest_size=16).digest()
        if digest in self._seen:
            raise self._stuck("calls.repeated_page", page=self.names["page"])
        self._seen.add(digest)
        return True

    def _stuck(self, key: str, **values: Any) -> Unavailable:
        return Unavailable(key, system=self._system, operation=self._call.target, **values)


def _sample(records: Sequence[Record]) -> list[Any]:
    """Return what tells a page from another: its length and some rows, the first and the last among them."""
    step = max(1, len(records) // _SAMPLED)
    if isinstance(records, Unread):
        return [len(records), *map(bytes, [*records.raws[::step], records.raws[-1]])]
    return [len(records), *records[::step], records[-1]]


def _style(call: CallSpec, mentioned: frozenset[str]) -> str:
    if "last" in mentioned:
        return "keyset" if "since" in mentioned and call.cursor and call.sorted else "last"
    found = next((name for name in ("next", "offset", "page") if name in mentioned), "")
    if found or call.next:
        return found or LINK
    return "since" if "since" in mentioned and call.size and call.cursor and call.sorted else ""


def _whole(value: Any) -> int | None:
    """Return a total, also that of a Content-Range: `items 0-24/3573` (RFC 9110, section 14.4)."""
    text = str(value if value is not None else "").rpartition("/")[2].strip()
    return int(text) if text.isdecimal() else None
