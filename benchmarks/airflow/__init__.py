"""Airflow as a whole, over its REST interface: screens for the docs, kills in the middle, what it costs.

::

    client.py     what people and programs ask of Airflow: runs, approvals
    screens.py    the pictures of docs/operate.md
    kills.py      scheduler, worker and database killed in the middle of work
    overhead.py   what a DAG costs beside the command that it calls
"""
