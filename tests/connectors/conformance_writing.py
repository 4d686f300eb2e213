"""The writing half of the contract, as one suite that every connector which writes passes.

A connector joins by a `WriteCase` (how to look into its target, break it, and edit in it behind the hub's
back) and three lines::

    class TestSql(Writing):
        @pytest.fixture
        def case(self, tmp_path: Path) -> Iterator[WriteCase]:
            yield SqlCase(tmp_path)

What a kind of target cannot do it leaves out of `can` or `faults`; the test in question then returns at once.
"""

from __future__ import annotations

import abc
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Literal

import pytest

from connectors.contract import BusinessKey, Move, OutgoingChange, Receipt, Step, Writer
from hub.errors import (
    AuthExpired,
    ConfigError,
    Exists,
    Missing,
    OutcomeUnknown,
    RateLimited,
    RecordLocked,
    Rejected,
    SourceError,
    Stale,
    Unavailable,
)
from hub.locale import LOCALES
from hub.mapping.expressions import NameMissing
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.model import Record

NOTE = '加急 O\'Brien; "5 mm", <a&b> 😀'
LINES = {"A-1": Decimal("1200.5"), "B-2": Decimal("3")}


@dataclass(frozen=True, slots=True)
class Kept:
    """An order as the target itself holds it; `lines` are quantities by SKU."""

    number: str
    status: str
    note: str
    lines: Mapping[str, Decimal] = field(default_factory=dict)


class Fault(StrEnum):
    """Ways in which a call that writes fails. Look-ups go on working, but under NOBODY."""

    NOBODY = "nobody"  # nobody there: the write never leaves
    LOST_BEFORE = "lost_before"  # the line breaks; it was not done
    LOST_AFTER = "lost_after"  # it was done; the answer never comes
    SERVER_ERROR = "server_error"  # 5xx, an internal error; it was not done
    GARBAGE = "garbage"  # an answer in no known form; it was not done
    EMPTY = "empty"  # nothing where data was due; it was not done
    TORN = "torn"  # it was done; the answer ends before its end
    DENIED = "denied"  # the login is refused, and a new one as well
    REJECTED = "rejected"  # the target says no, in the words of `WriteCase.refusal`
    LOCKED = "locked"  # somebody is editing the record
    BUSY = "busy"  # slow down, for `WriteCase.patience` seconds
    OVERTAKEN = "overtaken"  # somebody else creates the order just before the write arrives


DONE = frozenset({Fault.LOST_AFTER, Fault.TORN})
"""Faults under which the write was carried out all the same."""


class WriteCase(abc.ABC):
    """How the suite handles one kind of target.

    The mapping's writes and what they may mention:

    - `orders` has `find` (by `order_no`), `create` (`order_no`, `status`, `note`, `lines`) and `update` by
      the fields `status` (`status`), `note` (`note`, with `if: note != was.note`) and `ordered` (one call
      for each of `lines`: `item.sku`, `item.quantity`). Updates mention what `known` gives.
    - `native` (with "native" in `can`) has a `create` that the target keeps one of by `key`: `idempotent`.
    - `steps` (with "steps") has `find` and two calls as `create`: the order without note and lines, then its
      note (`note`), by the number that the first call gave.

    `can` holds besides "ids" (a create gives the target's number), "versions" (updates of `status` and of
    `ordered` are guarded, the latter from line to line), "guards" (a record that is gone is told), "doubles"
    (the target may hold a number twice), "login" (there is a login that expires), "updates" and "lines" (the
    target knows updates of `status` and `note`, and of `ordered`).
    """

    system: ClassVar[str] = "target"
    secret: ClassVar[str] = "s3cret-Zq81"
    refusal: ClassVar[tuple[str, str]] = ("E17", "Kunde gesperrt: 加急 <x>")
    patience: ClassVar[float | None] = None
    can: frozenset[str] = frozenset()
    faults: ClassVar[Mapping[Fault, type[SourceError]]] = {}
    logins = 0

    @property
    @abc.abstractmethod
    def mapping(self) -> SystemMapping:
        """The mapping, the same each time."""

    @abc.abstractmethod
    def open(self) -> Writer:
        """Return a new connector on the target (retries without sleeping); the case closes it at the end."""

    @abc.abstractmethod
    def rows(self) -> list[Kept]:
        """Return all orders that the target holds, looked at without the connector."""

    @abc.abstractmethod
    def put(self, *orders: Kept) -> None:
        """Bring orders into the target behind the hub's back."""

    @abc.abstractmethod
    def edit(self, number: str, note: str) -> None:
        """Change an order behind the hub's back; its version moves."""

    @abc.abstractmethod
    def remove(self, number: str) -> None:
        """Take an order out of the target behind the hub's back."""

    @abc.abstractmethod
    def known(self, record: Record) -> dict[str, Any]:
        """Return the names that a read of this record gives a write: `part`, `version`."""

    @abc.abstractmethod
    def fail(self, fault: Fault) -> None:
        """Break the target from the next call on."""

    @abc.abstractmethod
    def mend(self) -> None:
        """Undo `fail`."""

    def expire(self) -> None:
        """End all logins (only with "login"); `logins` counts them."""
        raise AssertionError(type(self).__name__)


