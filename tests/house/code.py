"""The tree as the house checks see it: tracked files, modules and their imports."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = (
    "hub",
    "connectors",
    "sync",
    "ui_automation",
    "reconciler",
    "console",
    "cli",
    "airflow_provider",
    "dags",
)
OUTSIDE = ("simulators", "migrations", "benchmarks", "tests")


@dataclass(frozen=True)
class Import:
    """One import: the module it stands in, the dotted name it asks for, and whether it runs at load time."""

    module: str
    name: str
    line: int
    early: bool

    @property
    def room(self) -> str:
        return self.module.partition(".")[0]

    @property
    def target(self) -> str:
        return self.name.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.name}"


@cache
def files(new: bool = True) -> tuple[Path, ...]:
    """Every file of the repository, as git sees it; with `new`, what is not yet added and not ignored too."""
    others = ["--others", "--exclude-standard"] if new else []
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", *others], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return tuple(path for name in sorted(listed.split("\0")) if name and (path := ROOT / name).is_file())


@cache
def sources() -> dict[str, tuple[Path, ast.Module]]:
    """Every Python module of the rooms by dotted name, parsed; what does not parse has a test of its own."""
    found = {}
    for path in files():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if path.suffix == ".py" and parts[0] in PRODUCT + OUTSIDE:
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            with suppress(SyntaxError):
                found[name] = (path, ast.parse(path.read_text("utf-8"), filename=str(path)))
    return found


@cache
def imports() -> tuple[Import, ...]:
    """Every import statement of the rooms, late ones too; those for the type checker alone are not early."""
    return tuple(
        found for module, (path, tree) in sources().items() for found in _imports(module, path, tree)
    )


def _imports(module: str, path: Path, tree: ast.Module) -> Iterator[Import]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    early = {id(node) for node in _load_time(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(module, name, node.lineno, id(node) in early)


def _load_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module loads: not in functions, not under TYPE_CHECKING."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _load_time(node)
