"""Whether a hub is well set up and in good health: one remark for each thing that was looked at.

Nothing is changed, and nothing but the systems' own `check` leaves the house. What is wrong comes with the
next step; the worst stands for the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from connectors.contract import Health
from connectors.registry import open_connector
from hub.config import connection
from hub.errors import HubError
from hub.mapping import SystemMapping
from hub.redact import redact
from hub.rules import Rules
from hub.store import Store
from hub.store.turns import wall

_SECRET = re.compile(r"\bconn\.([\w.]+)")

Look = Literal["ok", "warning", "problem"]

PATIENCE = 30.0
"""Seconds that the systems have to say whether they are well, all together."""

SKEW = timedelta(seconds=30)
"""How far the clock of the database may be from this machine's."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What came of one check: about what (`topic`, and the system if it is about one), how it is, in words.

    `key` and `values` are a message, which also says what to do; `error` is what a source said, if one did.
    """

    topic: str
    look: Look
    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    system: str = ""
    error: HubError | None = None


def ok(topic: str, key: str, system: str = "", **values: object) -> Remark:
    """Return that all is well."""
    return Remark(topic, "ok", key, values, system)


def warning(topic: str, key: str, system: str = "", **values: object) -> Remark:
    """Return that somebody should look."""
    return Remark(topic, "warning", key, values, system)


def problem(
    topic: str, key: str, system: str = "", error: HubError | None = None, **values: object
) -> Remark:
    """Return that something does not work."""
    return Remark(topic, "problem", key, values, system, error)


def of_connections(
    mappings: Mapping[str, SystemMapping], env: Mapping[str, str], clock: Callable[[], datetime]
) -> list[Remark]:
    """Ask all systems at once whether they are well; one that does not answer in time is a problem."""
    if not mappings:
        return []
    pool = ThreadPoolExecutor(max_workers=min(len(mappings), 16), thread_name_prefix="doctor")
    asked = {name: pool.submit(_health, mapping, env, clock) for name, mapping in sorted(mappings.items())}
    wait(asked.values(), PATIENCE)
    pool.shutdown(wait=False, cancel_futures=True)
    return [_answered(name, future) for name, future in asked.items()]


def _health(mapping: SystemMapping, env: Mapping[str, str], clock: Callable[[], datetime]) -> Health:
    connector = open_connector(mapping, env, clock)
    try:
        return connector.check()
    finally:
        connector.close()


def _answered(system: str, future: Future[Health]) -> Remark:
    if not future.done():
        return problem("connection", "doctor.no_answer", system, seconds=int(PATIENCE))
    error = future.exception()
    if isinstance(error, HubError):
        return problem("connection", "doctor.connection_wrong", system, error=error)
    if error is not None:
        reason = redact(f"{type(error).__name__}: {error}")
        return problem("connection", "doctor.check_failed", system, reason=reason)
    health = future.result()
    if not health.ok:
        return problem("connection", "doctor.unwell", system, error=HubError(health.key, **health.values))
    return ok("connection", "doctor.well", system, seconds=f"{health.seconds:.2f}")


def of_rules(mappings: Mapping[str, SystemMapping], rules: Rules) -> Iterator[Remark]:
    """Look at what is written where: live systems without writes, and roles that anybody fills."""
    live = {name: one for name, one in mappings.items() if one.mode == "live"}
    for name, mapping in sorted(live.items()):
        if not mapping.writes:
            yield warning("writes", "doctor.no_writes", name)
    if live:
        roles = dict.fromkeys(role for rule in rules.fuse.rules for role in rule.roles)
        open_roles = [one for one in roles if not _people(rules, one)]
        if open_roles:
            yield warning("fuse", "doctor.roles_open", roles=", ".join(open_roles))
        else:
            yield ok("fuse", "doctor.roles_filled", roles=len(roles))


def _people(rules: Rules, role: str) -> tuple[str, ...]:
    known = rules.fuse.roles.get(role)
    return known.everybody if known else ()


def of_clock(store: Store) -> Remark:
    """Compare this machine's time with the database's, where that has one of its own."""
    if store.dialect != "postgresql":
        return ok("clock", "doctor.clock_own")
    with store.read() as conn:
        theirs = conn.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    apart = abs(wall() - theirs)
    key, seconds = ("doctor.clock_apart", int(apart.total_seconds()))
    return problem("clock", key, seconds=seconds) if apart > SKEW else ok("clock", "doctor.clock_right")


def worst(remarks: Sequence[Remark]) -> Look:
    """Return the worst of what was found."""
    looks: tuple[Look, ...] = ("problem", "warning", "ok")
    return next((look for look in looks if any(one.look == look for one in remarks)), "ok")


def of_calls(
    mappings: Mapping[str, SystemMapping], env: Mapping[str, str], watched: Sequence[str]
) -> Iterator[Remark]:
    """Look at webhooks: is the secret set by which calls are verified, and does anybody listen?"""
    for name, mapping in sorted(mappings.items()):
        if mapping.webhook is None:
            continue
        try:
            missing = _lacking(mapping.webhook.verify, mapping, env)
        except HubError:
            continue  # said with the connection
        if missing:
            yield problem("webhook", "doctor.no_secret", name, names=", ".join(missing))
        elif name in watched:
            yield ok("webhook", "doctor.listened", name)
        else:
            yield warning("webhook", "doctor.not_listened", name)


def _lacking(verify: str, mapping: SystemMapping, env: Mapping[str, str]) -> list[str]:
    """Return what of the connection an expression mentions and is not set."""
    known = connection(mapping.connection or mapping.system, env)
    said = {"login": known.login, "password": known.password, "extra": dict(known.extra)}
    lacking = []
    for path in dict.fromkeys(_SECRET.findall(verify)):
        value: Any = said
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        lacking += [] if value else [f"conn.{path}"]
    return lacking
