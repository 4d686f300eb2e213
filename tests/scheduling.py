"""Which worker runs which test.

pytest-xdist's own groups (`--dist loadgroup`) do nothing under pytest 9.2: they rename tests by an attribute
that pytest no longer reads.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/dags/",)
"""Folders whose tests share what is dear to make: a started Airflow."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no type information
    """Hands out tests one by one, but those of a folder in `TOGETHER` to a single worker."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)
