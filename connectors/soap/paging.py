"""How to come to the next page, chosen by what the call mentions (mapping language, section 2.2).

The page size asked for is a wish: an offset moves on by the number received, and a short page ends nothing.
The end is no token, the stated total, an empty page, or no paging style at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import orjson

from hub.errors import Unavailable
from hub.mapping.grammar import CallSpec
from hub.mapping.paths import compile_path
from hub.model import Record


class Pager:
    """The paging names of one read: `names` before each call, `turn` after it."""

    def __init__(self, call: CallSpec, mentioned: frozenset[str], *, system: str) -> None:
        """Choose the style from the names that the call mentions."""
        self._call, self._system = call, system
        self._style = next((name for name in ("next", "offset", "page", "last") if name in mentioned), "")
        self._seen: set[bytes] = set()
        self._received = 0
        self.names: dict[str, Any] = {"offset": 0, "page": 1, "next": None, "last": None}
        self.total: int | None = None

    def expect(self, answer: dict[str, Any]) -> None:
        """Note the total that an answer states, where the call says where it stands."""
        if self._call.total:
            self.total = _whole(compile_path(self._call.total)(answer))

    def turn(self, answer: dict[str, Any], received: int, last: Sequence[Record]) -> bool:
        """Tell whether there is another page after one of `received` records that ended with `last`.

        Raises Unavailable for a page or a token that was there before: going on would never end.
        """
        self._received += received
        if self._style == "next":
            token = compile_path(self._call.next or "@")(answer)
            self.names["next"] = token
            return token not in (None, "", False) and self._new(token)
        if not self._style or not last or (self.total is not None and self._received >= self.total):
            return False
        self.names["offset"] = self._received
        self.names["page"] += 1
        self.names["last"] = self._last(last[-1])
        return self._new(list(last))

    def _last(self, record: Record) -> Any:
        return compile_path(self._call.cursor[1])(record) if self._call.cursor else record

    def _new(self, what: Any) -> bool:
        digest = blake2b(orjson.dumps(what), digest_size=16).digest()
        if digest in self._seen:
            raise Unavailable(
                "soap.repeated_page",
                system=self._system,
                operation=self._call.target,
                page=self.names["page"],
            )
        self._seen.add(digest)
        return True


def _whole(value: Any) -> int | None:
    text = str(value or "").strip()
    return int(text) if text.isdecimal() else None
