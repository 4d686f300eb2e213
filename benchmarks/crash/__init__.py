"""Kills: `python -m benchmarks.crash [--part sync|trading] [--kills 1000] [--commands 10] [--json FILE]`.

A run is killed by SIGKILL at a moment drawn from its measured length; another one goes on. Runs are forked
from a process that has imported everything and opened nothing, so that a kill hits the work and not the start
of an interpreter. On PostgreSQL a tenth of the kills hits the server's side instead (the backend is
terminated). The real command is killed too, in fresh interpreters.

Part `sync` is the way in: the next run goes on to its end, and the store must equal that of a run that nobody
disturbed, in every table that has a meaning. Part `trading` is the way out too: the whole of pull, merge and
push over four systems that are really written to, where people work between the kills and answers are lost
besides; once nothing is open the systems' own records tell whether anything is lost or doubled. Beside it
the loop that people write is killed in the same way: it must double, or the kills prove nothing.

A kill hit if the run died of it before its work was done; of the real command, if it held a lease. Exit code
1 if anything was lost or doubled, if a run failed by itself or does not come to rest, or if fewer than seven
in ten kills hit.

::

    children.py   work in forked processes
    databases.py  stages of stores, and the working copy
    phases.py     where a child is, as its parent sees it
    tally.py      what the kills came to
    command.py    kills of the real command

    jobs.py       the way in: pieces of a sync, and a remap
    meaning.py    what a store means, and how two differ
    campaign.py   kills of forked runs, at a moment drawn, in a phase noted

    world.py      the way out: the trading world in a process of its own
    town.py       what people do in it
    proof.py      what is lost and doubled in it, by its own records
    trade.py      the hub over it, run again and again
    trading.py    kills of runs over it, at any moment or just behind a border
    naive.py      the control: the loop that people write
    out.py        commands, forked runs, the control: one after the other
"""
