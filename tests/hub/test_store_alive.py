"""Who holds a lease and who is dead: only what is certain counts."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from hub.errors import LeaseBusy
from hub.store import Store, alive, lease
from hub.store.turns import wall

TERM = timedelta(minutes=10)
NAMED = "from hub.store import alive; print(alive.name(), flush=True); input()"


def another() -> tuple[str, subprocess.Popen[str]]:
    """Start a process that says its name and lives until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", NAMED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process.stdout.readline().strip(), process


def test_the_lease_of_a_process_that_died_is_taken_over_and_that_of_a_living_one_is_not(store: Store) -> None:
    name, process = another()
    with lease(store, "sync:wms", name, wall(), TERM) as held:
        with pytest.raises(LeaseBusy), lease(store, "sync:wms", alive.name(), wall(), TERM):
            pass
        process.kill()
        process.communicate()
        with lease(store, "sync:wms", alive.name(), wall(), TERM) as taken:
            assert taken.fence == held.fence + 1


def test_a_killed_process_that_nobody_has_buried_yet_is_dead() -> None:
    name, process = another()
    assert not alive.is_dead(name)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has died, and remains as a zombie
    assert alive.is_dead(name)
    process.communicate()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{}", "worker-1"),  # a name of another kind
        ("{here}:", "elsewhere:"),  # another machine
        ("#{boot}", "#000000000000"),  # before the machine was started anew
        (".{space}.", ".1."),  # in another container
    ],
)
def test_of_what_it_cannot_see_it_says_nothing(old: str, new: str) -> None:
    told = alive._NAME.fullmatch(alive.name())
    assert told is not None
    boot, space = told["where"].split(".")
    gone = f"{told['here']}:1#{boot}.{space}.1"
    assert alive.is_dead(gone)  # the number is taken by a process that began at another moment
    old = old.format(gone, here=told["here"], boot=boot, space=space)
    assert not alive.is_dead(gone.replace(old, new))
