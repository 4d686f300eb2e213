"""What runs inside `.venv-bench`: `python benchmarks/peers/own.py NAME ARGUMENTS`, the last line its cost.

It imports nothing of OrderHub or of its environment. Only the client's CPU is told here; the server's is
read from outside.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Cost = dict[str, Any]


def _metered(work: Callable[[], Any]) -> Cost:
    """Run `work`; children that a tool starts count too."""
    before, began = _cpu(), time.perf_counter()
    told = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"client": _cpu() - before, "wall": time.perf_counter() - began, "peak": peak, "told": told}


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def dlt_load(url: str, folder: str, home: str) -> Cost:
    """Merge the pages of `folder` into one flat table with dlt: dicts, its defaults but for telemetry."""
    import dlt  # type: ignore[import-not-found]  # only in .venv-bench
    import orjson

    def pages() -> Iterator[list[dict[str, Any]]]:
        for path in sorted(Path(folder).iterdir()):
            yield orjson.loads(path.read_bytes())

    kind = "postgres" if url.startswith("postgresql") else "sqlalchemy"
    destination = getattr(dlt.destinations, kind)(credentials=url)
    orders = dlt.resource(pages, name="flat", write_disposition="merge", primary_key="order_no")

    def work() -> dict[str, Any]:
        pipeline = dlt.pipeline("shop", pipelines_dir=home, destination=destination, dataset_name="peer")
        done = pipeline.run(orders())
        done.raise_on_failed_jobs()
        counts = pipeline.last_trace.last_normalize_info.row_counts
        return {"rows": counts["flat"]}

    return _metered(work)


def datacompy_compare(url: str, left: str, right: str, columns: list[str]) -> Cost:
    """Read two systems' views into pandas and compare them with datacompy."""
    import datacompy  # type: ignore[import-not-found]  # only in .venv-bench
    import pandas as pd  # type: ignore[import-untyped]  # only in .venv-bench
    import sqlalchemy as sa

    def work() -> dict[str, Any]:
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
        query = f"SELECT company, order_no, {', '.join(columns)} FROM views WHERE system = %r"
        with engine.connect() as conn:
            frames = [pd.read_sql(sa.text(query % system), conn) for system in (left, right)]
        found = _comparison(datacompy)(*frames, join_columns=["company", "order_no"])
        odd = found.all_mismatch()
        return {
            "left_only": len(found.df1_unq_rows),
            "right_only": len(found.df2_unq_rows),
            "unequal": len(odd),
        }

    return _metered(work)


def _comparison(datacompy: Any) -> Any:
    """Return the comparison of pandas frames, which has had two names."""
    return getattr(datacompy, "PandasCompare", None) or datacompy.Compare


def reladiff_compare(url: str, left: str, right: str, columns: list[str]) -> Cost:
    """Compare two tables with reladiff by checksums, as it has to where they lie in two systems."""
    import reladiff  # type: ignore[import-not-found]  # only in .venv-bench

    def work() -> dict[str, Any]:
        one, other = (
            reladiff.connect_to_table(url, table, ("company", "order_no"), extra_columns=tuple(columns))
            for table in (left, right)
        )
        return {
            "differing": sum(
                1 for _ in reladiff.diff_tables(one, other, algorithm=reladiff.Algorithm.HASHDIFF)
            )
        }

    return _metered(work)


if __name__ == "__main__":
    print("\n" + json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))))
