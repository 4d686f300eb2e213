"""Makes Airflow's first administrator with the password of a secret file; leaves one who is there alone.

It calls Airflow's own command inside this process: on a command line anybody could read the password.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Make the person whom the environment names, with the password in `admin_password`."""
    from airflow.__main__ import main as airflow

    name = os.environ.get("ORDERHUB_ADMIN") or "admin"
    password = Path(os.environ.get("ORDERHUB_SECRETS") or "/run/secrets", "admin_password").read_text("utf-8")
    who = ["--username", name, "--email", f"{name}@localhost", "--firstname", name, "--lastname", name]
    sys.argv = ["airflow", "users", "create", "--role", "Admin", *who, "--password", password.strip()]
    airflow()


if __name__ == "__main__":
    main()
