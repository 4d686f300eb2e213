"""The forms ask for what the connectors read, and what is secret in them is known as such."""

from __future__ import annotations

import re
from typing import Any

import pytest

from airflow_provider.provider import DATABASES, PLACES, get_provider_info
from airflow_provider.secrets import SENSITIVE_NAMES, sensitive_var_conn_names
from connectors.registry import kinds
from hub.redact import SECRET_NAMES
from tests.house.code import ROOT

TYPES: dict[str, Any] = {one["connection-type"]: one for one in get_provider_info()["connection-types"]}
ASKED = re.compile(
    r"""(?:extra|said)(?:\.get\(|\[)"(\w+)"|_key\(connection, "\w+", connection\.extra\.get\("(\w+)"\)"""
)
READERS = {
    "orderhub_rest": ("http/access.py", "http/ways.py", "http/session.py"),
    "orderhub_soap": ("soap/transport.py",),
    "orderhub_files": (
        "files/places/sftp.py",
        "files/places/ftps.py",
        "files/places/ftp.py",
        "files/places/shares.py",
        "files/places/hostkeys.py",
        "files/places/opening.py",
    ),
    "orderhub_sap_soap": ("soap/transport.py",),
    "orderhub_cmb": ("cmb/signing.py",),
}
LEFT_TO_THE_JSON = {"audience", "resource", "encrypt", "tls"}
"""What is so rare that it is written into the extra by hand."""


def test_there_is_a_type_for_every_connector() -> None:
    assert TYPES.keys() == {f"orderhub_{one.name}" for one in kinds()}


@pytest.mark.parametrize("name", READERS)
def test_a_form_asks_for_what_its_connector_reads(name: str) -> None:
    sources = [(ROOT / "connectors" / file).read_text("utf-8") for file in READERS[name]]
    read = {word for source in sources for found in ASKED.findall(source) for word in found if word}
    assert read
    assert read - LEFT_TO_THE_JSON <= TYPES[name]["conn-fields"].keys()


def fields() -> list[tuple[str, str, Any]]:
    return [(name, field, said) for name, one in TYPES.items() for field, said in one["conn-fields"].items()]


def is_secret(said: Any) -> bool:
    return bool(said["schema"].get("format") == "password")


def test_a_field_with_a_secret_name_is_typed_unseen() -> None:
    """But where a file of it lies, or what is public of it, may be read."""
    open_ones = {"token_url", "key_file", "bank_key", "host_key"}
    shown = {
        field for _, field, said in fields() if re.search(SECRET_NAMES, field, re.I) and not is_secret(said)
    }
    assert shown <= open_ones


def test_airflow_is_told_to_mask_every_secret_field() -> None:
    unmasked = {
        field
        for _, field, said in fields()
        if is_secret(said) and not any(name in field for name in SENSITIVE_NAMES)
    }
    assert not unmasked
    assert sensitive_var_conn_names().split(",") == list(SENSITIVE_NAMES)


def test_no_masked_name_hides_the_words_of_orders() -> None:
    words = ("order_key", "side", "inside", "order_no", "status", "passed", "assigned", "signed")
    assert not [word for word in words for name in SENSITIVE_NAMES if name in word]


def test_the_choices_are_those_that_the_hub_knows() -> None:
    assert TYPES["orderhub_sql"]["conn-fields"]["kind"]["schema"]["enum"] == [*DATABASES]
    assert TYPES["orderhub_files"]["conn-fields"]["kind"]["schema"]["enum"] == [*PLACES]
