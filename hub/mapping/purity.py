"""What a hook may not do, seen in its source before it is loaded.

No sandbox: a person who wants to get around it can. It keeps honest people from building on the clock, the
network, chance or memory, which would make the same record read differently tomorrow.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from hub.problems import Problem

FUNCTIONS = {"decode": 2, "record": 1, "sign": 1, "fault": 1}
"""The functions that a hook may have, with how many arguments each is given."""

_OUTSIDE = frozenset(
    {
        # the network
        "aiohttp", "asyncio", "ftplib", "fsspec", "http", "httpx", "imaplib", "paramiko", "poplib",
        "requests", "select", "smtplib", "socket", "socketserver", "ssl", "urllib.request", "urllib3",
        "webbrowser", "xmlrpc", "zeep",
        # the store and other rooms
        "connectors", "dbm", "hub.config", "hub.store", "psycopg", "reconciler", "shelve", "sqlalchemy",
        "sqlite3", "sync",
        # the clock and chance
        "random", "secrets", "time", "uuid", "numpy.random",
        # the machine, and doors around this check
        "atexit", "builtins", "concurrent", "ctypes", "fcntl", "getpass", "glob", "importlib", "inspect",
        "logging", "mmap", "multiprocessing", "os", "pathlib", "pickle", "platform", "runpy", "shutil",
        "signal", "subprocess", "sys", "tempfile", "threading",
    }
)  # fmt: skip
"""Modules that a hook may not import."""

_CALLS = frozenset(
    {"open", "exec", "eval", "compile", "input", "print", "globals", "vars", "__import__", "breakpoint"}
)
_CLOCK = frozenset({"now", "utcnow", "today"})


def impurities(source: bytes, file: str) -> list[Problem]:
    """Return everything that a hook may not do, with its place in the hook's file."""
    try:
        tree = ast.parse(source, filename=file)
    except (SyntaxError, ValueError) as error:
        line, reason = getattr(error, "lineno", None) or 1, getattr(error, "msg", None) or str(error)
        return [Problem(file, line, 1, "error", "hook.no_python", {"reason": reason})]
    found = [*_public(tree, file), *_outside(tree, file)]
    return found or ([] if _names(tree) & FUNCTIONS.keys() else [_empty(file)])


def _empty(file: str) -> Problem:
    return Problem(file, 1, 1, "error", "hook.empty", {"known": ", ".join(FUNCTIONS)})


def _names(tree: ast.Module) -> set[str]:
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def _public(tree: ast.Module, file: str) -> Iterator[Problem]:
    """Yield what is public beside the four functions, and functions of a wrong shape."""
    for node in tree.body:
        for name in _defined(node):
            if name.startswith("_"):
                continue
            if name not in FUNCTIONS or not isinstance(node, ast.FunctionDef):
                yield _problem(node, file, "hook.public", name=name, known=", ".join(FUNCTIONS))
            elif not _takes(node.args, FUNCTIONS[name]):
                yield _problem(node, file, "hook.arguments", name=name, count=FUNCTIONS[name])


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = [node.target]
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


def _takes(args: ast.arguments, count: int) -> bool:
    plain = len(args.posonlyargs) + len(args.args)
    needed_by_name = [one for one in args.kw_defaults if one is None]
    fits = plain - len(args.defaults) <= count <= plain or (args.vararg is not None and plain <= count)
    return fits and not needed_by_name


def _outside(tree: ast.Module, file: str) -> Iterator[Problem]:
    """Yield what reaches outside: imports, calls, and memory between two records."""
    for node in ast.walk(tree):
        for module in _imported(node):
            if any(module == one or module.startswith(f"{one}.") for one in _OUTSIDE):
                yield _problem(node, file, "hook.impure_import", name=module)
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield _problem(node, file, "hook.impure_memory", name=", ".join(node.names))
        if isinstance(node, ast.Call) and (name := _impure_call(node.func)):
            yield _problem(node, file, "hook.impure_call", name=name)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    if isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        return (
            [base, *(f"{base}.{one.name}" for one in node.names)][:1]
            if node.level
            else [f"{base}.{one.name}" for one in node.names]
        )
    return []


def _impure_call(function: ast.expr) -> str:
    if isinstance(function, ast.Name) and function.id in _CALLS:
        return function.id
    if isinstance(function, ast.Attribute) and function.attr in _CLOCK:
        return ast.unparse(function)
    return ""


def _problem(node: ast.AST, file: str, key: str, **values: object) -> Problem:
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    return Problem(file, line, column, "error", key, values)
