"""`python -m benchmarks.airflow.screens`: the pictures of docs/operate.md, taken of an Airflow that runs.

A market is opened and read, the password of its books is wrong so that their run fails, what is dear waits.
Needs a Chromium: Debian's (`/usr/bin/chromium`), or what `playwright install chromium` brings.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.airflow.client import Client, until
from cli.airflow_home import LOGIN
from cli.airflow_run import Running, running
from cli.airflow_worlds import Market, Step
from cli.demo_run import HOME

DEBIANS = Path("/usr/bin/chromium")
FLAGS = ["--disable-quic", "--disable-background-networking", "--disable-sync", "--no-first-run"]
SHORTEN = """(places) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (const place of places) node.nodeValue = node.nodeValue.replaceAll(place, "…");
}"""
"""Takes what names the folders of this machine out of a page before its picture is taken."""

SIZE = {"width": 1360, "height": 820}


def main(arguments: list[str] | None = None) -> int:
    """Take all pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.airflow.screens", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--port", type=int, default=8097)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Locked(seed=7), Path(folder, "airflow"), given.port, lambda *_: None) as here,
        _page(here) as page,
    ):
        asked, failed = _happen(here)
        pictures = {
            "dags": "/dags",
            "failed-run": f"/dags/sync_finance/runs/{failed}/tasks/sync",
            "approval": f"/dags/approvals/runs/{asked}/tasks/ask/mapped/0/required_actions",
            "page": "/plugin/orderhub",
        }
        for name, path in pictures.items():
            page.goto(f"{here.home.url}{path}")
            page.wait_for_timeout(6000)  # Airflow's pages poll: they are never quite at rest
            reason = page.get_by_text("AuthExpired").first
            if name == "failed-run" and reason.count():
                reason.scroll_into_view_if_needed()
            page.evaluate(SHORTEN, [str(HOME), sys.base_prefix])
            page.screenshot(path=given.out / f"airflow-{name}.png")
    return 0


class Locked(Market):
    """The market, with a second way to its books: by a password that is wrong."""

    def start(self, folder: Path, step: Step) -> Mapping[str, str]:
        """Open the market."""
        told = super().start(folder, step)
        wrong = json.loads(told["AIRFLOW_CONN_ERP"]) | {"password": "yesterday's"}
        return {**told, "AIRFLOW_CONN_BOOKS": json.dumps(wrong)}


def _happen(here: Running) -> tuple[str, str]:
    """Let the morning's runs pass; return the run that asks for approvals, and the one that fails."""
    person = Client(here.home.url, LOGIN, here.home.password)
    for system in ("crm", "erp", "wms"):
        person.done(f"sync_{system}")
    until(lambda: person.get("/api/v2/dags/reconcile/dagRuns?state=success")["total_entries"], "reconcile")
    asked = person.start("approvals")
    until(lambda: person.waiting(asked), "approvals")
    mapping = here.home.folder / "home" / "mappings" / "systems" / "finance.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("connection: erp", "connection: books"), "utf-8")
    failed = person.start("sync_finance")
    person.ended("sync_finance", failed)
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
