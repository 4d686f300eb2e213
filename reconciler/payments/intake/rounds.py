"""One round over the watched folders: what is new is taken in, and every file gets its answer.

Nothing is answered before the store was asked, and noted as answered only after the answer lies beside its
file: whatever moment a round is killed at, the next one answers what has none, and doubles nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.files import drops
from connectors.files.drops import Drop, Found, Looked
from connectors.statements.model import Parsed
from hub.errors import FenceLost, HubError, LeaseBusy
from hub.redact import redact
from hub.store import cursors
from hub.store.leases import Lease, lease
from hub.store.turns import LEASE, holder, stay, wall
from reconciler.payments.booking import Cashbook
from reconciler.payments.intake import answers, kept, memory, sheets
from reconciler.payments.intake.answers import Answer, Words
from sync.run import Hub, SyncResult, sync_system
from sync.watch.events import Fault

_SOME = 50
"""So many files are held at once."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A file and the answer that now lies beside it; without `answer` it could not be put there (`fault`)."""

    system: str
    stream: str
    file: str
    kind: str
    answer: str
    counts: Mapping[str, int]
    fault: str = ""


@dataclass(slots=True)
class Round:
    """What a round came to: the answers, files still growing, and what stood in its way."""

    answered: list[Answered] = field(default_factory=list)
    growing: int = 0
    busy: list[str] = field(default_factory=list)
    errors: list[HubError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a round works with: the hub, and the language in which people are answered."""

    hub: Hub
    locale: str

    @property
    def words(self) -> Words:
        """The words of the answers."""
        return Words(self.locale, self.zone)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which people read times."""
        return ZoneInfo(self.hub.rules.zone)

    @property
    def book(self) -> Cashbook:
        """The money side of the store."""
        return Cashbook(self.hub.store, self.zone, self.hub.rules.payments)


Tell = Callable[[Answered], None]
"""Told of each answer as soon as it lies there."""


def folders(hub: Hub) -> list[Drop]:
    """Return the folders that are watched: of every stream of bank statements that lies on this machine."""
    return [drop for mapping in hub.mappings.values() for drop in drops.drops_of(mapping, hub.env)]


def look(desk: Desk, watched: Sequence[Drop], tell: Tell | None = None) -> Round:
    """Look once at every folder. One that cannot be read stops no other; one that is busy waits."""
    done = Round()
    for drop in watched:
        system = drop.mapping.system
        try:
            with lease(desk.hub.store, f"intake:{system}", holder(), wall(), LEASE) as held:
                _Look(desk, drop, held, done, tell).run()
        except LeaseBusy:
            done.busy.append(system)
        except HubError as error:
            done.errors.append(error)
    return done


@dataclass(slots=True)
class _File:
    """A file that is to be answered: what it says, None for a workbook of decisions."""

    found: Found
    digest: str
    parsed: Parsed | None


@dataclass(slots=True)
class _Look:
    """One look at one folder."""

    desk: Desk
    drop: Drop
    held: Lease
    done: Round
    tell: Tell | None
    _before: dict[str, set[str]] = field(default_factory=dict)
    _counted: set[str] = field(default_factory=set)

    def run(self) -> None:
        now = self.desk.hub.clock()
        looked = self.drop.look(now)
        self.done.growing += looked.growing
        state = self._state()
        due = [one for one in looked.files if not memory.answered(state, one, looked, now)]
        if not due:
            self._forget(state, looked)
            return
        for some in (due[at : at + _SOME] for at in range(0, len(due), _SOME)):
            if not self._some(looked, some):
                self.done.busy.append(self.drop.mapping.system)
                return
        names = {one.name for one in due}
        waiting = [one for one in looked.files if one.name not in names and memory.waits(state, one)]
        self._some(looked, waiting, again=True)
        self._forget(state, looked)

    def _some(self, looked: Looked, due: Sequence[Found], *, again: bool = False) -> bool:
        """Answer some files, `again` those whose answer may be another by now; False if it is busy."""
        state = self._state()
        look = self._sorted if again else partial(self._fresh, state)
        files = [file for one in due if (file := look(looked, one)) is not None]
        reasons = self._pull(state, files)
        if reasons is None:
            return False
        state, lines = self._state(), kept.Lines()
        for file in files:
            self._one(file, looked, state, lines, reasons)
        return True

    def _state(self) -> dict[str, Any]:
        with self.desk.hub.store.read() as conn:
            return cursors.load_state(conn, self.drop.mapping.system, self.drop.stream)

    def _fresh(self, state: Mapping[str, Any], looked: Looked, found: Found) -> _File | None:
        """Return a file that is to be answered; one that was only touched is noted as it looks now."""
        file = self._sorted(looked, found)
        if file is not None and (touched := memory.same(state, found, file.digest, looked)):
            self._save(touched)
            return None
        return file

    def _sorted(self, looked: Looked, found: Found) -> _File | None:
        """Return a file with what it is; None if it changes just now, or cannot be opened."""
        try:
            content = looked.content(found)
        except OSError as error:
            self._said(found, answers.PROBLEM, "", {}, error.strerror or str(error))
            return None
        if content is None:
            return None
        parsed = None if drops.is_sheet(content) else self.drop.read(content)
        return _File(found, drops.digest(content), parsed)

    def _pull(self, state: Mapping[str, Any], files: Sequence[_File]) -> list[str] | None:
        """Let the stream read what it has not yet; return what stood in its way, None if it is busy."""
        new = [
            one
            for one in files
            if one.parsed is not None
            and not one.parsed.errors
            and drops.read_slot(state, one.found, one.digest) is None
        ]
        if not new:
            return []
        result = sync_system(self.desk.hub, self.drop.mapping.system, streams=[self.drop.stream])
        return None if result.skipped is not None else _reasons(result, self.desk.locale)

    def _one(
        self,
        file: _File,
        looked: Looked,
        state: Mapping[str, Any],
        lines: kept.Lines,
        reasons: Sequence[str],
    ) -> None:
        """Answer one file and note that it was answered."""
        try:
            answer = self._answer(file, looked, state, lines, reasons)
        except LeaseBusy as busy:
            self.done.busy.append(str(busy.values.get("name", "")))
            return
        except (FenceLost, sa.exc.SQLAlchemyError):
            raise  # not for this file's sake
        except Exception as error:  # the last net: what one file stumbles over must not stop all others
            fault = error if isinstance(error, HubError) else Fault.of(error)
            said = [fault.say(self.desk.locale)]
            answer = answers.of_waiting(file.parsed or Parsed(""), said, self.desk.words)
        if answer is not None:
            self._put(file, answer, looked, state)

    def _answer(
        self,
        file: _File,
        looked: Looked,
        state: Mapping[str, Any],
        lines: kept.Lines,
        reasons: Sequence[str],
    ) -> Answer | None:
        words = self.desk.words
        content = looked.content(file.found)
        if content is None:
            return None
        if file.parsed is None:
            now = self.desk.hub.clock()
            decided = sheets.carry_out(self.desk.book, file.found.name, content, self.desk.locale, now)
            return answers.of_sheet(decided, words)
        if file.parsed.errors:
            return answers.of_unreadable(file.parsed, content, words)
        slot = drops.read_slot(state, file.found, file.digest)
        if slot is None:
            return answers.of_waiting(file.parsed, reasons, words)
        at = slot.get("at")
        since = datetime.fromisoformat(at) if isinstance(at, str) else None
        inlet = self.desk.hub.inlet(self.drop.mapping.system, self.drop.stream)
        earlier = self._earlier(looked, state, file.found, at)
        with self.desk.hub.store.read() as conn:
            found = kept.look_up(conn, inlet, file.parsed, since, earlier, lines, self.desk.locale)
        return answers.of_statements(file.parsed, found, drops.same_as(state, file.found, slot), words)

    def _earlier(self, looked: Looked, state: Mapping[str, Any], found: Found, at: object) -> set[str]:
        """Return the keys in files that the same read of the stream took before this one."""
        keys = self._before.setdefault(str(at), set())
        for one in looked.files:
            if one.name == found.name:
                break
            if one.name not in self._counted and drops.read_with(state, one, at):
                self._counted.add(one.name)
                content = looked.content(one)
                parsed = self.drop.read(content) if content and not drops.is_sheet(content) else Parsed("")
                inlet = self.desk.hub.inlet(self.drop.mapping.system, self.drop.stream)
                keys |= kept.keys_of(inlet, parsed)
        self._counted.add(found.name)
        return keys

    def _put(self, file: _File, answer: Answer, looked: Looked, state: Mapping[str, Any]) -> None:
        """Put an answer beside its file, unless it lies there already, and note it."""
        found = file.found
        words, now = self.desk.words, self.desk.hub.clock()
        said = _digest(answer, self.desk.locale)
        lies = memory.said(state, found) == said and bool(looked.answers(found))
        name = looked.answer_of(found, answer.kind, self.desk.locale)
        if not lies:
            try:
                looked.put(
                    found, answer.kind, answers.whole(answer, found.name, words, now), self.desk.locale
                )
            except OSError as error:
                self._said(found, answer.kind, "", answer.counts, error.strerror or str(error))
                return
        noted = memory.note(found, file.digest, name, said, now, final=answer.final, gaps=answer.gaps)
        self._save(noted)
        if not lies:
            self._said(found, answer.kind, name, answer.counts)

    def _said(self, found: Found, kind: str, answer: str, counts: Mapping[str, int], fault: str = "") -> None:
        mapping = self.drop.mapping
        said = Answered(mapping.system, self.drop.stream, found.name, kind, answer, counts, redact(fault))
        self.done.answered.append(said)
        if self.tell is not None:
            self.tell(said)

    def _forget(self, state: Mapping[str, Any], looked: Looked) -> None:
        if not looked.growing and (gone := memory.outdated(state, looked.files)):
            self._save(gone)

    def _save(self, state: Mapping[str, Any]) -> None:
        with self.desk.hub.store.write() as conn:
            stay(self.held, conn)
            cursors.save_state(conn, self.drop.mapping.system, self.drop.stream, state)


def _reasons(result: SyncResult, locale: str) -> list[str]:
    return [error.say(locale) for error in result.errors]


def _digest(answer: Answer, locale: str) -> str:
    """Return the digest of what an answer says, whenever it says it."""
    said = "\n".join([locale, answer.kind, *answer.body, "", *answer.todo])
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
