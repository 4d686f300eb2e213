from __future__ import annotations

import random

import pytest

from connectors.retry import retrying
from hub.errors import AuthExpired, Incomplete, RateLimited, Rejected, Unavailable


class Source:
    """Fails as told, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls, self.slept = list(errors), 0, list[float]()

    def read(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "page"


def test_a_passing_failure_is_no_failure() -> None:
    source = Source(Unavailable("x"), Incomplete("x"))
    assert retrying(source.slept.append)(source.read) == "page"
    assert source.calls == 3


def test_pauses_grow_with_jitter_and_end() -> None:
    source = Source(*(Unavailable("x") for _ in range(9)))
    policy = retrying(source.slept.append, attempts=9, longest=4.0, rng=random.Random(7))
    with pytest.raises(Unavailable):
        policy(source.read)
    ceilings = [0.5, 1, 2, 4, 4, 4, 4, 4]
    assert all(top / 2 <= pause <= top for pause, top in zip(source.slept, ceilings, strict=True))
    assert len(set(source.slept)) == 8


def test_waits_as_long_as_it_is_asked_to() -> None:
    source = Source(RateLimited("x", retry_after=17.0))
    assert retrying(source.slept.append)(source.read) == "page"
    assert source.slept == [17.0]


def test_does_not_wait_past_its_patience() -> None:
    source = Source(RateLimited("x", retry_after=3600.0))
    with pytest.raises(RateLimited):
        retrying(source.slept.append)(source.read)
    assert source.slept == []


@pytest.mark.parametrize("error", [AuthExpired("x"), Rejected("x"), ValueError("x")])
def test_what_will_not_change_is_not_tried_again(error: Exception) -> None:
    source = Source(error)
    with pytest.raises(type(error)):
        retrying(source.slept.append)(source.read)
    assert source.calls == 1


def test_one_policy_serves_many_reads() -> None:
    policy = retrying(lambda seconds: None, attempts=2)
    for _ in range(3):
        assert policy(Source(Unavailable("x")).read) == "page"