EXPECTED: Mapping[Fault, type[SourceError]] = {
    Fault.NOBODY: Unavailable,
    Fault.LOST_BEFORE: OutcomeUnknown,
    Fault.LOST_AFTER: OutcomeUnknown,
    Fault.SERVER_ERROR: OutcomeUnknown,
    Fault.GARBAGE: OutcomeUnknown,
    Fault.EMPTY: OutcomeUnknown,
    Fault.TORN: OutcomeUnknown,
    Fault.DENIED: AuthExpired,
    Fault.REJECTED: Rejected,
    Fault.LOCKED: RecordLocked,
    Fault.BUSY: RateLimited,
    Fault.OVERTAKEN: Exists,
}
"""What each fault must give over a network; a case takes of it, or says otherwise, in its `faults`."""


class Killed(BaseException):
    """The process ends here."""


def order(number: str = "SO-1", **more: Any) -> dict[str, Any]:
    """Return the names of an order in the target's words."""
    lines = [{"line_no": str(n), "sku": sku, "quantity": q} for n, (sku, q) in enumerate(LINES.items(), 1)]
    return {"order_no": number, "status": "NEW", "note": NOTE, "lines": lines, **more}


def kept(number: str = "SO-1", **more: Any) -> Kept:
    """Return the same order as the target holds it."""
    said: dict[str, Any] = {"status": "NEW", "note": NOTE, "lines": dict(LINES), **more}
    return Kept(number, **said)


def change(
    case: WriteCase,
    name: str,
    names: Mapping[str, Any],
    write: str = "orders",
    done: Sequence[Step] = (),
) -> OutgoingChange:
    """Return a change: `name` is "create", or the field of an update."""
    spec = case.mapping.writes[write]
    kind: Literal["create", "update"] = "create" if name == "create" else "update"
    calls: Sequence[CallSpec] = spec.create
    if kind == "update":
        assert spec.update is not None
        calls = spec.update.fields[name]
    move = Move(name if kind == "create" else f"update.{name}", calls)
    number = str(names["order_no"])
    return OutgoingChange(write, kind, number, f"{write}-{number}-{name}", names, [move], done)


class Steps(list[Step]):
    """Keeps the steps that were committed, as a store would; dies after `until` of them."""

    def __init__(self, until: int | None = None) -> None:
        super().__init__()
        self._until = until

    def __call__(self, step: Step) -> None:
        self.append(Step(step.name, json.loads(json.dumps(step.took))))
        if self._until is not None and len(self) >= self._until:
            raise Killed


def push(case: WriteCase, what: OutgoingChange, steps: Steps | None = None) -> Receipt:
    """Push a change with a new connector."""
    return case.open().push(what, Steps() if steps is None else steps)


def find(case: WriteCase, number: str = "SO-1", write: str = "orders") -> list[Record]:
    """Look an order up with a new connector."""
    return list(case.open().lookup(write, BusinessKey(number, {"order_no": number})))


def seen(case: WriteCase, number: str = "SO-1", **more: Any) -> dict[str, Any]:
    """Return the names of an order that was read just now."""
    (record,) = find(case, number)
    return {**order(number), **case.known(record), **more}


