"""Work as a scheduler calls it: everything from the environment, counts as the answer.

::

    opening.py    the hub that the environment means
    reading.py    one system: what is new, a sweep, a window of time
    deciding.py   what a person answered of a held change in Airflow
    tidying.py    what is over, and what nobody answers
"""

from __future__ import annotations

from sync.tasks.deciding import Decided, answer
from sync.tasks.opening import opened
from sync.tasks.reading import sweep_system, sync_system, sync_window
from sync.tasks.tidying import tidy

__all__ = ["Decided", "answer", "opened", "sweep_system", "sync_system", "sync_window", "tidy"]
