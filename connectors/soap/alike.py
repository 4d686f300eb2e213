"""Flat rows of one form, read many at a time.

The rows of a list nearly always have the same elements in the same order, each with one text. That is asked
of a whole batch by an XPath, and the texts are then taken by column: libxml2 walks, not Python. A batch that
is not like that in every respect is not read here at all; `Plain` reads its rows one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

from lxml import etree

from connectors.soap.plain import cell
from connectors.soap.shape import Shape

BATCH = 256
"""Rows read together; in far larger sets libxml2 slows down."""

Column = tuple[Callable[[Any], list[str]], Callable[[Any], list[Any]]]
"""What finds the texts of a column, and what finds its elements."""


class Alike:
    """Reads the rows of one list in batches, each of which may have a form of its own."""

    def __init__(self, shape: Shape) -> None:
        """Read flat rows of this shape; no form was seen yet."""
        self._shape = shape
        self._forms: dict[tuple[str, ...], _Form | None] = {}

    def read(self, batch: Any) -> list[dict[str, Any]] | None:
        """Return the rows, which are the children of `batch`; None if they are not all of one plain form."""
        tags = self._shape.wanted or tuple(child.tag for child in batch[0])
        if tags not in self._forms:
            self._forms[tags] = self._form(tags)
        form = self._forms[tags]
        return form.read(batch) if form is not None else None

    def _form(self, tags: Sequence[str]) -> _Form | None:
        if self._shape.wanted:
            return _wanted(tags)
        names = [tag.rpartition("}")[2] for tag in tags]
        good = names and len(set(names)) == len(names) and self._shape.children.keys() >= set(names)
        return _whole(tags, names) if good else None


class _Form:
    """What rows of one form are asked, and how their columns are found."""

    def __init__(
        self,
        names: Sequence[str],
        plain: str,
        columns: Sequence[str],
        tags: Sequence[str],
        cell: Callable[[Any], str | None],
    ) -> None:
        spaces = {f"n{at}": space for at, tag in enumerate(tags) if (space := etree.QName(tag).namespace)}

        def xpath(path: str) -> Any:
            return etree.XPath(path, namespaces=spaces or None, smart_strings=False)

        self._names, self._plain, self._cell = tuple(names), xpath(plain), cell
        self._columns: list[Column] = [(xpath(f"{path}/text()"), xpath(path)) for path in columns]

    def read(self, batch: Any) -> list[dict[str, Any]] | None:
        if not self._plain(batch):
            return None
        count, columns = len(batch), []
        for texts, cells in self._columns:
            column: list[Any] = texts(batch)
            if len(column) != count:
                column = list(map(self._cell, cells(batch)))
                if len(column) != count:
                    return None
            columns.append(column)
        return list(map(dict, map(zip, repeat(self._names), zip(*columns, strict=True))))


def _whole(tags: Sequence[str], names: Sequence[str]) -> _Form:
    """Return the form of rows that hold these elements in this order, one text each, and nothing more."""
    plain = f"count(*/*) = {len(tags)} * count(*) and not(*/@* or */*/* or */*/text()[2])"
    return _Form(
        names, plain, [f"*/*[{at + 1}]/self::{_test(at, tag)}" for at, tag in enumerate(tags)], tags, cell
    )


def _wanted(tags: Sequence[str]) -> _Form:
    """Return the form of rows that hold these elements once each, one plain text each, among any others."""
    tests = [_test(at, tag) for at, tag in enumerate(tags)]
    odd = " or ".join(f"*/{one}[2] or */{one}/* or */{one}/text()[2]" for one in tests)
    return _Form(tags, f"not(*/@* or {odd})", [f"*/{one}" for one in tests], tags, _text)


def _test(at: int, tag: str) -> str:
    """Return the XPath test for the name of element `at`, whose namespace is bound to a prefix of its own."""
    name = etree.QName(tag)
    return f"n{at}:{name.localname}" if name.namespace else str(name.localname)


def _text(element: Any) -> str:
    return element.text or ""
