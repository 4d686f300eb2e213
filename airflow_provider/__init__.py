"""Airflow's side of the hub: DAGs made from the mappings, retries by the error tree, the fuse as a task.

::

    dags.py        every DAG of a home, made from its mappings
    habits.py      what all DAGs share: retries, time-outs, pools, the watcher, the deadline
    retries.py     which error is tried again, and when
    work.py        what the tasks do: each calls a function that knows nothing of Airflow
    approval.py    held changes as approvals: one task for each
    deadlines.py   what is said of a run that takes too long
    telling.py     what a DAG says of itself

    provider.py    the connection types with their forms; secrets.py names what Airflow is to mask
    hooks.py       a connection of Airflow's and its test button: reach.py tries it
    connections.py hands Airflow's connections to the hub
    plugin.py      the page in Airflow's navigation: page.py serves what board.py shows
    people.py      who looks at it, and what he may see
"""
