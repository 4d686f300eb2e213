"""Servers that hold files: whom we talk to, how we are let in, what is done when the line breaks."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import fsspec
import pytest
from paramiko import HostKeys

from connectors.files.places import Denied, Down, place_of
from connectors.files.places.shares import SharePlace, SmbShare
from hub.config import Connection
from hub.errors import AuthExpired, ConfigError, Unavailable
from hub.mapping.grammar import SystemMapping
from sync.pull import StreamResult, _together
from tests.connectors.drop import Drop, drop, ftp, sftp
from tests.connectors.file_servers import PASSWORD, Served, ftp_server, sftp_server, spoken

__all__ = ["drop", "ftp", "sftp"]

MAPPING = SystemMapping.model_validate(
    {"system": "tms", "connector": "files", "streams": {"rows": {"read": {"file": "*.csv"}}}}
)


@pytest.fixture
def at(request: pytest.FixtureRequest, sftp: Served) -> Iterator[Any]:
    """Makes drops on the SFTP server, each with its own words in the connection's extra."""
    root = sftp.root / request.node.name
    root.mkdir()
    made: list[Drop] = []

    def make(**extra: Any) -> Drop:
        drop = Drop(root, spoken("sftp", sftp, path=f"/{root.name}", **extra))
        made.append(drop)
        return drop

    yield make
    for one in made:
        one.close()


# Whom we talk to


def fingerprint(served: Served) -> str:
    return str(served.keys[0].get_fingerprint())


@pytest.mark.parametrize("form", ["line", "base64", "fingerprint", "list"])
def test_a_pinned_host_key_in_every_form(at: Any, sftp: Served, form: str) -> None:
    key = {
        "line": f"{sftp.host_key} comment",
        "base64": sftp.host_key.split()[1],
        "fingerprint": fingerprint(sftp),
        "list": ["SHA256:" + "A" * 43, sftp.host_key],
    }[form]
    drop = at(host_key=key)
    drop.put("a.csv", "id\n1\n")
    assert drop.read() == [{"id": "1"}]


@pytest.mark.parametrize("hashed", [False, True])
def test_a_file_of_known_hosts(at: Any, sftp: Served, tmp_path: Path, hashed: bool) -> None:
    host = f"[127.0.0.1]:{sftp.port}"
    known = tmp_path / "known_hosts"
    known.write_text(f"{HostKeys.hash_host(host) if hashed else host} {sftp.host_key}\n")
    drop = at(known_hosts=str(known))
    drop.put("a.csv", "id\n1\n")
    assert drop.read() == [{"id": "1"}]


@pytest.mark.parametrize("pinned", [True, False])
def test_no_password_goes_to_a_host_that_is_not_the_pinned_one(at: Any, sftp: Served, pinned: bool) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    drop = at(host_key=other) if pinned else at()
    sftp.passwords.clear()
    with pytest.raises(ConfigError) as caught:
        drop.read()
    assert caught.value.key == ("files.other_host_key" if pinned else "files.unknown_host_key")
    assert fingerprint(sftp) in str(caught.value)
    assert sftp.passwords == []
    assert drop.connector().check().key == caught.value.key
    assert drop.slept == []


def test_accept_new_accepts_whom_nothing_is_pinned_of(at: Any, sftp: Served) -> None:
    drop = at(host_key_policy="accept_new")
    drop.put("a.csv", "id\n1\n")
    assert drop.read() == [{"id": "1"}]
    sftp.passwords.clear()
    with pytest.raises(ConfigError):
        at(host_key_policy="accept_new", host_key="SHA256:" + "A" * 43).read()
    assert sftp.passwords == []


def test_of_several_host_keys_the_pinned_one_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    with sftp_server(tmp_path, host_keys=("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")) as served:
        for key in served.keys:
            drop = Drop(tmp_path, spoken("sftp", served, host_key=key.export_public_key().decode()))
            assert drop.read() == [{"id": "1"}]
            drop.close()


