"""What the hub's page shows, as plain data in the hub's language: systems, what waits, the latest reports.

Nothing of Airflow here. The page is for IT operators: is what we see fresh, who does not answer, what waits
for a person, and where the reports lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider.papers import Paper, papers
from airflow_provider.people import Person
from hub.config import Settings
from hub.errors import HubError
from hub.locale import text
from hub.mapping.survey import survey
from hub.redact import redact
from reconciler.changes import Changes
from reconciler.reports.pages import style, templates
from reconciler.reports.words import Words
from sync.out import standing as out
from sync.out.asks import Ask, asks
from sync.standing import Standing, SystemStands, standing
from sync.tasks import opened
from sync.vitals import of_store

if TYPE_CHECKING:
    import sqlalchemy as sa

    from sync.doctor import Remark
    from sync.run import Hub

COUNTS = ("pending", "sent", "waiting", "held", "unknown", "rejected")
ASKS = 20
"""So many approvals are shown; `orderhub approve list` shows all."""

_TEMPLATES = Path(__file__).parent / "templates"
_BAD = frozenset({"unknown", "rejected"})
_NO_ORDERS = ("closed",)

Board = dict[str, Any]


def board(env: Mapping[str, str], person: Person, clock: Any) -> Board:
    """Return everything that the page shows to a person; HubError if there is no hub that can be opened."""
    with opened(env, clock) as hub:
        return _Board(hub, person).whole()


def folder_of(env: Mapping[str, str]) -> Path:
    """Return where reports lie."""
    return Settings.load(env).home / "reports"


class _Board:
    def __init__(self, hub: Hub, person: Person) -> None:
        self.hub, self.person, self.now = hub, person, hub.clock()
        self.words = Words(hub.rules.locale, hub.rules.zone)
        self.say, self.changes = self.words.say, Changes(self.words)

    def whole(self) -> Board:
        with self.hub.store.read() as conn:
            stands = standing(conn, self.hub.mappings)
            ways = out.standing(conn, self.hub.mappings, self.now)
            asked = asks(conn, self.hub.rules, self.now)
            self.late = {one.system: self._told(one) for one in _late(conn, self.hub, self.now)}
        home = Settings.load(self.hub.env).home
        systems = [self._system(one) for one in stands.systems]
        return {
            "lang": self.words.locale,
            "head": self._head(systems, asked),
            "tiles": self._tiles(stands, ways, asked),
            "broken": [redact(error.say(self.words.locale)) for error in survey(home)[1]],
            "systems": systems,
            "out": [self._way(one) for one in ways],
            "asks": [self._ask(one) for one in asked[:ASKS]],
            "more_asks": self._more(asked),
            "money": self.person.may_see_money,
            "reports": self._reports(papers(home / "reports", self.words.locale)),
        }

    def _head(self, systems: Sequence[Board], asked: Sequence[Ask]) -> Board:
        failing, late = ([one["name"] for one in systems if one["tone"] == tone] for tone in ("bad", "wait"))
        if failing:
            told = self.say("page.failing", systems=self.words.joined(failing))
        elif late:
            told = self.say("page.late", systems=self.words.joined(late))
        else:
            told = self.say("page.all_well", count=len(systems)) if systems else self.say("page.no_system")
        waits = self.say("page.asks_wait", count=len(asked)) if asked else self.say("page.no_ask")
        return {
            "headline": told,
            "good": bool(systems) and not failing and not late,
            "sub": waits,
            "as_of": self.words.moment(self.now),
            "zone": self.words.zone_note(self.now),
            "person": self.person.name,
        }

    def _tiles(self, stands: Standing, ways: Sequence[out.OutStands], asked: Sequence[Ask]) -> list[Board]:
        live = sum(count for state, count in stands.findings.items() if state not in _NO_ORDERS)
        aside = sum(one.quarantined for one in stands.systems)
        counts = [one.counts for one in ways]
        stuck = sum(one.get(name, 0) for one in counts for name in _BAD)
        tiles = (
            ("page.tile_orders", stands.orders, ""),
            ("page.tile_findings", live, "bad" if live else "good"),
            ("page.tile_quarantine", aside, "bad" if aside else "good"),
            ("page.tile_pending", sum(one.get("pending", 0) for one in counts), ""),
            ("page.tile_asks", len(asked), "wait" if asked else "good"),
            ("page.tile_stuck", stuck, "bad" if stuck else "good"),
        )
        return [
            {"label": self.say(key), "value": self.words.number(value), "tone": tone}
            for key, value, tone in tiles
        ]

    def _system(self, one: SystemStands) -> Board:
        tone, condition = self._condition(one)
        return {
            "name": self.words.system(one.system),
            "as_of": self.words.moment(one.complete_at),
            "newest": self.words.moment(one.newest_at),
            "orders": self.words.number(one.orders),
            "quarantined": one.quarantined and self.words.number(one.quarantined),
            "waiting": one.waiting and self.words.number(one.waiting),
            "tone": tone,
            "condition": condition,
            "error": redact(one.error or ""),
            "failed_at": self.words.moment(one.failed_at) if one.error else "",
            "late": self.late.get(one.system, ""),
        }

    def _condition(self, one: SystemStands) -> tuple[str, str]:
        if one.error:
            return "bad", self.say("cli.failed")
        if one.complete_at is None:
            return "wait", self.say("cli.never_read")
        tone = "wait" if one.system in self.late else "good"
        return tone, self.say("cli.ago", span=self.words.span(_seconds(self.now, one.complete_at)))

    def _told(self, remark: Remark) -> str:
        """Return what is to be said of a system that was not read as it should be."""
        moment = self.words.moment
        values = {
            name: moment(value) if isinstance(value, datetime) else value
            for name, value in remark.values.items()
        }
        return self.say(remark.key, **{"system": remark.system, **values})

    def _way(self, one: out.OutStands) -> Board:
        oldest = self.words.span(_seconds(self.now, one.oldest)) if one.oldest else ""
        return {
            "name": self.words.system(one.system),
            "mode": self.say(f"outbox.mode_{one.mode}"),
            "counts": [
                {"said": self.words.number(one.counts.get(name, 0)), "tone": _tone(name, one.counts)}
                for name in COUNTS
            ],
            "oldest": oldest,
            "notes": list(self._notes(one)),
        }

    def _notes(self, one: out.OutStands) -> Iterator[str]:
        """Yield what stops the way out to a system, in sentences."""
        moment, mode = self.words.moment, self.say(f"outbox.mode_{one.mode}")
        if one.lacks_adoption and one.adopted_as is None:
            yield self.say("outbox.never_adopted", system=one.system, mode=mode)
        elif one.lacks_adoption:
            before = self.say(f"outbox.mode_{one.adopted_as}")
            yield self.say("outbox.adopted_otherwise", system=one.system, mode=mode, before=before)
        if one.paused is not None:
            key = "outbox.paused_since" if one.paused["system"] == one.system else "outbox.all_paused_since"
            told = {"who": one.paused["who"], "reason": one.paused["reason"]}
            yield redact(self.say(key, system=one.system, since=moment(one.paused["since"]), **told))
        if one.left_alone is not None:
            said = self.say("outbox.left_alone", system=one.system, until=moment(one.left_alone))
            yield redact(f"{said}: {one.error}")

    def _ask(self, ask: Ask) -> Board:
        """Return one approval: what it would do and why it is held only to those who may see money."""
        first, several, sees = ask.rows[0], len(ask.rows) > 1, self.person.may_see_money
        count = self.say("outbox.so_many", count=self.words.number(len(ask.rows)))
        what = [] if several or not sees else self.changes.what(first)
        return {
            "ref": ask.ref,
            "order": count if several else self.changes.order(first),
            "system": self.words.system(first["system"]),
            "what": [redact(one) for one in what],
            "reasons": self.changes.holds(ask.holds, brief=True) if sees else [],
            "roles": self.words.joined(ask.lacking),
            "since": self.words.moment(ask.since),
        }

    def _more(self, asked: Sequence[Ask]) -> str:
        left = len(asked) - ASKS
        return self.say("page.more_asks", count=left) if left > 0 else ""

    def _reports(self, found: Mapping[str, Paper]) -> list[Board]:
        """Return the reports by topic and company: the page to look at, and the files to take."""
        topics: dict[tuple[str, str], list[Paper]] = {("reconcile", ""): []}
        for one in found.values():
            topics.setdefault((one.topic, one.company), []).append(one)
        return [self._report(topic, company, files) for (topic, company), files in topics.items()]

    def _report(self, topic: str, company: str, files: Sequence[Paper]) -> Board:
        hidden = any(one.money for one in files) and not self.person.may_see_money
        pages = [one.name for one in files if one.file.suffix == ".html"]
        title = self.say(f"page.report_{topic}")
        return {
            "title": f"{title} {company}".strip(),
            "at": self.words.moment(max(one.written_at for one in files)) if files else "",
            "page": "" if hidden or not pages else pages[0],
            "files": [] if hidden else [one.name for one in files if one.name not in pages],
            "hidden": hidden,
        }


def _late(conn: sa.Connection, hub: Hub, now: datetime) -> list[Remark]:
    """Return whose reads are doubtful: never complete, or longer ago than hub.yaml lets them rest."""
    remarks = of_store(conn, hub.mappings, hub.rules, now)
    return [one for one in remarks if one.topic == "reads" and one.look != "ok"]


def _seconds(now: datetime, then: datetime) -> int:
    return int((now - then).total_seconds())


def _tone(name: str, counts: Mapping[str, int]) -> str:
    if not counts.get(name):
        return "soft"
    return "bad" if name in _BAD else "wait" if name == "held" else ""


def render(shown: Board, nonce: str) -> str:
    """Return the page; `nonce` is what the answer's Content-Security-Policy allows its one script by."""
    return _page("board.html.j2", str(shown["lang"]), nonce=nonce, **shown)


def render_problem(error: HubError, locale: str, nonce: str) -> str:
    """Return the page that says why there is nothing to show."""
    return _page("problem.html.j2", locale, nonce=nonce, lang=locale, told=redact(error.say(locale)))


def render_view(paper: Paper, locale: str, nonce: str) -> str:
    """Return the page around a report, with the way back."""
    title = f"{text(f'page.report_{paper.topic}', locale)} {paper.company}".strip()
    return _page("view.html.j2", locale, nonce=nonce, lang=locale, title=title, name=paper.name)


def _page(template: str, locale: str, /, **values: Any) -> str:
    def say(key: str, /, **given: object) -> str:
        return text(key if "." in key else f"page.{key}", locale, **given)

    told: str = (
        templates(_TEMPLATES)
        .get_template(template)
        .render(say=say, css=style(_TEMPLATES / "board.css"), counts=COUNTS, **values)
    )
    return told
