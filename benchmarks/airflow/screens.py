"""`python -m benchmarks.airflow.screens`: the pictures of docs/operate.md, taken of an Airflow that runs.

A market is opened and read, one system's folder is taken away so that its run fails, what is dear is asked.
Needs a Chromium: Debian's (`/usr/bin/chromium`), or what `playwright install chromium` brings.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.airflow.client import Client, until
from cli.airflow_home import LOGIN
from cli.airflow_run import Running, running
from cli.airflow_worlds import Market

DEBIANS = Path("/usr/bin/chromium")
FLAGS = ["--disable-quic", "--disable-background-networking", "--disable-sync", "--no-first-run"]
SIZE = {"width": 1360, "height": 820}


def main(arguments: list[str] | None = None) -> int:
    """Take all pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.airflow.screens", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--port", type=int, default=8097)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    market = Market(seed=7)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(market, Path(folder, "airflow"), given.port, lambda *_: None) as here,
        _page(here) as page,
    ):
        asked, failed = _happen(here, Path(folder, "airflow", "systems"))
        pictures = {
            "dags": "/dags",
            "failed-run": f"/dags/sync_tms/runs/{failed}/tasks/sync",
            "approval": f"/dags/approvals/runs/{asked}/tasks/ask/mapped/0/required_actions",
            "page": "/plugin/orderhub",
        }
        for name, path in pictures.items():
            page.goto(f"{here.home.url}{path}")
            page.wait_for_timeout(6000)  # Airflow's pages poll: they are never quite at rest
            page.screenshot(path=given.out / f"airflow-{name}.png")
    return 0


def _happen(here: Running, systems: Path) -> tuple[str, str]:
    """Let the morning's runs pass; return the run that asks for approvals, and the one that fails."""
    person = Client(here.home.url, LOGIN, here.home.password)
    for system in ("crm", "erp", "wms"):
        person.done(f"sync_{system}")
    until(lambda: person.get("/api/v2/dags/reconcile/dagRuns?state=success")["total_entries"], "reconcile")
    asked = person.start("approvals")
    until(lambda: person.waiting(asked), "approvals")
    (systems / "tms").rename(systems / "tms.away")
    failed = person.start("sync_tms")
    person.ended("sync_tms", failed)
    return asked, failed


@contextmanager
def _page(here: Running) -> Iterator[Page]:
    """Yield a page of somebody who is logged in."""
    with sync_playwright() as playwright:
        own = {"executable_path": str(DEBIANS)} if DEBIANS.exists() else {}
        browser = playwright.chromium.launch(args=FLAGS, **own)
        page = browser.new_page(viewport=SIZE)
        page.goto(f"{here.home.url}/auth/login")
        page.fill('input[name="username"]', LOGIN)
        page.fill('input[name="password"]', here.home.password)
        page.click('button[type="submit"]')
        page.wait_for_timeout(3000)
        yield page
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
