"""Provider metadata: the connection types that Airflow offers, with their forms. Loads nothing heavy.

What is asked here is what the connectors read of a connection (`hub.config`, `connectors/*`). Connections of
Airflow's own types (http, postgres, sftp, fs …) work just as well: these forms only know what to ask.
"""

from __future__ import annotations

from typing import Any

Field = dict[str, Any]
Fields = dict[str, Field]

DATABASES = ("postgres", "mysql", "mariadb", "mssql", "oracle", "sqlite")
PLACES = ("folder", "sftp", "ftp", "ftps", "smb")


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow asks of a provider (entry point `apache_airflow_provider`)."""
    return {
        "package-name": "orderhub",
        "name": "OrderHub",
        "description": "Makes the systems that hold a manufacturer's orders agree.",
        "integrations": [{"integration-name": "OrderHub", "tags": ["software"]}],
        "hooks": [{"integration-name": "OrderHub", "python-modules": ["airflow_provider.hooks"]}],
        "connection-types": [_rest(), _soap(), _sql(), _files(), _sap_soap(), _cmb()],
    }


def _text(label: str, description: str = "", default: str | None = None) -> Field:
    schema = {"type": ["string", "null"]} | ({"default": default} if default else {})
    return {"label": label, "schema": schema} | ({"description": description} if description else {})


def _secret(label: str, description: str = "") -> Field:
    field = _text(label, description)
    return field | {"schema": {**field["schema"], "format": "password"}}


def _choice(label: str, of: tuple[str, ...], description: str = "") -> Field:
    """Return a choice of which the first holds where nothing is chosen."""
    field = _text(label, description, of[0])
    return field | {"schema": {**field["schema"], "enum": [*of]}}


def _yes_no(label: str, default: bool, description: str = "") -> Field:
    schema = {"type": ["boolean", "null"], "default": default}
    return {"label": label, "schema": schema} | ({"description": description} if description else {})


def _type(
    name: str,
    title: str,
    fields: Fields,
    *,
    hidden: tuple[str, ...] = (),
    labels: dict[str, str] | None = None,
    examples: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return one connection type; each form also asks with which mapping the test button is to look."""
    return {
        "connection-type": f"orderhub_{name}",
        "hook-class-name": f"airflow_provider.hooks.{''.join(map(str.title, name.split('_')))}Hook",
        "hook-name": f"OrderHub: {title}",
        "ui-field-behaviour": {
            "hidden-fields": list(hidden),
            "relabeling": dict(labels or {}),
            "placeholders": dict(examples or {}),
        },
        "conn-fields": {**fields, "system": _SYSTEM},
    }


_SYSTEM = _text(
    "System",
    "Name of the mapping file (erp for mappings/systems/erp.yaml) with which the test button looks. "
    "Empty: it only tries whether anybody answers.",
)
_TLS: Fields = {
    "verify": _text("Verify TLS", "true, false, or the path of a file of trusted authorities.", "true"),
    "cert": _text("Client certificate", "Path of a PEM file with certificate and key."),
}
_PROXY: Fields = {"proxy": _text("Proxy", "Address of an HTTP proxy.")}
_ADDRESS = {"schema": "Protocol or path"}
_HOST = {"host": "https://erp.example.com", "schema": "https, or api/v2"}


def _rest() -> dict[str, Any]:
    fields = {
        "token": _secret("Token", "For auth: bearer; the password does as well."),
        "api_key": _secret("API key", "For auth: api_key; the password does as well."),
        "header": _text("Header of the API key", "X-API-Key if nothing is said."),
        "query": _text("Query parameter of the API key", "Instead of a header."),
        "token_url": _text("Token URL", "For auth: oauth2. Login and password are client id and secret."),
        "scope": _text("Scope", "For auth: oauth2."),
        "client_auth": _choice("Client credentials in", ("body", "basic"), "For auth: oauth2."),
    }
    return _type("rest", "REST", {**fields, **_TLS, **_PROXY}, labels=_ADDRESS, examples=_HOST)


def _soap() -> dict[str, Any]:
    return _type("soap", "SOAP", _TLS, labels=_ADDRESS, examples=_HOST)


def _sap_soap() -> dict[str, Any]:
    examples = {"host": "https://sap.example.com:44300", "login": "RFC user"}
    return _type("sap_soap", "SAP by SOAP", _TLS, labels=_ADDRESS, examples=examples)


def _sql() -> dict[str, Any]:
    fields = {
        "kind": _choice("Database", DATABASES),
        "sqlalchemy_url": _secret("SQLAlchemy URL", "Instead of all of the above, where it takes more."),
    }
    labels = {"schema": "Database or file"}
    return _type("sql", "SQL database", fields, labels=labels, examples={"host": "db.example.com"})


def _files() -> dict[str, Any]:
    fields = {
        "kind": _choice("Place", PLACES),
        "path": _text("Folder", "On a server: from the root with a leading /, else from where one lands."),
        "private_key": _secret("Private key", "SFTP: the text of the key."),
        "private_key_passphrase": _secret("Passphrase of the private key"),
        "key_file": _text("File of the private key", "SFTP: instead of its text."),
        "host_key": _text("Host key", "SFTP: the server's public key or its fingerprint (SHA256:…)."),
        "known_hosts": _text("Known hosts", "SFTP: a file of OpenSSH's, instead of the host key."),
        "host_key_policy": _choice("Unknown hosts", ("pinned", "accept_new")),
        "ca_file": _text("Authorities", "FTPS: a file of who may sign the server's certificate."),
        "passive": _yes_no("Passive", True, "FTP."),
        "domain": _text("Domain", "Windows share: stands before the login."),
    }
    labels = {"schema": "Share or folder"}
    return _type("files", "files", fields, labels=labels, examples={"host": "sftp.example.com"})


def _cmb() -> dict[str, Any]:
    fields = {
        "bank_key": _text("Public key of the bank", "SM2, in base64 or hex."),
        "secret_key": _secret("SM4 key", "16 characters, or 32 of hex."),
    }
    labels = {**_ADDRESS, "login": "User of the direct link", "password": "SM2 private key"}
    examples = {"host": "cdc.cmbchina.com", "schema": "cdcserver/api/v2"}
    return _type(
        "cmb", "China Merchants Bank", {**fields, **_TLS, **_PROXY}, labels=labels, examples=examples
    )
