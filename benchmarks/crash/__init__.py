"""Kills: `python -m benchmarks.crash [--kills 1000] [--commands 10] [--seed 7] [--json FILE]`.

A run is killed by SIGKILL at a moment drawn from its measured length; another one goes on and runs to its
end; then the store must equal that of a run that nobody disturbed, in every table that has a meaning. Runs
are forked from a process that has imported everything and opened nothing, so that a kill hits the work and
not the start of an interpreter. On PostgreSQL a tenth of the kills hits the server's side instead (the
backend is terminated). At last the real command is killed in fresh interpreters.

A kill hit if the run died of it before its work was done; of the real command, if it held a lease. Exit code
1 if anything was lost or doubled, if a run failed by itself, or if fewer than seven in ten kills hit.

::

    jobs.py       what is killed: pieces of a sync, and a remap
    children.py   work in forked processes
    databases.py  stages of stores, and the working copy
    meaning.py    what a store means, and how two differ
    campaign.py   kills of forked runs, at a moment drawn, in a phase noted
    command.py    kills of the real command
    tally.py      what they came to
"""
