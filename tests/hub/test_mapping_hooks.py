"""Hooks: pure functions beside the mapping, looked at before they are loaded."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from hub.errors import MappingError, RecordError
from hub.mapping import Reader, check, hooks, load_system, preview, run_examples
from hub.mapping.grammar import SystemMapping
from hub.mapping.purity import impurities
from hub.problems import MappingErrors
from hub.rules import Rules
from tests.house.code import ROOT
from tests.hub.mapped import READ_AT, RECORD, place, system

GOOD = '''
    """Order numbers stand with their check digit, amounts in one string."""
    import re

    _MARK = re.compile(r"-.$")


    def record(record):
        if record["no"] == "TOTAL":
            return None
        return {**record, "no": _MARK.sub("", record["no"])}


    def decode(raw, meta):
        return [{"no": line, "file": meta["file"]} for line in raw.decode().split("|")]


    def sign(request):
        return {**request, "headers": {"X-Length": str(len(request["body"]))}}


    def fault(answer):
        return "limited" if answer["status"] == 420 else None
'''


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    (tmp_path / "mappings" / "hooks").mkdir()
    return tmp_path


def hooked(home: Path, source: str = GOOD, name: str = "shop", stream: str = "") -> SystemMapping:
    """Return the mapping of a system with this hook."""
    (home / "mappings" / "hooks" / "shop.py").write_text(dedent(source).lstrip(), "utf-8")
    path = home / "mappings" / "systems" / "shop.yaml"
    path.write_text(system(stream=stream, top=f"time: {{zone: Asia/Shanghai}}\nhook: {name}"), "utf-8")
    return load_system(path)


def loading(home: Path, source: str, name: str = "shop") -> MappingError:
    with pytest.raises(MappingError) as caught:
        hooked(home, source, name)
    return caught.value


def test_a_record_is_made_readable_or_left_out(home: Path) -> None:
    reader = Reader(hooked(home), "orders", Rules())
    (fact,) = reader.read({**RECORD, "no": "SO1-7"}, {}, READ_AT).facts
    assert fact.order_no == "SO1"
    assert reader.read({**RECORD, "no": "TOTAL"}, {}, READ_AT).skipped


def test_a_hook_never_changes_the_record_it_was_given(home: Path) -> None:
    mapping = hooked(home, "def record(record):\n    record['no'] = 'X'\n    return record\n")
    given = dict(RECORD)
    Reader(mapping, "orders", Rules()).read(given, {}, READ_AT)
    assert given == RECORD


def test_all_four_functions_are_given_out(home: Path) -> None:
    hook = hooks.load(hooked(home))
    assert hook.decode and hook.sign and hook.fault
    assert hook.decode(b"A|B", {"file": "f"}) == [{"no": "A", "file": "f"}, {"no": "B", "file": "f"}]
    assert hook.sign({"body": b"abc"})["headers"] == {"X-Length": "3"}
    assert (hook.fault({"status": 420}), hook.fault({"status": 200})) == ("limited", None)


def test_without_a_hook_there_are_no_functions() -> None:
    hook = hooks.load(load_system(ROOT / "mappings/systems/wms.yaml"))
    assert (hook.decode, hook.record, hook.sign, hook.fault) == (None, None, None, None)


def test_what_is_read_differently_has_another_version(home: Path) -> None:
    before = Reader(hooked(home), "orders", Rules()).version
    assert Reader(hooked(home), "orders", Rules()).version == before
    assert Reader(hooked(home, GOOD.replace("TOTAL", "SUM")), "orders", Rules()).version != before


def test_examples_and_previews_go_through_the_hook(home: Path) -> None:
    record = "{no: SO1-7, state: A, qty: 5, at: '2026-03-01 08:00:00'}"
    mapping = hooked(home, stream=f"examples: [{{record: {record}, gives: {{order_no: SO1}}}}]")
    assert [one.ok for one in run_examples(mapping)] == [True]
    seen = preview(mapping, "orders", [{**RECORD, "no": "SO2-1"}, {**RECORD, "no": "TOTAL"}])
    assert (seen[0].values["order_no"], seen[1].skipped) == ("SO2", True)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("return record['nothing']", "hook.record_failed"),
        ("return [record]", "hook.no_record"),
        ("return 1 / 0", "hook.record_failed"),
    ],
)
def test_an_error_inside_a_hook_is_an_error_of_the_record(home: Path, body: str, key: str) -> None:
    mapping = hooked(home, f"def record(record):\n    {body}\n")
    with pytest.raises(RecordError) as caught:
        Reader(mapping, "orders", Rules()).read(dict(RECORD), {}, READ_AT)
    assert caught.value.key == key
    assert caught.value.values["hook"] == "shop"
    assert caught.value.say("zh-CN") != caught.value.say("en")


def test_an_error_of_decode_is_an_error_of_the_record_too(home: Path) -> None:
    hook = hooks.load(
        hooked(home, "def decode(raw, meta):\n    return raw.decode('ascii') if meta else {}\n")
    )
    assert hook.decode is not None
    for meta in ({"a": 1}, {}):
        with pytest.raises(RecordError):
            hook.decode(b"\xff", meta)


def test_errors_of_sign_and_fault_name_hook_and_function(home: Path) -> None:
    source = "def sign(request):\n    return None\ndef fault(answer):\n    return answer['status']\n"
    hook = hooks.load(hooked(home, source))
    assert hook.sign and hook.fault
    with pytest.raises(MappingError, match="shop") as caught:
        hook.sign({})
    assert caught.value.key == "hook.no_request"
    with pytest.raises(MappingError, match="shop") as caught:
        hook.fault({"status": "later"})
    assert caught.value.key == "hook.no_reaction"
    with pytest.raises(MappingError, match="fault") as caught:
        hook.fault({})
    assert caught.value.key == "hook.failed"


# What a hook may not do


@pytest.mark.parametrize(
    ("source", "key", "marked"),
    [
        ("import requests\n", "impure_import", "import"),
        ("import os.path\n", "impure_import", "import"),
        ("from urllib import request\n", "impure_import", "from"),
        ("from time import time as _time\n", "impure_import", "from"),
        ("import random\n", "impure_import", "import"),
        ("from hub.store import Store as _Store\n", "impure_import", "from"),
        ("def record(record):\n    import socket\n    return record\n", "impure_import", "import"),
        ("import datetime\n\ndef fault(answer):\n    return datetime.date.today()\n", "impure_call", "ret"),
        ("def record(record):\n    return {'a': open('x').read()}\n", "impure_call", "open"),
        ("def record(record):\n    return eval(record['a'])\n", "impure_call", "eval"),
        ("_a = 0\n\ndef record(record):\n    global _a\n    return record\n", "impure_memory", "global"),
        ("def record(record):\n    return record\n\ndef helper(a):\n    return a\n", "public", "def helper"),
        ("LIMIT = 3\n\ndef record(record):\n    return record\n", "public", "LIMIT"),
        ("class record:\n    pass\n", "public", "class"),
        ("async def record(record):\n    return record\n", "public", "async"),
        ("def record(record, meta):\n    return record\n", "arguments", "def"),
        ("def decode(raw):\n    return []\n", "arguments", "def"),
        ("def sign(request, *, key):\n    return request\n", "arguments", "def"),
        ("def record(record:\n", "no_python", "def"),
        ("_A = 1\n", "empty", "_A"),
    ],
)  # fmt: skip
def test_what_a_hook_may_not_do(source: str, key: str, marked: str) -> None:
    one = next(problem for problem in impurities(source.encode(), "shop.py") if problem.key == f"hook.{key}")
    assert one.line == place(source, marked)[0]
    for locale in ("en", "zh-CN"):
        assert "{" not in one.say(locale)


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import date, time\n\ndef record(record):\n    return {'t': date(2026, 1, 1)}\n",
        "import re, zlib\nfrom urllib.parse import unquote\n\ndef decode(raw, meta=None):\n    return []\n",
        "def sign(request, _pad=''):\n    return request\n",
        "def decode(*all_of_it):\n    return []\n",
    ],
)  # fmt: skip
def test_what_a_hook_may_do(source: str) -> None:
    assert impurities(source.encode(), "shop.py") == []


def test_a_wrong_hook_is_found_by_check_in_its_own_file(home: Path) -> None:
    errors = loading(home, "import socket\n\ndef record(record):\n    return record\n")
    assert isinstance(errors, MappingErrors)
    (problem,) = [one for one in errors.problems if one.severity == "error"]
    assert (Path(problem.file).name, problem.line, problem.column) == ("shop.py", 1, 1)
    assert Path(errors.file).name == "shop.yaml"
    assert "shop.py:1:1: error" in errors.say("en")
    (one,) = [one for one in check(home) if one.severity == "error"]
    assert Path(one.file).name == "shop.py"


def test_a_hook_that_is_not_there_is_found_at_its_name(home: Path) -> None:
    error = loading(home, GOOD, "shp")
    assert (error.key, error.values["nearest"]) == ("hook.not_found_near", "shop")
    assert Path(error.file).name == "shop.yaml"
    assert loading(home, GOOD, "no.such.module").key == "hook.not_found"


def test_a_hook_that_does_not_load_says_why(home: Path) -> None:
    assert loading(home, "_A = 1 / 0\n\ndef record(record):\n    return record\n").key == "hook.not_loaded"


def test_a_function_that_this_kind_of_connector_never_asks_for(home: Path) -> None:
    hooked(home)
    doubtful = [one for one in check(home) if one.key == "hook.not_asked"]
    assert {one.values["name"] for one in doubtful} == {"decode", "sign", "fault"}
    assert {one.severity for one in doubtful} == {"warning"}


def test_an_installed_module_is_a_hook_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "vendor_hooks").mkdir()
    (tmp_path / "vendor_hooks" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "vendor_hooks" / "shop.py").write_text("def record(record):\n    return None\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    mapping = load_system(ROOT / "mappings/systems/wms.yaml").model_copy(update={"hook": "vendor_hooks.shop"})
    make = hooks.load(mapping).record
    assert make is not None
    assert make({}) is None
