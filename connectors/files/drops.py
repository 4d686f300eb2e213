"""A folder into which people drop bank statements, for whoever answers them: its files, and the answers."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from connectors.files.banks import is_ours, record_of
from connectors.files.discovery import Folder, Found
from connectors.files.encoding import digest_of
from connectors.files.names import ANSWERS, written
from connectors.files.places import place_of
from connectors.files.places.local import LocalPlace
from connectors.files.slots import PREFIX, slot_of
from connectors.statements.identity import identities
from connectors.statements.model import Entry, Parsed, Statement
from connectors.statements.parse import is_unread, known_profiles, parse
from hub.config import connection
from hub.errors import ConfigError
from hub.locale import LOCALES, text
from hub.mapping.grammar import SystemMapping
from hub.model import Record

SETTLED = timedelta(seconds=2)
"""A file that was changed since may still be growing, where the mapping says no `settle`."""

_LONGEST = 200
"""Bytes of a name; a longer one is cut in the name of its answer."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The folder of one stream: `folder` is asked anew for each look, `root` is where it lies here."""

    mapping: SystemMapping
    stream: str
    root: Path

    def look(self, now: datetime) -> Looked:
        """Return what lies there; Unavailable for a folder that cannot be read."""
        spoken = self.mapping.streams[self.stream].text or self.mapping.text
        folder = Folder(LocalPlace(self.root), self.mapping.system, self.stream, spoken.file_names)
        call = self.mapping.streams[self.stream].read
        found = folder.ready(call, now)
        settled = [one for one in found if abs(now - one.mtime) >= (call.settle or SETTLED)]
        return Looked(folder, settled, len(found) - len(settled), self.root)

    def read(self, content: bytes) -> Parsed:
        """Return what a file says, as the stream reads it."""
        path = self.mapping.path
        folder = path.parent.parent / "downloads"
        return parse(content, profiles=known_profiles(folder) if path != Path() else ())


@dataclass(slots=True)
class Looked:
    """One look at a folder: its files in the order in which they are read; `growing` ones are left out."""

    folder: Folder
    files: Sequence[Found]
    growing: int
    root: Path

    def content(self, found: Found) -> bytes | None:
        """Return a file's content; None if it was changed or taken away since the look. OSError if closed."""
        try:
            content = (self.root / found.path).read_bytes()
        except FileNotFoundError:
            return None
        return content if found.is_as(LocalPlace(self.root).look(found.path)) else None

    def answers(self, found: Found) -> list[str]:
        """Return the names of the answers that lie beside a file."""
        wanted = [answer_name(found.name, kind, locale) for kind in ANSWERS for locale in LOCALES]
        return [name for name in wanted if self.folder.path_of(found.folder, name) is not None]

    def answer_of(self, found: Found, kind: str, locale: str) -> str:
        """Return the name that an answer to a file has."""
        return answer_name(found.name, kind, locale)

    def put(self, found: Found, kind: str, said: str, locale: str) -> str:
        """Put an answer beside a file, whole, in the place of an earlier one; return its name. OSError."""
        place, name = LocalPlace(self.root), answer_name(found.name, kind, locale)
        path = self._beside(found, name)
        part = self._beside(found, f".{name}.part")
        place.write(part, b"\xef\xbb\xbf" + "\r\n".join([*said.splitlines(), ""]).encode())
        place.replace(part, path)
        for other in self.answers(found):
            if other != name:
                with suppress(OSError):
                    place.delete(self._beside(found, other))
        return name

    def _beside(self, found: Found, name: str) -> str:
        own = written(name, PurePosixPath(found.path).name, self.folder.charsets)
        return f"{found.folder}/{own}" if found.folder else own


def drops_of(mapping: SystemMapping, env: Mapping[str, str]) -> Iterator[Drop]:
    """Yield the local folders of a system's streams of bank statements; ConfigError if they empty themselves.

    A folder on a server is none of them: nobody drops anything there by hand.
    """
    if mapping.connector != "files":
        return
    streams = [name for name, one in mapping.streams.items() if one.read.format == "bank"]
    if not streams:
        return
    known = connection(mapping.connection or mapping.system, env)
    if not isinstance(place_of(known, mapping), LocalPlace):
        return
    for name in streams:
        if mapping.streams[name].read.after != "keep":
            raise ConfigError("intake.moves", system=mapping.system, stream=name)
        yield Drop(mapping, name, known.path())


def answer_name(name: str, kind: str, locale: str) -> str:
    """Return the name of the answer to a file, which stands beside it; a very long one is cut."""
    own = PurePosixPath(name).name
    if len(own.encode("utf-8", "surrogateescape")) > _LONGEST:
        mark = hashlib.blake2b(own.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
        own = f"{own[:40]}…{mark}"
    return own + text(f"intake.ending_{kind}", locale)


def digest(content: bytes) -> str:
    """Return the digest by which the stream remembers a file's content."""
    return digest_of(io.BytesIO(content))


def is_sheet(content: bytes) -> bool:
    """Tell whether a file is a workbook of proposals that the hub made."""
    return is_ours(io.BytesIO(content))


def read_slot(state: Mapping[str, Any], found: Found, digest: str) -> Mapping[str, Any] | None:
    """Return what the stream remembers of a file that it has read in its present content; None if not."""
    kept = state.get(slot_of(found.name))
    return kept if isinstance(kept, dict) and kept.get("digest") == digest else None


def read_with(state: Mapping[str, Any], found: Found, at: object) -> bool:
    """Tell whether a file was read by that read of its stream which began `at` then."""
    kept = state.get(slot_of(found.name))
    return isinstance(kept, dict) and kept.get("at") == at


def same_as(state: Mapping[str, Any], found: Found, slot: Mapping[str, Any]) -> str:
    """Return the name of the file that brought the very content of another before it; "" if none did."""
    mine = str(slot.get("at") or ""), found.name
    others = [
        (str(kept.get("at") or ""), str(kept.get("name")))
        for where, kept in state.items()
        if where.startswith(PREFIX)
        and where != slot_of(found.name)
        and isinstance(kept, dict)
        and kept.get("digest") == slot.get("digest")
    ]
    first = min(others, default=mine)
    return first[1] if first < mine else ""


def records(parsed: Parsed) -> Iterator[tuple[Statement, Entry, Record | None]]:
    """Yield the entries of a file with the records that the stream makes of them, None of one unread."""
    for statement in parsed.statements:
        for number, entry in zip(identities(statement), statement.entries, strict=True):
            unread = is_unread(entry) and entry.note is not None
            yield statement, entry, None if unread else record_of(statement, number, entry)


__all__ = [
    "SETTLED",
    "Drop",
    "Found",
    "Looked",
    "digest",
    "drops_of",
    "is_sheet",
    "read_slot",
    "read_with",
    "records",
    "same_as",
]
