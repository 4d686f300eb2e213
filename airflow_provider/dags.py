"""Every DAG of a home, made from its mappings. A wrong mapping file loses only its own DAG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, AssetAny, CronTriggerTimetable, Param, get_parsing_context

from airflow_provider import telling, work
from airflow_provider.approval import ask_all
from airflow_provider.habits import HOUR, OWNER, STORE, SYSTEMS, dag, watch
from hub.errors import MappingError
from hub.mapping import SystemMapping
from hub.mapping.survey import survey
from hub.rules import Rules, load_rules

MONEY = frozenset({"bank_entry", "receivable", "invoice", "clearing"})
"""What streams yield that payments are matched from."""

EVERY = timedelta(minutes=5)
_TIME = {"type": ["null", "string"], "format": "date-time"}


def problems(home: Path) -> list[MappingError]:
    """Return what is wrong with the mapping files and hub.yaml: the DAG files show it as an import error."""
    _, wrong = survey(home)
    try:
        load_rules(home)
    except MappingError as error:
        wrong.append(error)
    return wrong


def every_dag(home: Path) -> dict[str, DAG]:
    """Return the DAGs of `home` by id; when a task runs, only the one that it belongs to."""
    mappings, _ = survey(home)
    try:
        rules = load_rules(home)
    except MappingError:
        rules = Rules()
    return {made.dag_id: made for made in _Making(mappings, rules, get_parsing_context().dag_id).all()}


@dataclass
class _Making:
    mappings: Mapping[str, SystemMapping]
    rules: Rules
    only: str | None
    assets: dict[str, Asset] = field(init=False)

    def __post_init__(self) -> None:
        self.assets = {name: _asset(f"systems/{name}") for name in self.mappings}

    def all(self) -> Iterator[DAG]:
        """Yield what is asked for."""
        for name, mapping in self.mappings.items():
            yield from self._made(f"sync_{name}", self._sync, mapping)
            if any(stream.sweep is not None for stream in mapping.streams.values()):
                yield from self._made(f"sweep_{name}", self._sweep, mapping)
        if not self.mappings:
            return
        yield from self._made("reconcile", self._reconcile)
        money = [name for name, mapping in self.mappings.items() if _tells_of_money(mapping)]
        if money:
            yield from self._made("match_payments", self._match, money)
        if any(mapping.mode == "shadow" for mapping in self.mappings.values()):
            yield from self._made("dual_run", self._dual_run)
        yield from self._made("housekeeping", self._housekeeping)
        if any(mapping.mode == "live" for mapping in self.mappings.values()):
            yield from self._made("approvals", self._approvals)

    def _made(self, dag_id: str, make: Any, *given: Any) -> Iterator[DAG]:
        if self.only in (None, dag_id):
            yield watch(make(dag_id, *given))

    def _sync(self, dag_id: str, mapping: SystemMapping) -> DAG:
        params = {
            "from": Param(None, title=self._say("from"), description=self._say("about_window"), **_TIME),
            "to": Param(None, title=self._say("to"), **_TIME),
        }
        made = self._of_system("sync", dag_id, EVERY, mapping, timeout=2 * HOUR, params=params)
        with made:
            work.sync.override(outlets=[self.assets[mapping.system]])(mapping.system)
        return made

    def _sweep(self, dag_id: str, mapping: SystemMapping) -> DAG:
        made = self._of_system("sweep", dag_id, None, mapping, timeout=6 * HOUR, late=8 * HOUR)
        with made:
            work.sweep.override(outlets=[self.assets[mapping.system]])(mapping.system)
        return made

    def _of_system(self, kind: str, dag_id: str, schedule: Any, mapping: SystemMapping, **more: Any) -> DAG:
        doc = telling.of_system(kind, mapping, self.rules.locale)
        tags, owner = [kind, mapping.system, mapping.mode], mapping.contact or OWNER
        locale = self.rules.locale
        return dag(dag_id, schedule, doc, locale, pool=SYSTEMS, tags=tags, owner=owner, **more)

    def _reconcile(self, dag_id: str) -> DAG:
        made = self._of_hub(dag_id, AssetAny(*self.assets.values()))
        with made:
            work.compare.override(outlets=[_asset("reports/reconcile")])()
        return made

    def _match(self, dag_id: str, systems: list[str]) -> DAG:
        made = self._of_hub(dag_id, AssetAny(*(self.assets[name] for name in systems)))
        with made:
            work.match.override(outlets=[_asset("reports/payments")])()
        return made

    def _dual_run(self, dag_id: str) -> DAG:
        made = self._of_hub(dag_id, self._daily("0 6 * * *"))
        with made:
            work.dual_run()
        return made

    def _housekeeping(self, dag_id: str) -> DAG:
        dry = Param(False, type="boolean", title=self._say("dry"))
        made = self._of_hub(dag_id, self._daily("30 3 * * *"), params={"dry": dry})
        with made:
            work.tidy()
        return made

    def _approvals(self, dag_id: str) -> DAG:
        made = self._of_hub(dag_id, EVERY, late=25 * HOUR, max_active_runs=16)
        with made:
            ask_all()
        return made

    def _of_hub(self, dag_id: str, schedule: Any, **more: Any) -> DAG:
        doc, locale = telling.of_hub(dag_id, self.rules.locale), self.rules.locale
        return dag(dag_id, schedule, doc, locale, pool=STORE, **more)

    def _daily(self, cron: str) -> CronTriggerTimetable:
        return CronTriggerTimetable(cron, timezone=self.rules.zone)

    def _say(self, key: str) -> str:
        return telling.of_param(key, self.rules.locale)


def _tells_of_money(mapping: SystemMapping) -> bool:
    return any(stream.yields in MONEY for stream in mapping.streams.values())


def _asset(place: str) -> Asset:
    return Asset(name=f"orderhub_{place.rpartition('/')[2]}", uri=f"x-orderhub://{place}")
