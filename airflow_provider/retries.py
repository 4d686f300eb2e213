"""Which error is tried again, and when: the tree of `hub.errors` as a retry policy of Airflow."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule

if TYPE_CHECKING:
    from airflow.sdk import Context

_USUAL = None
"""The waiting time of the task, longer from try to try."""

WAITS = (
    ("RateLimited", timedelta(minutes=5), "the system asks for patience"),
    ("RecordLocked", timedelta(minutes=2), "somebody edits the record"),
    ("Retryable", _USUAL, "the system may answer later"),
    ("LeaseBusy", timedelta(minutes=1), "another worker is at it"),
    ("FenceLost", timedelta(minutes=1), "another worker took over"),
)
"""Errors after which the same may work later: the name, how long to wait, and why."""

STOPS = (
    ("ConfigError", "the set-up is wrong: a person must mend it"),
    ("AuthExpired", "the credentials are not accepted: a person must renew them"),
    ("Rejected", "the system said no: the same again would be refused again"),
    ("OutcomeUnknown", "the answer to a write was lost: it is looked up before any retry, never sent blind"),
    ("HubError", "the same again would end the same way"),
)
"""Errors that no retry mends: the name and why; the last stands for all others of the tree."""


class HubRetryPolicy(ExceptionRetryPolicy):  # type: ignore[misc]  # Airflow is not followed by mypy
    """Retries what can be retried; a system that says how long to wait is waited for that long."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Decide by the rules; the source's own `retry_after` (seconds) counts where it is longer."""
        decision: RetryDecision = super().evaluate(exception, try_number, max_tries, context)
        asked = getattr(exception, "retry_after", None)
        if decision.action is not RetryAction.RETRY or asked is None:
            return decision
        wait = max(timedelta(seconds=float(asked)), decision.retry_delay or timedelta())
        return RetryDecision.retry(wait, decision.reason)


def policy() -> HubRetryPolicy:
    """Return the policy of every task of the hub; what is none of its errors is retried as Airflow does."""
    rules = [
        RetryRule(f"hub.errors.{name}", RetryAction.RETRY, retry_delay=wait, reason=why)
        for name, wait, why in WAITS
    ]
    rules += [RetryRule(f"hub.errors.{name}", RetryAction.FAIL, reason=why) for name, why in STOPS]
    return HubRetryPolicy(rules)
