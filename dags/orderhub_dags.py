"""Every DAG of the hub, made from the mappings of its home."""

from airflow_provider.dags import every_dag
from hub.config import Settings

globals().update(every_dag(Settings.load().home))
