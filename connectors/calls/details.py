"""Details by a second call (`nest`): one for many keys, or one for each record, several levels deep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.calls import jsons
from connectors.calls.records import batches
from connectors.contract import BadRecord
from hub.errors import ConfigError, Missing, RecordError, RecordLocked, Rejected, SourceError
from hub.mapping.expressions import NameMissing, compile_value
from hub.mapping.grammar import CallSpec
from hub.mapping.paths import compile_path, is_empty
from hub.model import Record

All = Callable[[CallSpec, Mapping[str, Any]], tuple[list[Record], list[BadRecord]]]
"""Reads a call to its end and returns its records, and the rows that said an error."""


class Details:
    """Puts into each record, under the name of each nested call, the list of what that call gave."""

    def __init__(self, read: All, mentions: Callable[[CallSpec], frozenset[str]], size: int) -> None:
        """Take how a call is read, and at most how many keys it is given at once."""
        self._read, self._mentions, self._size = read, mentions, size

    def add(
        self,
        call: CallSpec,
        records: Sequence[Record],
        names: Mapping[str, Any],
        key: Callable[[Record], str] = lambda record: "",
    ) -> tuple[Sequence[Record], list[BadRecord]]:
        """Return the records with their details, and those whose details the source refuses.

        A detail that is not there (404) is an empty list. With `merge` the detail's own members are laid over
        the record: where the two disagree, the detail wins.
        """
        refused: list[BadRecord] = []
        for name, inner in call.nest.items():
            add = self._by_keys if "keys" in self._mentions(inner) else self._one_by_one
            records, bad = add(name, inner, records, names)
            refused += [replace(one, key=key(jsons.read(one.raw))) for one in bad]
        return records, refused

    def _one_by_one(
        self, name: str, call: CallSpec, records: Sequence[Record], names: Mapping[str, Any]
    ) -> tuple[list[Record], list[BadRecord]]:
        whole: list[Record] = []
        refused: list[BadRecord] = []
        for record in records:
            known = {**names, "item": record}
            try:
                found, bad = self._read(call, known) if is_due(call, known) else ([], [])
            except Missing:
                found, bad = [], []
            except (Rejected, RecordLocked) as error:
                found, bad = [], [BadRecord(b"", _as_record_error(error))]
            if bad:
                refused.append(replace(bad[0], raw=jsons.written(record)))
            else:
                whole.append(_with(record, name, found, call))
        return whole, refused

    def _by_keys(
        self, name: str, call: CallSpec, records: Sequence[Record], names: Mapping[str, Any]
    ) -> tuple[list[Record], list[BadRecord]]:
        if len(call.on) != 1:
            raise ConfigError("calls.nest_without_on", operation=call.name, name=name)
        ((theirs, ours),) = call.on.items()
        own, other = compile_path(ours), compile_path(theirs)
        due = [record for record in records if is_due(call, {**names, "item": record})]
        keys = {str(key): key for key in map(own, due) if not is_empty(key)}  # in the source's own types
        found: dict[str, list[Record]] = {key: [] for key in keys}
        refusals: dict[str, BadRecord] = {}
        for some in batches(list(keys.values()), call.size or self._size):
            details, bad = self._read(call, {**names, "keys": some})
            for detail in details:
                found.get(str(other(detail)), []).append(detail)
            refusals.update({str(other(jsons.read(one.raw))): one for one in bad})
        whole = [
            _with(record, name, found.get(str(own(record)), []), call)
            for record in records
            if str(own(record)) not in refusals
        ]
        refused = [
            replace(refusals[str(own(record))], raw=jsons.written(record))
            for record in records
            if str(own(record)) in refusals
        ]
        return whole, refused


def is_due(call: CallSpec, names: Mapping[str, Any]) -> bool:
    """Tell whether a call with `if` is to be made."""
    if call.if_ is None:
        return True
    try:
        return not is_empty(compile_value(f"={call.if_}").render(names))
    except NameMissing:
        return False


def _as_record_error(error: SourceError) -> RecordError:
    """Return what the source said of one record's details as the reason why the record is set apart."""
    values = {name: value for name, value in error.values.items() if name != "field"}
    return RecordError(error.key, field="", **values)


def _with(record: Record, name: str, found: list[Record], call: CallSpec) -> Record:
    if not call.merge:
        record[name] = found
        return record
    return {**record, **found[0]} if found else record
