"""Which names Airflow is to mask, beside those that it masks anyway (`core.sensitive_var_conn_names`).

Airflow hides a value where the name of its field contains one of these. The hub hides by itself what it reads
of a connection (`hub.redact`), by value and by name; this is for what Airflow prints.
"""

from __future__ import annotations

SENSITIVE_NAMES = (
    "access_key", "api_key", "apikey", "app_key", "app_secret", "appkey", "appsecret", "credential",
    "encrypt_key", "passcode", "passphrase", "private_key", "pwd", "secret", "session_id", "sign_key",
    "signature_key", "signing_key", "signkey", "sqlalchemy_url", "ticket", "token", "口令", "密码",
)  # fmt: skip
"""Secret fields of the forms in `provider`, and what vendors call theirs.

`key` and `sid` alone are left out: they would hide `order_key` and `side` too.
"""


def sensitive_var_conn_names() -> str:
    """Return the value of AIRFLOW__CORE__SENSITIVE_VAR_CONN_NAMES."""
    return ",".join(SENSITIVE_NAMES)
