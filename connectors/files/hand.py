"""How the calls of a write become files: looked up by reading, written whole, one file for each call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.calls.fill import compiled
from connectors.calls.names import Names
from connectors.contract import Everything
from connectors.files.checked import Style
from connectors.files.composed import ENCODING, Unwritable, content
from connectors.files.discovery import Folder
from connectors.files.placing import Placing, words_of
from connectors.files.reading import Reading
from connectors.pauses import Pauses
from connectors.writing import Send
from hub.errors import Rejected, Unavailable
from hub.mapping.expressions import NameMissing, compile_value
from hub.mapping.grammar import CallSpec, SystemMapping, TextSpec
from hub.mapping.paths import compile_path, is_empty
from hub.model import Record

_FILE = frozenset({"stem", "name", "file"})
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.S)
_NO_NAME = re.compile(r"[\x00-\x1f\\]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call stands in its mapping: the write, and the text and number style of its stream."""

    write: str
    text: TextSpec
    numbers: str | None


class FilesHand:
    """The calls of one system's writes as files: each is there, or not, by itself."""

    atomic = False

    def __init__(
        self,
        mapping: SystemMapping,
        names: Names,
        folder: Callable[[str, TextSpec], Folder],
        checked: Callable[[CallSpec], CallSpec],
        pauses: Pauses,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the mapping, the names that every call knows, and what makes a folder for one operation.

        `checked` refuses a call that files cannot carry out.
        """
        self._mapping, self._names, self._folder = mapping, names, folder
        self._checked, self._pauses, self._clock = checked, pauses, clock
        self._places = _places(mapping)

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a file's name, its marker and its content cannot do without."""
        said = compiled([call.target, call.row, call.rows, call.json_, call.xml]).needs
        marker = compiled(call.done).needs - _FILE
        paths = {path.partition(".")[0] for path in call.on.values()}
        return (said | marker | paths) - frozenset(self._names)

    def find(self, call: CallSpec, names: Mapping[str, Any]) -> list[Record]:
        """Return the records of all files that a call names whose columns (`on`) have the wanted values.

        A folder or a file that is not there is none; a file, or a row, that cannot be read is an error, since
        what is looked for may stand in it.
        """
        place, known = self._place(call), self._names.of(call, names)
        self._pauses.require_none(place.write)
        pattern = str(compile_value(call.target).render(known))
        wanted = {column: _wanted(path, known) for column, path in call.on.items()}
        folder = self._folder(place.write, place.text)
        style = Style(place.text.encoding, place.numbers)
        asked = self._checked(call).model_copy(update={"target": pattern})
        reading = Reading(folder, asked, style, self._clock(), Everything(), lambda: None)
        try:
            return [record for record in self._records(reading, place) if _fits(record, wanted)]
        except Unavailable as error:
            if error.key != "files.no_folder":
                raise
            folder.require_root()
            return []

    @contextmanager
    def move(self) -> Iterator[Send]:
        """Yield what writes the files of one move: each is there, or not, by itself."""
        yield self._send

    def _send(self, call: CallSpec, names: Mapping[str, Any]) -> Mapping[str, Any]:
        place, known = self._place(call), self._names.of(call, names)
        self._pauses.require_none(place.write)
        record = str(names.get("order_no") or "")
        about = {"system": self._mapping.system, "operation": place.write, "record": record}
        name = _name(call, known, about)
        encoding = next(iter((*self._checked(call).encoding, *place.text.encoding)), ENCODING)
        try:
            whole = content(call, name, known, encoding)
        except Unwritable as error:
            reason = f"{error.field}: {error.what}"
            raise Rejected("files.unwritable", **about, code=error.code, reason=reason) from error
        marker = str(compile_value(call.done).render({**known, **words_of(name)})) if call.done else None
        Placing(self._folder(place.write, place.text), about).put(name, whole, marker)
        return {}

    def _records(self, reading: Reading, place: Place) -> Iterator[Record]:
        about = {"system": self._mapping.system, "operation": place.write}
        for page in reading.pages():
            if page.bad:
                bad = page.bad[0]
                raise Unavailable("files.bad_answer", **about, file=bad.key, reason=str(bad.error))
            yield from page.records

    def _place(self, call: CallSpec) -> Place:
        return self._places.get(id(call)) or Place(call.name, self._mapping.text, self._mapping.numbers)


def _name(call: CallSpec, names: Mapping[str, Any], about: Mapping[str, str]) -> str:
    """Return the name of the file to be written; Rejected if a value in it would lead to another folder."""
    name = str(compile_value(call.target).render(names))
    depth = _EXPRESSION.sub("", call.target).count("/")
    steps = name.split("/")
    if len(steps) != depth + 1 or _NO_NAME.search(name) or any(one in {"", ".", ".."} for one in steps):
        raise Rejected("files.bad_name", **about, code="name", reason=name)
    return name


def _places(mapping: SystemMapping) -> dict[int, Place]:
    """Return where each call of the writes stands, by the call itself."""
    places: dict[int, Place] = {}
    for name, write in mapping.writes.items():
        stream = mapping.streams.get(write.stream or "")
        spoken = (stream.text if stream else None) or mapping.text
        numbers = (stream.numbers if stream else None) or mapping.numbers
        for _, call in write.calls():
            places[id(call)] = Place(name, spoken, numbers)
    return places


def _wanted(path: str, names: Mapping[str, Any]) -> str:
    """Return the value that a column is to have; NameMissing if it is not known."""
    value = compile_path(path)(dict(names))
    if is_empty(value):
        raise NameMissing(path, f"on: {path}")
    return str(value).strip()


def _fits(record: Record, wanted: Mapping[str, str]) -> bool:
    found = {column: compile_path(column)(record) for column in wanted}
    return all(value is not None and str(value).strip() == wanted[name] for name, value in found.items())