class Writing:
    """The suite. Subclasses give the fixture `case`."""

    def test_it_writes(self, case: WriteCase) -> None:
        connector = case.open()
        assert connector.capabilities.writes
        assert isinstance(connector, Writer)

    def test_create_once_and_find_it(self, case: WriteCase) -> None:
        case.put(kept("SO-0", note="other"))
        receipt = push(case, change(case, "create", order()), steps := Steps())
        assert not receipt.adopted
        assert case.rows() == [kept("SO-0", note="other"), kept()]
        assert steps
        (record,) = find(case)
        if "ids" in case.can:
            assert list(receipt.ids) == ["own"]
            assert receipt.ids["own"] in {str(leaf) for leaf in record.values()}

    def test_same_create_twice_is_one(self, case: WriteCase) -> None:
        push(case, change(case, "create", order()))
        again = push(case, change(case, "create", order()), steps := Steps())
        assert again.adopted
        assert [*again.records] == find(case)
        assert not steps
        assert case.rows() == [kept()]

    def test_what_is_there_is_adopted(self, case: WriteCase) -> None:
        case.put(kept(note="by hand"))
        assert push(case, change(case, "create", order())).adopted
        assert case.rows() == [kept(note="by hand")]

    def test_native_idempotency(self, case: WriteCase) -> None:
        if "native" not in case.can:
            return
        for _ in range(2):
            assert not push(case, change(case, "create", order(), "native")).adopted
        assert case.rows() == [kept()]

    def test_native_answer_lost(self, case: WriteCase) -> None:
        if "native" not in case.can or Fault.LOST_AFTER not in case.faults:
            return
        case.fail(Fault.LOST_AFTER)
        with pytest.raises(OutcomeUnknown):
            push(case, change(case, "create", order(), "native"))
        case.mend()
        push(case, change(case, "create", order(), "native"))
        assert case.rows() == [kept()]

    @pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.TORN])
    def test_answer_lost_after_the_write(self, case: WriteCase, fault: Fault) -> None:
        if fault not in case.faults:
            return
        case.fail(fault)
        with pytest.raises(OutcomeUnknown) as caught:
            push(case, change(case, "create", order()), steps := Steps())
        self._is_well_named(case, caught.value)
        assert not steps
        case.mend()
        assert case.rows() == [kept()]
        assert len(find(case)) == 1
        assert push(case, change(case, "create", order())).adopted
        assert case.rows() == [kept()]

    def test_answer_lost_before_the_write(self, case: WriteCase) -> None:
        if Fault.LOST_BEFORE not in case.faults:
            return
        case.fail(Fault.LOST_BEFORE)
        with pytest.raises((OutcomeUnknown, Unavailable)):
            push(case, change(case, "create", order()))
        case.mend()
        assert case.rows() == []
        assert find(case) == []
        assert not push(case, change(case, "create", order())).adopted
        assert case.rows() == [kept()]

    @pytest.mark.parametrize("fault", sorted(set(Fault) - DONE - {Fault.OVERTAKEN}))
    @pytest.mark.parametrize("name", ["create", "status"])
    def test_fault_is_named_and_changes_nothing(self, case: WriteCase, fault: Fault, name: str) -> None:
        if fault not in case.faults or (name == "status" and "updates" not in case.can):
            return
        names = order()
        if name == "status":
            case.put(kept())
            names = seen(case, status="SHIP")
        before = case.rows()
        case.fail(fault)
        with pytest.raises(case.faults[fault]) as caught:
            push(case, change(case, name, names), steps := Steps())
        assert type(caught.value) is case.faults[fault]
        self._is_well_named(case, caught.value)
        assert not steps
        case.mend()
        assert case.rows() == before
        push(case, change(case, name, names))
        assert case.rows() == [kept(status=names["status"])]

    def test_nothing_is_tried_again(self, case: WriteCase) -> None:
        """The line breaks once; had the write been sent again, it would be there."""
        if Fault.LOST_BEFORE not in case.faults:
            return
        connector = case.open()
        case.fail(Fault.LOST_BEFORE)
        with pytest.raises((OutcomeUnknown, Unavailable)):
            connector.push(change(case, "create", order()), Steps())
        case.mend()
        assert case.rows() == []
        connector.push(change(case, "create", order()), Steps())
        assert case.rows() == [kept()]

    def test_rejected_in_its_own_words(self, case: WriteCase) -> None:
        if Fault.REJECTED not in case.faults:
            return
        case.fail(Fault.REJECTED)
        with pytest.raises(Rejected) as caught:
            push(case, change(case, "create", order()))
        assert (caught.value.code, caught.value.reason) == case.refusal

    def test_busy_says_how_long(self, case: WriteCase) -> None:
        if Fault.BUSY not in case.faults:
            return
        case.fail(Fault.BUSY)
        with pytest.raises(RateLimited) as caught:
            push(case, change(case, "create", order()))
        assert caught.value.retry_after == case.patience

    def test_expired_login_is_renewed_once(self, case: WriteCase) -> None:
        if "login" not in case.can:
            return
        connector = case.open()
        connector.push(change(case, "create", order()), Steps())
        before = case.logins
        case.expire()
        connector.push(change(case, "create", order("SO-2")), Steps())
        if "native" in case.can:  # nothing is looked for first: the write itself meets the expired login
            case.expire()
            connector.push(change(case, "create", order("SO-3"), "native"), Steps())
        assert case.logins - before == (2 if "native" in case.can else 1)
        numbers = [row.number for row in case.rows()]
        assert numbers == ["SO-1", "SO-2", *(["SO-3"] if "native" in case.can else [])]

    def test_update(self, case: WriteCase) -> None:
        if "updates" not in case.can:
            return
        case.put(kept(), kept("SO-2"))
        receipt = push(case, change(case, "status", seen(case, status="SHIP")))
        assert not receipt.adopted
        assert case.rows() == [kept(status="SHIP"), kept("SO-2")]

    def test_stale_overwrites_nothing(self, case: WriteCase) -> None:
        if "versions" not in case.can:
            return
        case.put(kept())
        names = seen(case, status="SHIP")
        case.edit("SO-1", "by somebody else")
        with pytest.raises(Stale) as caught:
            push(case, change(case, "status", names))
        self._is_well_named(case, caught.value)
        assert case.rows() == [kept(note="by somebody else")]
        push(case, change(case, "status", seen(case, status="SHIP")))
        assert case.rows() == [kept(note="by somebody else", status="SHIP")]

    def test_created_by_somebody_else_meanwhile(self, case: WriteCase) -> None:
        if Fault.OVERTAKEN not in case.faults:
            return
        case.fail(Fault.OVERTAKEN)
        with pytest.raises(Exists) as caught:
            push(case, change(case, "create", order()))
        self._is_well_named(case, caught.value)
        case.mend()
        assert len(case.rows()) == 1
        assert push(case, change(case, "create", order())).adopted
        assert len(case.rows()) == 1

    def test_missing_on_update(self, case: WriteCase) -> None:
        if "guards" not in case.can:
            return
        case.put(kept(), kept("SO-2"))
        names = seen(case, status="SHIP")
        case.remove("SO-1")
        with pytest.raises(Missing) as caught:
            push(case, change(case, "status", names))
        self._is_well_named(case, caught.value)
        assert case.rows() == [kept("SO-2")]

    def test_several_found_writes_nothing(self, case: WriteCase) -> None:
        if "doubles" not in case.can:
            return
        case.put(kept(), kept(note="twice"))
        assert len(find(case)) == 2
        with pytest.raises(Rejected) as caught:
            push(case, change(case, "create", order()))
        assert caught.value.key == "writing.several_found"
        assert len(case.rows()) == 2

    def test_unknown_write(self, case: WriteCase) -> None:
        connector = case.open()
        with pytest.raises(ConfigError, match="no-such"):
            connector.lookup("no-such", BusinessKey("SO-1", {"order_no": "SO-1"}))
        alien = OutgoingChange("no-such", "create", "SO-1", "k", order(), [])
        with pytest.raises(ConfigError, match="no-such"):
            connector.push(alien, Steps())

    def test_unknown_key_is_none(self, case: WriteCase) -> None:
        case.put(kept())
        assert find(case, "SO-9") == []

    def test_look_up_writes_nothing_and_can_be_repeated(self, case: WriteCase) -> None:
        case.put(kept())
        connector = case.open()
        key = BusinessKey("SO-1", {"order_no": "SO-1"})
        assert connector.lookup("orders", key) == connector.lookup("orders", key) == find(case)
        assert case.rows() == [kept()]

    def test_missing_name_before_anything_is_sent(self, case: WriteCase) -> None:
        for name in ("status", "lines"):
            for lacking in ({**order(), name: None}, {k: v for k, v in order().items() if k != name}):
                with pytest.raises(NameMissing) as caught:
                    push(case, change(case, "create", lacking))
                assert caught.value.name == name
        assert case.rows() == []
        with pytest.raises(NameMissing):
            case.open().lookup("orders", BusinessKey("SO-1", {}))

    def test_missing_name_of_a_later_step(self, case: WriteCase) -> None:
        if "steps" not in case.can:
            return
        with pytest.raises(NameMissing) as caught:
            push(case, change(case, "create", {**order(), "note": None}, "steps"))
        assert caught.value.name == "note"
        assert case.rows() == []

    def test_steps(self, case: WriteCase) -> None:
        if "steps" not in case.can:
            return
        push(case, change(case, "create", order(), "steps"))
        assert case.rows() == [kept(lines={})]

    def test_interrupted_steps_are_resumed(self, case: WriteCase) -> None:
        """What was committed is not done again: the target would take the first call twice."""
        if "steps" not in case.can:
            return
        steps = Steps(until=1)
        with pytest.raises(Killed):
            push(case, change(case, "create", order(), "steps"), steps)
        assert len(case.rows()) == 1
        later = Steps()
        receipt = push(case, change(case, "create", order(), "steps", steps), later)
        assert not receipt.adopted
        assert case.rows() == [kept(lines={})]
        if "ids" in case.can:
            assert list(receipt.ids) == ["own"]
        assert not {step.name for step in later} & {step.name for step in steps}
        last = push(case, change(case, "create", order(), "steps", [*steps, *later]), again := Steps())
        assert last.ids == receipt.ids
        assert not again
        assert case.rows() == [kept(lines={})]

    def test_failing_step_keeps_those_before(self, case: WriteCase) -> None:
        if "steps" not in case.can or Fault.REJECTED not in case.faults:
            return
        steps = Steps()

        def broken_after(step: Step) -> None:
            steps(step)
            case.fail(Fault.REJECTED)

        try:
            case.open().push(change(case, "create", order(), "steps"), broken_after)
        except Rejected:
            case.mend()
            push(case, change(case, "create", order(), "steps", steps))
        assert case.rows() == [kept(lines={})]

    def test_line_by_line(self, case: WriteCase) -> None:
        if "lines" not in case.can:
            return
        case.put(kept())
        lines = [{"line_no": "1", "sku": "A-1", "quantity": Decimal("0.3")},
                 {"line_no": "2", "sku": "B-2", "quantity": Decimal(7)}]  # fmt: skip
        push(case, change(case, "ordered", seen(case, lines=lines)))
        assert case.rows() == [kept(lines={"A-1": Decimal("0.3"), "B-2": Decimal(7)})]

    def test_no_lines_no_calls(self, case: WriteCase) -> None:
        if "lines" not in case.can:
            return
        case.put(kept())
        push(case, change(case, "ordered", seen(case, lines=[])), steps := Steps())
        assert case.rows() == [kept()]
        assert not [step for step in steps if step.took]

    def test_stale_line_overwrites_nothing(self, case: WriteCase) -> None:
        if not {"lines", "versions"} <= case.can:
            return
        case.put(kept())
        names = seen(case, lines=[{"line_no": "1", "sku": "A-1", "quantity": Decimal(5)}])
        case.edit("SO-1", "by somebody else")
        with pytest.raises(Stale):
            push(case, change(case, "ordered", names))
        assert case.rows() == [kept(note="by somebody else")]

    def test_what_is_not_due_is_not_sent(self, case: WriteCase) -> None:
        if "updates" not in case.can:
            return
        case.put(kept())
        push(case, change(case, "note", seen(case, note="new", was={"note": "new"})))
        assert case.rows() == [kept()]
        push(case, change(case, "note", seen(case, note="new", was={"note": NOTE})))
        assert case.rows() == [kept(note="new")]

    def test_one_connector_writes_and_is_closed_twice(self, case: WriteCase) -> None:
        connector = case.open()
        for number in ("SO-1", "SO-2"):
            connector.push(change(case, "create", order(number)), Steps())
        connector.close()
        connector.push(change(case, "create", order("SO-3")), Steps())
        connector.close()
        connector.close()
        assert case.rows() == [kept("SO-1"), kept("SO-2"), kept("SO-3")]

    @staticmethod
    def _is_well_named(case: WriteCase, error: SourceError) -> None:
        assert error.system == case.system
        assert error.operation
        assert error.record == "SO-1"
        said: Iterable[str] = (error.say(locale) for locale in LOCALES)
        for text in said:
            assert case.secret not in text
            assert error.key not in text, "the message is missing in the catalogue"
            assert not re.search(r"\{\w*\}", text), "a value is missing"
        assert case.secret not in repr(error)
        assert case.secret not in repr(error.values)
