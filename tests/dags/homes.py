"""Homes of hubs whose mappings ask for every DAG."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

from tests.conftest import KEY
from tests.house.code import ROOT
from tests.reconciler.payments.books import BANK
from tests.sync.out.house import HUB_YAML, House

FUSED = HUB_YAML.replace(
    "fuse: {rules: []}",
    "fuse:\n  roles: {sales_director: {people: [chen]}, second_level: {people: [wu]}}\n",
)


def practice(folder: Path) -> Path:
    """Return the home that comes with the repository."""
    shutil.copytree(ROOT / "mappings", folder / "mappings")
    return folder


def full(folder: Path) -> Path:
    """Return a home with a bank beside, one system in shadow and one live."""
    systems = practice(folder) / "mappings" / "systems"
    for name, mode in (("wms", "shadow"), ("tms", "live")):
        file = systems / f"{name}.yaml"
        file.write_text(file.read_text("utf-8") + f"\nmode: {mode}\n", "utf-8")
    (systems / "bank.yaml").write_text(BANK, "utf-8")
    return folder


def env_of(house: House) -> dict[str, str]:
    """Return the environment in which tasks find a house."""
    return {
        **house.env,
        "ORDERHUB_HOME": str(house.home),
        "ORDERHUB_STORE": house.store.engine.url.render_as_string(hide_password=False),
        "ORDERHUB_KEY": base64.b64encode(KEY).decode(),
    }
