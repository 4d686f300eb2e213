"""The connector of kind `files`."""

from __future__ import annotations

import codecs
import difflib
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

import tenacity

from connectors.calls.names import Names
from connectors.contract import (
    Ask,
    BusinessKey,
    Capabilities,
    Everything,
    Health,
    Keys,
    OutgoingChange,
    Page,
    Receipt,
    Step,
)
from connectors.files.checked import FORMATS, Style
from connectors.files.discovery import Folder
from connectors.files.hand import FilesHand
from connectors.files.places import place_of
from connectors.files.reading import Reading
from connectors.pauses import Pauses
from connectors.retry import retrying
from connectors.writing import Writing
from hub.config import Connection
from hub.errors import ConfigError, HubError
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping, TextSpec
from hub.mapping.hooks import load
from hub.model import Record


class FilesConnector:
    """Reads the files that others drop into a folder: whole ones, once, in order; and drops some for them.

    A file is looked through to its end before its first page is yielded. One that is torn, or cannot be
    read, is left out as a whole and tried again next time; all others are read, then one error names it.
    What was read is remembered by name, look and content: an unchanged file is not opened, a file sent
    again under another name brings nothing, one corrected under its name is read anew.

    A file is written under a temporary name and then given its own, so that nobody reads half of it.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "everything"}), writes=True, summary="files.summary"
    )

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None = None,
    ) -> None:
        """Take mapping, connection (a folder, here or on a server) and clock; opens nothing yet.

        `retry` is how a server that cannot be reached is tried again.
        """
        self._mapping, self._clock, self._retry = mapping, clock, retry or retrying()
        self._place, self._pauses = place_of(connection, mapping), Pauses(mapping, clock)
        self._decode = load(mapping).decode
        names = Names(connection, clock)
        hand = FilesHand(mapping, names, self._folder_of, self._checked_call, self._pauses, clock)
        self._writing = Writing(mapping, hand)

    def __repr__(self) -> str:
        return f"FilesConnector({self._mapping.system!r}, {self._place.shown!r})"

    def check(self) -> Health:
        """List the folders of all streams and count the files that match."""
        begin = time.perf_counter()
        try:
            self._pauses.require_none("check")
            files = sum(
                len(list(self._folder(name).matching(self._checked_call(stream.read).target)))
                for name, stream in self._mapping.streams.items()
            )
        except HubError as error:
            return Health(False, error.key, error.values, time.perf_counter() - begin)
        values = {"folder": self._place.shown, "files": files}
        return Health(True, "files.healthy", values, time.perf_counter() - begin)

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages; see the contract. Raises Incomplete or Unavailable at the end for files left out."""
        spec = self._stream(stream)
        if isinstance(ask, Keys):
            raise ConfigError(
                "connectors.unanswered_ask", system=self._mapping.system, ask="keys", stream=stream
            )
        sweep = spec.sweep.call if spec.sweep and isinstance(ask, Everything) else spec.read
        encodings, numbers = (spec.text or self._mapping.text).encoding, spec.numbers or self._mapping.numbers
        style = Style(encodings, numbers, self._decode, self._downloads)
        call = self._checked_call(sweep)
        ready = partial(self._pauses.require_none, stream)
        yield from Reading(self._folder(stream), call, style, self._clock(), ask, ready).pages()

    def lookup(self, write: str, key: BusinessKey) -> list[Record]:
        """Return what a write's look-up finds; see the contract."""
        return self._writing.lookup(write, key)

    def push(self, change: OutgoingChange, committed: Callable[[Step], None]) -> Receipt:
        """Carry out one change; see the contract."""
        return self._writing.push(change, committed)

    def close(self) -> None:
        """Close the connection to a server, if there is one."""
        self._place.close()

    def _folder(self, stream: str) -> Folder:
        return self._folder_of(stream, self._mapping.streams[stream].text or self._mapping.text)

    def _folder_of(self, operation: str, spoken: TextSpec) -> Folder:
        return Folder(self._place, self._mapping.system, operation, spoken.file_names, self._retry)

    @property
    def _downloads(self) -> Path | None:
        """The folder beside those of the mappings in which profiles of banks' downloads are kept."""
        path = self._mapping.path
        return path.parent.parent / "downloads" if path != Path() else None

    def _stream(self, name: str) -> StreamMapping:
        streams = self._mapping.streams
        if name not in streams:
            near = difflib.get_close_matches(name, streams, n=1) or list(streams)
            system = self._mapping.system
            raise ConfigError("connectors.unknown_stream", system=system, stream=name, near=near[0])
        return streams[name]

    def _checked_call(self, call: CallSpec) -> CallSpec:
        """Return the call; ConfigError for what this connector cannot do."""
        if call.format and call.format not in FORMATS:
            raise ConfigError("files.unknown_format", format=call.format, known=", ".join(FORMATS))
        if call.delimiter and len(call.delimiter) > 1 and call.delimiter not in {"tab", "\\t"}:
            raise ConfigError("files.bad_delimiter", delimiter=call.delimiter)
        if (call.format == "fixed" and not _has_widths(call)) or (call.widths and call.kinds):
            raise ConfigError("files.no_widths")
        for name in (*call.encoding, *self._mapping.text.encoding, *self._mapping.text.file_names):
            try:
                codecs.lookup(name)
            except LookupError as error:
                raise ConfigError("files.unknown_charset", name=name) from error
        for nested in call.nest.values():
            self._checked_call(nested)
        return call


def _has_widths(call: CallSpec) -> bool:
    """Tell whether every row of a fixed-width file can be cut."""
    return bool(call.widths) or (bool(call.kinds) and all(kind.widths for kind in call.kinds.values()))
