"""How reads are tried again: only what may work later, with growing pauses, never for ever.

Writes are never retried here: after a lost answer they are looked up first (design, section 6).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import tenacity

from hub.errors import RateLimited, Retryable

Sleep = Callable[[float], None]


def retrying(
    sleep: Sleep = time.sleep,
    attempts: int = 4,
    *,
    first: float = 0.5,
    longest: float = 30.0,
    patience: float = 120.0,
    rng: random.Random | None = None,
) -> tenacity.Retrying:
    """Return a policy that calls a read again while it raises `Retryable`: `retrying()(read, page)`.

    Pauses double from `first` up to `longest` seconds, each drawn between half and all of that
    (`rng`), and are never shorter than what a `RateLimited` asks for. After `attempts` calls, or when
    the next pause would bring the waiting past `patience` seconds, the last error comes out as it is.
    """
    return tenacity.Retrying(
        sleep=sleep,
        retry=tenacity.retry_if_exception_type(Retryable),
        stop=tenacity.stop_after_attempt(attempts) | _out_of(patience),
        wait=_pause(first, longest, rng or random.Random()),
        reraise=True,
    )


def _pause(first: float, longest: float, rng: random.Random) -> Callable[[tenacity.RetryCallState], float]:
    def seconds(state: tenacity.RetryCallState) -> float:
        ceiling = min(longest, first * 2 ** (state.attempt_number - 1))
        return max(rng.uniform(ceiling / 2, ceiling), _asked_for(state))

    return seconds


def _asked_for(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return (error.retry_after or 0.0) if isinstance(error, RateLimited) else 0.0


def _out_of(patience: float) -> tenacity.stop.stop_base:
    class OutOfPatience(tenacity.stop.stop_base):
        def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
            return retry_state.idle_for + retry_state.upcoming_sleep > patience

    return OutOfPatience()