@pytest.mark.parametrize(
    ("extra", "key"),
    [
        ({"host_key": "nonsense"}, "files.bad_host_key"),
        ({"host_key_policy": "auto_add"}, "files.unknown_policy"),
        ({"known_hosts": "/nowhere/known_hosts"}, "files.no_known_hosts"),
        ({"private_key": "-----BEGIN NONSENSE-----"}, "files.bad_private_key"),
        ({"key_file": "/nowhere/id"}, "files.bad_private_key"),
    ],
)
def test_what_a_connection_says_wrongly(at: Any, extra: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        at(**extra).read()
    assert caught.value.key == key


# How we are let in


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_a_private_key_with_a_passphrase(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    key = asyncssh.generate_private_key(kind)
    text = key.export_private_key(passphrase="geheim", rounds=1, ignore_few_rounds=True).decode()
    file = tmp_path / "id"
    file.write_text(text)
    with sftp_server(tmp_path, users=[key]) as served:
        for extra in ({"private_key": text}, {"key_file": str(file)}):
            said = spoken("sftp", served, host_key=served.host_key, private_key_passphrase="geheim", **extra)
            drop = Drop(tmp_path, {**said, "password": None})
            assert drop.read() == [{"id": "1"}]
            drop.close()
        assert served.passwords == []
        wrong = spoken("sftp", served, host_key=served.host_key, private_key_passphrase="x", private_key=text)
        with pytest.raises(ConfigError, match="passphrase"):
            Drop(tmp_path, wrong).read()


def test_a_wrong_password_is_not_tried_again(at: Any, sftp: Served) -> None:
    drop = at(host_key=sftp.host_key)
    drop.spoken["password"] = "wrong-Zq82"
    sftp.passwords.clear()
    assert drop.read() == []
    assert type(drop.error) is AuthExpired
    assert (sftp.passwords, drop.slept) == (["wrong-Zq82"], [])
    assert "wrong-Zq82" not in str(drop.error) + repr(drop.connector())


# When the line breaks


@pytest.mark.parametrize("kind", ["sftp", "ftp"])
def test_a_broken_line_is_opened_again(request: pytest.FixtureRequest, kind: str) -> None:
    served: Served = request.getfixturevalue(kind)
    root = served.root / f"broken-{kind}"
    root.mkdir()
    extra = {"host_key": served.host_key} if kind == "sftp" else {}
    drop = Drop(root, spoken(kind, served, path=root.name, **extra))
    for name in ("a.csv", "b.csv"):
        drop.put(name, f"id\n{name}\n")
    pages = drop.stream()
    assert next(pages).records == [{"id": "a.csv"}]
    served.hang_up()
    assert [page.records for page in pages] == [[{"id": "b.csv"}]]
    assert len(drop.slept) == 1
    drop.close()


@pytest.mark.parametrize("kind", ["sftp", "ftp"])
def test_a_server_that_is_away_is_unavailable(tmp_path: Path, kind: str) -> None:
    with sftp_server(tmp_path) if kind == "sftp" else ftp_server(tmp_path) as served:
        extra = {"host_key": served.host_key} if kind == "sftp" else {}
        drop = Drop(tmp_path, spoken(kind, served, **extra))
    assert drop.read() == []
    assert type(drop.error) is Unavailable
    assert drop.error.key == "files.unreachable"
    assert (drop.error.system, drop.error.operation) == ("tms", "rows")
    assert len(drop.slept) == 3
    assert not drop.connector().check().ok


def test_names_in_the_charset_of_an_old_server(tmp_path: Path) -> None:
    with ftp_server(tmp_path, names="gb18030") as served:
        drop = Drop(tmp_path, spoken("ftp", served))
        drop.put("入库/订单_1.csv", "单号\nSO1\n")
        assert drop.read("入库/订单_*.csv", after="已读") == [{"单号": "SO1"}]
        assert drop.files == ["入库/订单_1.csv"]
        said = {"text": {"file_names": ["gb18030"]}}
        drop.put("入库/订单_2.csv", "单号\nSO2\n")
        assert drop.read("入库/订单_*.csv", after="已读", system=said) == [{"单号": "SO2"}]
        assert sorted(path.name for path in (tmp_path / "已读").iterdir()) == ["订单_1.csv", "订单_2.csv"]
        drop.close()


def test_names_in_any_charset_over_sftp(at: Any, sftp: Served) -> None:
    drop = at(host_key=sftp.host_key)
    drop.put(os.fsdecode("订单_1.csv".encode("gb18030")), "id\n1\n")
    drop.put("订单_2.csv", "id\n2\n")
    assert drop.read("订单_*.csv", after="delete") == [{"id": "1"}, {"id": "2"}]
    assert drop.files == ["订单_1.csv", "订单_2.csv"]
    assert list(drop.root.iterdir()) == []


def test_a_large_file_is_not_held_in_memory(at: Any, sftp: Served) -> None:
    drop = at(host_key=sftp.host_key)
    drop.put("a.csv", "id,note\n" + f"1,{'x' * 1000}\n" * 12_000)
    drop.connector().check()
    tracemalloc.start()
    assert sum(len(page.records) for page in drop.stream(size=100)) == 12_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 9_000_000  # the server runs in this process, too


# Shares


class Opened:
    """A share that is another file system."""

    def __init__(self, system: Any) -> None:
        self._system = system

    def open(self) -> Any:
        return self._system

    def close(self) -> None: ...


def test_the_share_place_over_another_file_system(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    system = fsspec.filesystem("memory", skip_instance_cache=True)
    system.pipe("/share/in/a.csv", b"id\n1\n")
    system.pipe("/share/in/b.csv", b"id\n2\n")
    place = SharePlace(Opened(system), "/share", "smb://host/share")
    monkeypatch.setattr("connectors.files.connector.place_of", lambda *_: place)
    assert drop.read("in/*.csv", after="done") == [{"id": "1"}, {"id": "2"}]
    assert drop.error is None
    assert not system.exists("/share/in/a.csv")
    assert sorted(system.ls("/share/done", detail=False)) == ["/share/done/a.csv", "/share/done/b.csv"]
    assert drop.read("nope/*.csv") == []
    assert drop.error is not None
    assert drop.error.key == "files.no_folder"
    with pytest.raises(NotADirectoryError):
        place.entries("done/a.csv")
    with pytest.raises(FileExistsError):
        place.move("done/a.csv", "done/b.csv")
    place.delete("done/a.csv")
    assert place.look("done/a.csv") is None
    system.rm("/share", recursive=True)


def test_a_share_is_opened_with_what_the_connection_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(fsspec, "filesystem", lambda kind, **said: asked.append((kind, said)))
    reached = Connection(
        "nas", "smb", host="nas", login="svc", password=PASSWORD, schema="drop", extra={"domain": "CORP"}
    )
    SmbShare(reached, 12.0).open()
    ((kind, said),) = asked
    assert kind == "smb"
    assert said | {"password": ""} == {
        "host": "nas", "port": None, "username": "CORP\\svc", "password": "", "timeout": 12, "encrypt": None,
        "share_access": "rwd", "register_session_retries": 0, "skip_instance_cache": True,
    }  # fmt: skip
    assert place_of(reached, MAPPING).shown == "smb://nas/drop"


def test_a_share_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smbclient", None)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.smb", raising=False)
    place = place_of(Connection("nas", "smb", host="nas", schema="drop"), MAPPING)
    with pytest.raises(ConfigError, match=r"orderhub\[smb\]"):
        place.entries("")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionResetError(104, "reset"), Down),
        (type("LogonFailure", (Exception,), {})(), Denied),
        (ValueError("[Errno -2] Name or service not known"), Down),
        (PermissionError(13, "sharing violation"), PermissionError),
    ],
)
def test_what_goes_wrong_at_a_share(error: Exception, expected: type[Exception]) -> None:
    class Broken:
        def invalidate_cache(self) -> None: ...

        def isdir(self, path: str) -> bool:
            raise error

    with pytest.raises(expected):
        SharePlace(Opened(Broken()), "/share", "smb://host/share").entries("in")


# With the engine


def test_a_page_is_committed_before_its_file_is_put_away(drop: Drop) -> None:
    """Small pages are gathered to one transaction; but not past the moment at which a file goes."""
    for name in ("a.csv", "b.csv"):
        drop.put(name, f"id\n{name}\n")
    result = StreamResult("tms", "rows", "since")
    for count, pages in enumerate(_together(drop.stream(after="delete"), result), 1):
        assert len(pages) == 1
        assert len(list(drop.root.iterdir())) == 3 - count
    assert list(drop.root.iterdir()) == []
    drop.put("a.csv", "id\n1\n")
    drop.put("b.csv", "id\n2\n")
    assert [len(pages) for pages in _together(drop.stream(), result)] == [2]


def test_heavy_modules_are_loaded_late() -> None:
    heavy = ("paramiko", "openpyxl", "fsspec")
    code = f"import sys, connectors.files; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
