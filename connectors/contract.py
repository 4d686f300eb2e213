"""What a connector is: code that talks to one kind of system and knows nothing of orders.

A connector *has* a transport; it yields records in the system's own words, page by page, and raises
only errors of `hub.errors`. It never touches the store: the engine commits each page together with
the page's cursor state, then asks for the next one (the iterator is lazy).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, overload, runtime_checkable

from hub.errors import RecordError
from hub.mapping.callspec import CallSpec
from hub.model import Record

Buffer = Any
"""Bytes, or what lends them (a slice of an answer)."""

State = Mapping[str, Any]
"""What a stream remembers between reads, JSON-able: cursor positions by slot name."""


GATE = "gate:"
"""How slots of page gates begin. They hold only for the mapping under which the pages were read: after a
change of it the engine hands out the state without them, and every page is read again."""


@dataclass(frozen=True, slots=True)
class Since:
    """Read what is new since `state` (empty at the first read), with the mapping's overlap."""

    state: State


@dataclass(frozen=True, slots=True)
class Window:
    """Read what changed in [start, end) (aware UTC); moves no cursor."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Keys:
    """Read these record keys again (a sweep of open orders); moves no cursor."""

    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Everything:
    """Read all; moves no cursor."""


Ask = Since | Window | Keys | Everything


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that the connector itself could not read, kept whole for quarantine."""

    raw: bytes
    error: RecordError
    key: str = ""


class Unread(Sequence[Record]):
    """Records that nobody has looked at yet: `raws` are the bytes of each as they came; a look parses them.

    A source that tells everything each time says mostly what is known. The engine tells that from the bytes,
    so that only news is parsed. All of a stream's reads should give its records in this form, or none: what
    comes now in bytes and now in words is looked at twice.
    """

    __slots__ = ("_parse", "raws")

    def __init__(self, raws: Sequence[Buffer], parse: Callable[[Buffer], Record]) -> None:
        """Take the bytes, and what makes a record of those of one; it raises a SourceError if it cannot."""
        self.raws, self._parse = raws, parse

    def __len__(self) -> int:
        return len(self.raws)

    def __iter__(self) -> Iterator[Record]:
        return map(self._parse, self.raws)

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> Unread: ...
    def __getitem__(self, at: int | slice) -> Record | Unread:
        if isinstance(at, slice):
            return Unread(self.raws[at], self._parse)
        return self._parse(self.raws[at])

    @classmethod
    def joined(cls, parts: Sequence[Unread]) -> Unread:
        """Return the records of some pages of one connector together."""
        return cls([raw for one in parts for raw in one.raws], parts[0]._parse)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer's worth of records, already checked for completeness (fault, status, closing tag).

    `state` holds the slots of the stream's State that this page moves: they are committed with the page.
    `meta` is what mapping paths see as `meta` (file, mtime, header, page); `lines` the line number of each
    record in its file, where there is one. `seen` counts what the source sent in this page before
    filtering, so that progress can be shown; `expected` the total, where the source says it. `same` counts
    the records of an answer that came byte for byte as at the last read and so was not parsed: the gate
    that told so is kept in slots of the state whose names begin with GATE. A page with `commit` must be
    committed, with all before it, before the next one is asked for: only then is the source changed.
    `statements` are the accounts' statements that this page brings to an end: what each says of itself.
    """

    records: Sequence[Record]
    state: State = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[int] = ()
    bad: Sequence[BadRecord] = ()
    expected: int | None = None
    warnings: Sequence[str] = ()
    same: int = 0
    commit: bool = False
    statements: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What `check` found: reachable or not, in words (message key and values); `seconds` it took."""

    ok: bool
    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BusinessKey:
    """By what the record of an order is looked up: `names` are what the mapping's `find` may mention.

    `record` is the order's number, for messages. `ask` tells which call of the write is meant: the one that
    finds what it is about, or the one by which the target says that a write has arrived.
    """

    record: str
    names: Mapping[str, Any]
    ask: Literal["find", "confirm"] = "find"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done and need not be done again: its `name` within the change, and what it gave.

    `took` holds what later steps may mention (ids of the target, a new version), JSON-able.
    """

    name: str
    took: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """Calls that belong together: one transaction where the transport has any.

    `name` says what it does ("create", "reverse", "update.ordered", "update.status.shipped", with "@PART"
    behind it where an order has several parts); `names` are what its calls may mention beside those of the
    change.
    """

    name: str
    calls: Sequence[CallSpec]
    names: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutgoingChange:
    """One desired write, as it is handed to a connector: nothing is decided any more, only carried out.

    `write` is its name in the mapping, `record` the order's number, `key` the idempotency key, the same over
    all tries of one change. `names` are the order in the target's words and in the hub's, and what the target
    said last (mapping language, section 3, names). `done` are the steps that an earlier try has committed.
    """

    write: str
    kind: Literal["create", "update", "message", "reverse"]
    record: str
    key: str
    names: Mapping[str, Any]
    moves: Sequence[Move]
    done: Sequence[Step] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The system's proof of a write.

    `adopted` tells that what was to be created was there already, and was only found. `ids` are the numbers
    that the target gave, by kind ("own" where the mapping names none); `records` what it showed of it, in its
    own words, for the stream that reads the write back; `accepted` that it took the write and will carry it
    out later (`confirm`).
    """

    adopted: bool = False
    ids: Mapping[str, str] = field(default_factory=dict)
    records: Sequence[Record] = ()
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector kind can do; shown by `orderhub connector list`.

    `asks` are the names of the asks it can answer ("since", "window", "keys", "everything").
    """

    asks: frozenset[str]
    writes: bool = False
    summary: str = ""


@runtime_checkable
class Connector(Protocol):
    """The contract. Constructed only by `connectors.registry`."""

    capabilities: ClassVar[Capabilities]

    def check(self) -> Health:
        """Say whether the system can be reached and read; never raises a SourceError."""
        ...

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages. Ends normally only after all that was asked for was read; else SourceError."""
        ...

    def close(self) -> None:
        """Give back connections and threads."""
        ...


@runtime_checkable
class Writer(Connector, Protocol):
    """A connector that writes as well (`Capabilities.writes`)."""

    def lookup(self, write: str, key: BusinessKey) -> list[Record]:
        """Return the records that the write's `find` gives: none, one and several are three answers.

        A read: what may work later is tried again. What is `missing` is none. Raises SourceError.
        """
        ...

    def push(self, change: OutgoingChange, committed: Callable[[Step], None]) -> Receipt:
        """Carry out one change and return its receipt; `committed` persists a step before the next is begun.

        Nothing is tried again here but a login that expired. Raises NameMissing before anything is sent, if
        a call needs what is not known (yet); OutcomeUnknown where it cannot be told whether the target did
        it: after a time-out, a broken connection, a 5xx, an answer that cannot be read. Every other
        SourceError means that the step was not done: Unavailable (nobody there), RateLimited, RecordLocked,
        Stale, Exists, Missing, Rejected, AuthExpired.
        """
        ...
