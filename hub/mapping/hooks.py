"""Hooks: the one exit from the mapping language, a Python module of at most four pure functions (section 7).

::

    decode(raw: bytes, meta: dict) -> list of records     an answer or a file that no format describes
    record(record: dict) -> dict | None                   one record made readable; None: it is not meant
    sign(request: dict) -> dict                           method, path, query, headers, body (bytes), secret
    fault(answer: dict) -> reaction | None                status, headers, body: what an answer asks for

`hook: depot` is `mappings/hooks/depot.py`; a name with dots may be an installed module as well. A hook gets
no network, no store, no clock and no chance but by argument: what it imports and calls is looked at before
it is loaded (`hub.mapping.purity`). `key` and `cursor` see the record as it comes, everything else sees what
`record` makes of it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

from hub.errors import MappingError, RecordError
from hub.mapping.callspec import REACTIONS
from hub.mapping.grammar import SystemMapping
from hub.mapping.purity import FUNCTIONS, impurities
from hub.model import Record
from hub.problems import MappingErrors, nearest

__all__ = ["FUNCTIONS", "NONE", "Hook", "file_of", "find", "load"]

FOLDER = "hooks"
"""The folder of hook files, beside the folder of the mapping files."""

Decode = Callable[[bytes, Mapping[str, Any]], list[Record]]
Make = Callable[[Record], Record | None]
Sign = Callable[[Mapping[str, Any]], dict[str, Any]]
Fault = Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Hook:
    """The functions of a mapping's hook, None for those that it does not have; `digest` is of its source."""

    name: str = ""
    digest: str = ""
    decode: Decode | None = None
    record: Make | None = None
    sign: Sign | None = None
    fault: Fault | None = None


NONE = Hook()


def load(mapping: SystemMapping) -> Hook:
    """Return the hook of a mapping, one without functions if it names none.

    Raises MappingErrors, each with its place in the hook's own file, for what a hook may not do, and
    MappingError for a module that is not there or does not load.
    """
    if mapping.hook is None:
        return NONE
    path = find(mapping)
    return _loaded(mapping.hook, path, path.read_bytes())


def find(mapping: SystemMapping) -> Path:
    """Return the file of a mapping's hook; MappingError, with the nearest name, if there is none."""
    name, beside = mapping.hook or "", file_of(mapping.hook or "", mapping.path)
    if mapping.path.name and beside.is_file():
        return beside
    origin = _installed(name) if "." in name else None
    if origin is not None:
        return Path(origin)
    known = (mapping.path.parent.parent / FOLDER).glob("*.py") if mapping.path.name else ()
    near = nearest(name, [path.stem for path in known])
    key = "hook.not_found_near" if near else "hook.not_found"
    raise MappingError(key, hook=name, nearest=near, folder=f"mappings/{FOLDER}")


def file_of(name: str, mapping: Path) -> Path:
    """Return where the hook `name` of a mapping file stands if it is no installed module."""
    return (mapping.parent.parent / FOLDER).joinpath(*name.split(".")).with_suffix(".py")


def _installed(name: str) -> str | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec is not None and spec.has_location else None


@lru_cache(maxsize=64)
def _loaded(name: str, path: Path, source: bytes) -> Hook:
    if problems := impurities(source, str(path)):
        raise MappingErrors(problems)
    module = _module(name, path)
    digest = blake2b(source, digest_size=8).hexdigest()
    has: dict[str, Callable[..., Any]] = {
        one: function for one in FUNCTIONS if callable(function := getattr(module, one, None))
    }
    return Hook(
        name,
        digest,
        _decoding(name, has["decode"]) if "decode" in has else None,
        _making(name, has["record"]) if "record" in has else None,
        _signing(name, has["sign"]) if "sign" in has else None,
        _judging(name, has["fault"]) if "fault" in has else None,
    )


def _module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"orderhub_hook_{name.replace('.', '_')}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the module raises while it loads is the mapping's fault
        raise MappingError("hook.not_loaded", file=str(path), hook=name, reason=_said(error)) from error
    return module


def _decoding(name: str, function: Callable[..., Any]) -> Decode:
    def decode(raw: bytes, meta: Mapping[str, Any]) -> list[Record]:
        try:
            records = function(raw, dict(meta))
            found = (
                list(records)
                if isinstance(records, Iterable) and not isinstance(records, dict | str)
                else None
            )
        except Exception as error:  # a hook is somebody else's code: whatever it raises speaks of this input
            raise RecordError(
                "hook.record_failed", hook=name, function="decode", reason=_said(error)
            ) from error
        if found is None or not all(isinstance(one, dict) for one in found):
            raise RecordError("hook.no_records", hook=name, found=type(records).__name__)
        return found

    return decode


def _making(name: str, function: Callable[..., Any]) -> Make:
    def make(record: Record) -> Record | None:
        try:
            made = function(deepcopy(record))
        except Exception as error:  # as above
            raise RecordError(
                "hook.record_failed", hook=name, function="record", reason=_said(error)
            ) from error
        if made is not None and not isinstance(made, dict):
            raise RecordError("hook.no_record", hook=name, found=type(made).__name__)
        return made

    return make


def _signing(name: str, function: Callable[..., Any]) -> Sign:
    def sign(request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            signed = function(dict(request))
        except Exception as error:  # as above; nothing was sent yet
            raise MappingError("hook.failed", hook=name, function="sign", reason=_said(error)) from error
        if not isinstance(signed, dict):
            raise MappingError("hook.no_request", hook=name, found=type(signed).__name__)
        return signed

    return sign


def _judging(name: str, function: Callable[..., Any]) -> Fault:
    def fault(answer: Mapping[str, Any]) -> str | None:
        try:
            reaction = function(dict(answer))
        except Exception as error:  # as above
            raise MappingError("hook.failed", hook=name, function="fault", reason=_said(error)) from error
        if reaction is not None and reaction not in REACTIONS:
            raise MappingError("hook.no_reaction", hook=name, found=str(reaction), known=", ".join(REACTIONS))
        return None if reaction is None else str(reaction)

    return fault


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
