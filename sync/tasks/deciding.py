"""What a person answered of a held change: one decision, whichever door it came in by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.errors import ConfigError
from hub.locale import text
from hub.rules import Rules
from sync.out import approvals
from sync.out.asks import Ask, Gone, find
from sync.tasks.opening import Env, opened

GRANTED, PARTLY, DENIED, GONE = "granted", "partly", "denied", "gone"


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of an answer, and how it is said in the language of the hub.

    `outcome` is granted, partly (another role must grant it too), denied, or gone: what was asked is not held
    any more or has changed, so that nothing was decided.
    """

    outcome: str
    told: str


def answer(ref: str, *, granting: bool, who: str, at: datetime, env: Env | None = None) -> Decided:
    """Decide by an answer in Airflow of what was asked under `ref`, if it is exactly what was shown.

    `who` answered, `at` (aware) is when. ConfigError if he may not: it is his own change, he has decided of
    it before, or he is none of the people of the role.
    """
    with opened(env) as hub, hub.store.write() as conn:
        rules = hub.rules
        ask = _asked(conn, ref, rules, at)
        if isinstance(ask, str):
            return Decided(GONE, ask)
        reason = text("dags.answered", rules.locale)
        approvals.decide(conn, ask.rows, granting=granting, who=who, reason=reason, rules=rules, now=at)
        if not granting:
            return Decided(DENIED, text("outbox.was_turned_down", rules.locale, ref=ref))
        lacking = approvals.lacking(conn, ask.rows, rules, at)
        left = list(dict.fromkeys(role for roles in lacking.values() for role in roles))
    if left:
        return Decided(PARTLY, text("outbox.granted_in_part", rules.locale, ref=ref, whom=", ".join(left)))
    return Decided(GRANTED, text("outbox.granted", rules.locale, ref=ref))


def _asked(conn: sa.Connection, ref: str, rules: Rules, now: datetime) -> Ask | str:
    """Return what is asked under `ref`, or in words why nothing is any more."""
    try:
        ask = find(conn, ref, rules, now)
    except ConfigError as error:
        if error.key != "outbox.not_held":
            raise
        return error.say(rules.locale)
    if not isinstance(ask, Gone):
        return ask
    if ask.instead is not None:
        return text("outbox.changed_since", rules.locale, ref=ref, instead=ask.instead)
    state = text(f"outbox.state_{ask.state}", rules.locale)
    return text("outbox.no_longer_held", rules.locale, ref=ref, state=state)
