"""`orderhub metrics`: printed once, and served where monitoring looks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from tests.cli.home import Home


def numbers(text: str) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and the values of its labels, in the order of the labels' names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_was_read_merged_and_found_is_told(home: Home) -> None:
    said = numbers(home.run("metrics").output)
    assert said["orderhub_read_age_seconds", "orders", "erp"] >= 0
    assert said["orderhub_read_failing", "deliveries", "wms"] == 0
    assert said["orderhub_runs_total", "pull", "done", "erp"] == 1
    assert said["orderhub_run_counts_total", "records", "pull", "erp"] > 0
    assert sum(value for key, value in said.items() if key[0] == "orderhub_findings") > 0


def test_a_system_that_fails_says_so(home: Home) -> None:
    home.env["AIRFLOW_CONN_WMS"] = (
        '{"conn_type": "sql", "extra": {"sqlalchemy_url": "sqlite:////nowhere/x.db"}}'
    )
    assert home.run("sync").exit_code == 1
    assert numbers(home.run("metrics").output)["orderhub_read_failing", "deliveries", "wms"] == 1


def test_it_is_served_and_ends_when_told(home: Home) -> None:
    command = [
        sys.executable,
        "-u",
        "-c",
        "from cli.main import app; app()",
        "metrics",
        "--listen",
        "127.0.0.1:0",
    ]
    env = {**os.environ, **home.env}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().partition("http://")[2].partition(";")[0].strip()
            with urllib.request.urlopen(f"http://{address}", timeout=20) as answer:
                assert ("orderhub_runs_total", "pull", "done", "erp") in numbers(answer.read().decode())
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
