"""Which part of an answer are the records."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from connectors.calls.records import as_rows, record_of
from connectors.soap.rows import Rows
from connectors.soap.shape import Path, Shape, tables
from connectors.soap.stream import Answer
from hub.errors import ConfigError
from hub.mapping.grammar import CallSpec
from hub.mapping.paths import compile_path
from hub.model import Record

_PLAIN = re.compile(r"\w+(\.\w+)*")


class Selection:
    """The records of a call's answers.

    Where `records` names a list of the schema, its rows stay packed until a page of them is due; any other
    path (JMESPath, or a part that the schema leaves open) is looked up in the whole answer.
    """

    def __init__(self, call: CallSpec, shape: Shape) -> None:
        """Raise ConfigError if `records` names an element that the schema does not have."""
        self._call = call
        self._path = _table(call, shape)

    def head(self, answer: Answer) -> dict[str, Any]:
        """Return the answer without its records: what `ok`, `next`, `total`, `take` and `errors` look at."""
        return answer.plain(but=self._path)

    def pages(self, answer: Answer, size: int) -> Iterator[list[Record]]:
        """Yield the records, at most `size` at a time; one empty list if there are none."""
        for rows in self._rows(answer).pages(size):
            yield [record_of(row, self._call.columns) for row in rows]

    def _rows(self, answer: Answer) -> Rows:
        if self._path is not None:
            return answer.table(*self._path)
        whole = answer.plain()
        if answer.lone and not self._call.records:
            (whole,) = whole.values()
        found = compile_path(self._call.records or "@")(whole)
        rows = Rows()
        for row in as_rows(found):
            rows.append(row)
        return rows


def _table(call: CallSpec, shape: Shape) -> Path | None:
    """Return the path of the list that `records` names, with or without the name of its rows."""
    if not call.records or not _PLAIN.fullmatch(call.records):
        return None
    wanted = tuple(call.records.split("."))
    for table in tables(shape):
        if wanted in (table.path, (*table.parent, table.tag)):
            return table.path
    _known(wanted, shape, call)
    return None


def _known(wanted: Path, shape: Shape, call: CallSpec) -> None:
    """Raise ConfigError if the schema knows all that can stand here and `wanted` is not among it."""
    here: Shape | None = shape
    for name in wanted:
        if here is None or here.open or here.tagged:
            return
        if here.row and name != here.row:
            here = here.children[here.row]
            continue
        if name not in here.children:
            near = difflib.get_close_matches(name, here.children, n=1)
            key = "soap.no_such_element_near" if near else "soap.no_such_element"
            known = ", ".join(here.children)
            raise ConfigError(key, operation=call.target, name=name, near="".join(near), known=known)
        here = here.children[name]
