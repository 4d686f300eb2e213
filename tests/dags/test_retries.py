"""Which error is tried again, and when; what is said of a run that takes too long."""

from __future__ import annotations

import asyncio
import inspect
import logging
from datetime import timedelta

import pytest

from hub import errors

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("airflow")]

MADE: dict[str, errors.HubError] = {
    name: kind("store.key_missing")
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, errors.HubError)
}
LATER = {"Retryable", "Unavailable", "Incomplete", "RateLimited", "RecordLocked", "LeaseBusy", "FenceLost"}


def decided(error: BaseException) -> tuple[str, timedelta | None]:
    from airflow_provider.retries import policy

    decision = policy().evaluate(error, 1, 3)
    return decision.action.value, decision.retry_delay


@pytest.mark.parametrize("name", MADE)
def test_every_error_of_the_tree_is_decided(name: str) -> None:
    action, _ = decided(MADE[name])
    assert action == ("retry" if name in LATER else "fail")


def test_each_waits_as_long_as_it_takes() -> None:
    assert decided(MADE["Unavailable"]) == ("retry", None)
    assert decided(MADE["RecordLocked"]) == ("retry", timedelta(minutes=2))
    assert decided(MADE["RateLimited"]) == ("retry", timedelta(minutes=5))
    patient = errors.RateLimited("http.rate_limited", retry_after=1800)
    assert decided(patient) == ("retry", timedelta(minutes=30))
    assert decided(errors.RateLimited("http.rate_limited", retry_after=3)) == ("retry", timedelta(minutes=5))


def test_the_engines_own_errors_of_a_source_are_no_reason_to_try_again() -> None:
    from sync.gone import MassGone
    from sync.pull import TooManyBad

    assert decided(TooManyBad("sync.too_many_bad", bad=3, records=4)) == ("fail", None)
    assert decided(MassGone("sync.mass_gone", gone=3, open=4)) == ("fail", None)


def test_what_is_none_of_the_hubs_errors_is_left_to_airflow() -> None:
    assert decided(OSError("no space")) == ("default", None)


def test_names_of_errors_are_those_of_the_tree() -> None:
    from airflow_provider.retries import STOPS, WAITS

    named = {name for name, *_ in (*WAITS, *STOPS)}
    assert named <= MADE.keys()


@pytest.mark.parametrize(("locale", "words"), [("en", "has not ended"), ("zh-CN", "仍未结束")])
def test_a_late_run_is_told_of_in_the_hubs_language(
    locale: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow_provider.deadlines import missed

    with caplog.at_level(logging.ERROR):
        asyncio.run(missed("sync_wms", 120, locale, context={}))
    assert words in caplog.text
    assert "sync_wms" in caplog.text
    assert "120" in caplog.text
