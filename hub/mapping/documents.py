"""Streams of what is no order: records become Documents (receivables, invoices, bank entries, work, stock).

The same fields, formats and code tables as for orders, and the same surface as `Reader`: `read`, `key`,
`version`. A core value that is wrong is a RecordError; what is known beside it can fail with a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.errors import MappingError, RecordError
from hub.mapping import hooks
from hub.mapping.extras import compile_extra, listed, within
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.fingerprint import fingerprint, record_key
from hub.mapping.grammar import StreamMapping, SystemMapping
from hub.mapping.kinds import COMMON, KINDS
from hub.mapping.measures import compile_amount, compile_quantity
from hub.mapping.reader import Reader, defaults_of, mentions_surroundings
from hub.mapping.support import require_readable
from hub.mapping.texts import fitting, is_true, text_of
from hub.mapping.values import (
    Defaults,
    Sight,
    compile_links,
    compile_moment,
    compile_reference,
    compile_text,
    in_field,
)
from hub.model import Document, Link, Record
from hub.postings import is_posting
from hub.rules import Rules

WIDTHS = {"company": 64, "order_no": 128, "number": 200, "link": 128, "currency": 3}
"""Lengths of what a document is known by, in characters."""

_READ_APART = ("company", "number", "order_no", "status")

Read = Callable[[Any, Sight], Any]


@dataclass(slots=True)
class DocumentReading:
    """What one record came to: its documents; `skipped` if the mapping says that it is not meant.

    `version` is the source's own version of the record, where the mapping names one.
    """

    documents: list[Document] = field(default_factory=list)
    skipped: bool = False
    version: str | None = None


def reader_of(mapping: SystemMapping, stream: str, rules: Rules) -> Reader | DocumentReader:
    """Return the reader that fits what `stream` yields."""
    kind = Reader if mapping.streams[stream].is_order else DocumentReader
    return kind(mapping, stream, rules)


class DocumentReader:
    """Reads the records of one stream that yields no orders.

    `kind` is what it yields; `version` (16 hex) changes when the same record would be read differently;
    `key` gives the key of a record as it comes.
    """

    def __init__(self, mapping: SystemMapping, stream: str, rules: Rules) -> None:
        """Compile `stream`; MappingError if it yields orders, or says what this version cannot do."""
        require_readable(mapping, stream)
        spec = mapping.streams[stream]
        if spec.yields not in KINDS:
            raise MappingError("mapping.no_document", file=mapping.path.name, yields=spec.yields)
        self.system, self.stream, self.kind = mapping.system, stream, spec.yields
        self.version = fingerprint(mapping, spec, (), rules)
        self.key: Callable[[Record], str] = record_key(spec)
        self._hook = hooks.load(mapping).record
        self._compile(spec, defaults_of(mapping, spec, rules))

    def _compile(self, spec: StreamMapping, defaults: Defaults) -> None:
        kind, fields = KINDS[spec.yields], spec.fields
        self._rules, self._needs = defaults.rules, kind.needs
        self._scoped = mentions_surroundings(spec)
        self._skip, self._deleted, self._version, self._each = (
            defaults.path(path) if path else None
            for path in (spec.skip, spec.deleted, spec.version, spec.each)
        )
        self._texts = {
            name: in_field(name, compile_text(fields[name], defaults))
            for name in ("company", "number", *kind.texts)
            if name in fields
        }
        self._number = [name for name in kind.number if name in fields]
        self._order_no = (
            in_field("order_no", compile_reference(fields["order_no"], defaults))
            if "order_no" in fields
            else None
        )
        self._status = compile_text(fields["status"], defaults) if "status" in fields else None
        self._core = [
            (name, in_field(name, _core(name, fields[name], defaults))) for name in _CORE if name in fields
        ]
        self._quantities = [
            (name, in_field(name, compile_quantity(fields[name], defaults)))
            for name in kind.quantities
            if name in fields
        ]
        self._others = [
            *((name, _amount(fields[name], defaults)) for name in kind.amounts if name in fields),
            *((name, _moment(fields[name], defaults)) for name in kind.times if name in fields),
            *((name, compile_extra(name, one, defaults)) for name, one in spec.extras.items()),
        ]
        self._links = [(name, compile_links(one, defaults)) for name, one in spec.links.items()]

    def read(self, record: Record, meta: Mapping[str, Any], read_at: datetime) -> DocumentReading:
        """Return what `record` says, read at `read_at` (aware UTC) with `meta` around it.

        Raises RecordError whose key is the reason for quarantine.
        """
        if not isinstance(record, dict):
            raise RecordError("mapping.not_a_record", found=type(record).__name__)
        made = self._hook(record) if self._hook is not None else record
        if made is None:
            return DocumentReading(skipped=True)
        seen = {**made, "meta": meta} if self._scoped else made
        version = text_of(self._version(seen)) if self._version else None
        if self._skip is not None and is_true(self._skip(seen)):
            return DocumentReading([], True, version)
        items = [seen] if self._each is None else self._items(seen)
        return DocumentReading([self._document(item, read_at) for item in items], False, version)

    def keys_of(self, records: Iterable[Record]) -> list[str]:
        """Return the keys of a page of records, as `key` does for one."""
        return [self.key(record) for record in records]

    def _items(self, seen: Record) -> list[Any]:
        assert self._each is not None
        return [within(item, seen, self._scoped) for item in listed(self._each(seen) or [])]

    def _document(self, item: Any, read_at: datetime) -> Document:
        sight = Sight(read_at.date())
        texts = {name: text for name, read in self._texts.items() if (text := read(item, sight)) is not None}
        company = texts.pop("company", None) or ("" if "company" in self._texts else self._rules.company)
        number = texts.pop("number", None) or " ".join(texts.get(name, "-") for name in self._number)
        document = Document(
            self.kind,
            fitting("company", company, WIDTHS["company"]),
            fitting("number", number, WIDTHS["number"]),
        )
        document.deleted = self._deleted is not None and is_true(self._deleted(item))
        for name, read in self._core:
            setattr(document, name, read(item, sight))
        self._read_order(document, item, sight)
        document.quantities = self._read_quantities(item, sight)
        document.status = self._read_status(item, sight)
        if is_posting(texts.get("posting")):
            document.order_no = texts["posting"]
        document.fields = {**texts, **self._read_others(item, sight)}
        document.links = tuple(self._read_links(item, sight))
        document.warnings = tuple(sight.warnings)
        self._require(document)
        return document

    def _require(self, document: Document) -> None:
        """Raise RecordError if the document lacks what its kind needs; what is deleted may be bare."""
        if not document.company:
            raise RecordError("mapping.no_value", field="company")
        for name in ("number",) if document.deleted else ("number", *self._needs):
            said = document.quantities.get(name, document.fields.get(name, getattr(document, name, None)))
            if said is None or said == "":
                raise RecordError("mapping.no_value", field=name)

    def _read_order(self, document: Document, item: Any, sight: Sight) -> None:
        reference = self._order_no(item, sight) if self._order_no is not None else None
        if isinstance(reference, Link):
            document.waits_for = Link(reference.kind, fitting("order_no", reference.value, WIDTHS["link"]))
        elif reference is not None:
            document.order_no = fitting("order_no", reference, WIDTHS["order_no"])

    def _read_quantities(self, item: Any, sight: Sight) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for name, read in self._quantities:
            quantity = read(item, sight)
            if quantity is None:
                continue
            limit = self._rules.limits.quantity
            if abs(quantity) > limit:
                raise RecordError(
                    "mapping.quantity_beyond", field=name, found=f"{quantity:f}", limit=f"{limit:f}"
                )
            found[name] = quantity
        return found

    def _read_status(self, item: Any, sight: Sight) -> str | None:
        """Return the status; a code that the table does not know stays as it is, with a warning."""
        try:
            return self._status(item, sight) if self._status is not None else None
        except RecordError as error:
            if error.key != "mapping.code_unknown":
                raise
            sight.warnings.append(f"{error.key} status")
            return str(error.values["code"])

    def _read_others(self, item: Any, sight: Sight) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, read in self._others:
            try:
                value = read(item, sight)
            except RecordError as error:
                sight.warnings.append(f"{error.key} {name}")
                continue
            if value is not None:
                found[name] = value
        return found

    def _read_links(self, item: Any, sight: Sight) -> list[Link]:
        found: dict[Link, None] = {}
        for kind, read in self._links:
            try:
                values = read(item, sight)
            except RecordError as error:
                sight.warnings.append(f"{error.key} {kind}")
                continue
            for value in values:
                if len(value) > WIDTHS["link"]:
                    sight.warnings.append(f"mapping.text_too_long {kind}")
                else:
                    found[Link(kind, value)] = None
        return list(found)


_CORE = tuple(name for name in COMMON if name not in _READ_APART)


def _core(name: str, spec: FieldSpec, defaults: Defaults) -> Read:
    if name == "amount":
        return _amount(spec, defaults)
    return _currency(spec, defaults) if name == "currency" else _moment(spec, defaults)


def _amount(spec: FieldSpec, defaults: Defaults) -> Read:
    """Return a function to an amount; of several, such as debit and credit, the first that is not zero."""
    if spec.any:
        return _first_amount([_amount(one, defaults) for one in spec.any])
    read, minus = compile_amount(spec, defaults), spec.minus
    if minus is None:
        return read
    turned = defaults.path(minus) if isinstance(minus, str) else None

    def amount(item: Any, sight: Sight) -> Decimal | None:
        number = read(item, sight)
        return -number if number and (turned is None or is_true(turned(item))) else number

    return amount


def _first_amount(reads: list[Read]) -> Read:
    def first(item: Any, sight: Sight) -> Decimal | None:
        found = None
        for read in reads:
            number: Decimal | None = read(item, sight)
            if number:
                return number
            found = number if found is None else found
        return found

    return first


def _moment(spec: FieldSpec, defaults: Defaults) -> Read:
    read = compile_moment(spec, defaults)

    def instant(item: Any, sight: Sight) -> datetime | None:
        moment = read(item, sight)
        return None if moment is None else moment.at

    return instant


def _currency(spec: FieldSpec, defaults: Defaults) -> Read:
    read = compile_text(spec, defaults)

    def currency(item: Any, sight: Sight) -> str | None:
        text = read(item, sight)
        if text is not None and (len(text) != WIDTHS["currency"] or not text.isascii() or not text.isalpha()):
            raise RecordError("mapping.no_currency", found=text[:20])
        return None if text is None else text.upper()

    return currency
