"""MT940 and MT942: the fields of a file in their order -> statements with their entries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from connectors.statements.charset import last_line, text_of
from connectors.statements.model import Parsed, Remark, Statement
from connectors.statements.mt940.balance import Balance, balance_of, currency_of, sum_of
from connectors.statements.mt940.entry import Pending, entry_of
from connectors.statements.mt940.fields import END, Field, fields_of
from connectors.statements.values import minor_digits


def read_mt940(content: bytes) -> Parsed:
    """Read MT940, or MT942: the one without balances, with declared sums instead.

    Pages that intermediate balances (60M, 62M) tie together are one statement. A statement that is opened
    but not closed, neither by a balance nor by `-`, is taken for torn: its last entry may be cut, so it only
    counts if the bank numbers it and a line of field 86 is whole: then the file, fetched again, brings the
    same entry. Where no statement of a file is closed (some programs write none of the balances) only a
    warning says that it cannot be told whether the file is whole.
    """
    text = text_of(content)
    reading = _Reading()
    for one in fields_of(text):
        reading.take(one)
    reading.end(text)
    return reading.parsed


@dataclass(slots=True, eq=False)
class _State:
    """The statement that is being read, and how far it has come."""

    statement: Statement
    line: int
    tags: set[str] = field(default_factory=set)
    page: str = ""
    expected: int = 0

    @property
    def opened(self) -> bool:
        return bool(self.tags & {"60", "60F", "60M", "34F"})

    @property
    def closed(self) -> bool:
        return self.balanced or any(tag[:2] in {"64", "65"} for tag in self.tags)

    @property
    def balanced(self) -> bool:
        """Whether it has a field that can only stand at its end; forward balances may stand for it."""
        return bool(self.tags & {"62", "62F", "62M", "90", "90C", "90D", END})


class _Reading:
    """Takes fields and makes statements of them."""

    def __init__(self) -> None:
        self.parsed = Parsed("mt940")
        self._states: list[_State] = []
        self._pending: Pending | None = None
        self._last: Field | None = None

    def take(self, one: Field) -> None:
        """Take the next field."""
        if one.tag == "86":
            if self._pending is not None:
                self._pending.rows.extend(one.rows)
            self._last = one
            return
        if one.tag == "NS":  # the banks' programs' own field, within an entry
            if self._pending is not None:
                self._pending.own.extend(one.rows)
            return
        self._flush()
        self._last = one
        if one.tag == END:
            if self._states:
                self._states[-1].tags.add(END)
            return
        state = self._state(one)
        state.tags.add(one.tag)
        match one.tag:
            case "25" | "25P":
                state.statement.account = state.statement.account or one.text.lstrip("/") or None
            case "61":
                self._pending = Pending(one)
            case "60" | "60F" | "60M" | "62" | "62F" | "62M":
                self._balance(state, one)
            case "34F":
                state.statement.currency = state.statement.currency or currency_of(one.text)
            case "90C" | "90D":
                self._declared(state, one)

    def _state(self, one: Field) -> _State:
        """Return the statement that a field belongs to, a new one where it begins one."""
        state = self._states[-1] if self._states else None
        if state is None:
            return self._begin(one, None)
        fresh = (
            one.tag == "20"
            or (one.tag in {"25", "25P"} and bool(state.tags & {"25", "25P", "61", "62F", "62M"}))
            or (
                one.tag in {"60", "60F", "60M"}
                and (bool(state.tags & {"60", "60F", "60M"}) or "61" in state.tags)
            )
        )
        if not fresh:
            return state
        return self._begin(one, state.statement.account if one.tag.startswith("60") else None)

    def _begin(self, one: Field, account: str | None) -> _State:
        self._states.append(_State(Statement(account), one.line))
        return self._states[-1]

    def _page(self, state: _State) -> _State:
        """Go on with the page before, if this statement (just begun) is the next page of it."""
        account = state.statement.account
        before = next(
            (one for one in reversed(self._states[:-1]) if account in {None, one.statement.account}), None
        )
        if before is None or before.page != "62M":
            return state
        self._states = [one for one in self._states if one not in (state, before)] + [before]
        before.tags -= {"62M", END}
        before.page = ""
        return before

    def _balance(self, state: _State, one: Field) -> None:
        opening = one.tag.startswith("60")
        if one.tag == "60M":
            state = self._page(state)
            state.tags.add(one.tag)
        if not opening:
            state.page = one.tag
        found = balance_of(one.text)
        if found is None:
            if one.text and one.text.lower() != "null":
                self._warn("statements.balance_unreadable", one.line, balance=one.text)
            return
        self._lay(state.statement, found, opening)

    def _lay(self, statement: Statement, found: Balance, opening: bool) -> None:
        statement.currency = statement.currency or found.currency
        if not opening:
            statement.closing, statement.last_day = found.amount, found.day
        elif statement.opening is None:
            statement.opening, statement.first_day = found.amount, found.day

    def _declared(self, state: _State, one: Field) -> None:
        found = sum_of(one.text)
        if found is None:
            self._warn("statements.balance_unreadable", one.line, balance=one.text)
        elif one.tag == "90C":
            state.statement.declared.credits, state.statement.declared.credit_sum = found
        else:
            state.statement.declared.debits, state.statement.declared.debit_sum = found

    def _flush(self) -> None:
        """Make an entry of the field 61 that is waiting for its details."""
        if self._pending is None:
            return
        pending, self._pending = self._pending, None
        state = self._states[-1]
        entry, expected = entry_of(pending)
        if expected:
            state.expected += 1
        else:
            state.statement.entries.append(entry)

    def end(self, text: str) -> None:
        """End the file: say what is torn, drop what was not begun in earnest, name the format."""
        last = last_line(text)
        self._end_last(last, text.endswith(("\n", "\r")))
        self._flush()
        tags = {tag for state in self._states for tag in state.tags}
        if tags & {"34F", "13", "13D", "90", "90C", "90D"} and not tags & {"60F", "60M", "62F", "62M"}:
            self.parsed.form = "mt942"
        for state in self._states:
            if not state.tags <= {"20", "21", END}:
                self._finish(state)

    def _finish(self, state: _State) -> None:
        for entry in state.statement.entries:
            entry.currency = entry.currency or state.statement.currency
        closing = any(one.closed for one in self._states)
        if state.opened and not state.closed and closing and state is not self._states[-1]:
            self._warn("statements.cut_short", state.line, account=state.statement.account or "?")
        if state.page == "62M" or (state.tags & {"60M"} and not state.tags & {"60", "60F"}):
            self._warn("statements.page_missing", state.line, account=state.statement.account or "?")
        if state.expected:
            self._warn("statements.not_booked", state.line, count=state.expected)
        self.parsed.statements.append(state.statement)

    def _end_last(self, last: int, line_ends: bool) -> None:
        """Tell whether the last statement is whole; if not, its last entry is not counted."""
        state = self._states[-1] if self._states else None
        if state is None:
            return
        if state.closed:
            if not line_ends and self._last is not None and _is_cut(self._last):
                state.statement.closing = None
                self._torn(last)
            elif not line_ends and self._pending is not None:  # an entry behind the end, cut in its midst
                self._pending = None
                self._torn(last)
            elif not state.balanced:
                self._warn("statements.not_closed", last)
            return
        others = self._states[:-1]
        unclosed = bool(others) and not any(one.closed for one in others)
        begun = not state.tags & {"60", "60F", "60M", "61", "34F"}
        cut = not line_ends and (self._last is None or self._last.tag != "86")
        if begun or cut or (state.opened and not unclosed):
            if self._pending is not None and line_ends and self._pending.is_whole:
                self._warn("statements.last_kept", self._pending.one.line)
            else:
                self._pending = None
            self._torn(last)
        else:
            self._warn("statements.not_closed", last)

    def _torn(self, line: int) -> None:
        self.parsed.errors.append(Remark("statements.torn", line))

    def _warn(self, key: str, line: int, **values: object) -> None:
        self.parsed.warnings.append(Remark(key, line, values))


def _is_cut(last: Field) -> bool:
    """Tell whether the last field, a balance without an end of line, has too few decimals to be whole."""
    if not last.tag.startswith("62"):
        return False
    found = re.search(r"([A-Z]{3})[0-9.]*(?:,([0-9]*))?$", last.text)
    decimals = (found[2] or "") if found else ""
    return found is None or len(decimals) < minor_digits(found[1]) or "," not in last.text
