"""Makes Airflow show wrong mapping files: as an import error of this file, which has no DAG to lose."""

from airflow_provider.dags import problems
from hub.config import Settings

if wrong := problems(Settings.load().home):
    raise ExceptionGroup("mapping files to mend", wrong)
