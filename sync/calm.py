"""The garbage collector, kept from walking over pages that are still being taken in.

Records, rows and facts hold no cycles: reference counts free them page by page. At its usual threshold the
collector still walks all of them some thousand times in a first load (measured: 20 % of its CPU time).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (500_000, 50, 100)
"""A page of a first load is some hundred thousand objects: the first number must lie well above that."""


@contextmanager
def calm() -> Iterator[None]:
    """Collect seldom inside, as before afterwards."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
