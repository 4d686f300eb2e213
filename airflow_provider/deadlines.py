"""What is said of a run that takes too long: an error in the log of the hub, in its own language.

Only told, never stopped: each task has a time-out of its own.
"""

from __future__ import annotations

import logging
from typing import Any

from hub.locale import text

log = logging.getLogger("orderhub.deadlines")


async def missed(dag: str, minutes: int, locale: str, **_: Any) -> None:
    """Say that a run of `dag` has not ended `minutes` after it was queued. Runs in the triggerer."""
    log.error(text("dags.late", locale, dag=dag, minutes=minutes))
