"""What the documents say is true: links lead somewhere, the mapping works, the commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.mapping import load_system
from tests.house.code import ROOT, files

READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = [path.relative_to(ROOT).as_posix() for path in files() if path.suffix == ".md"]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
ROW = re.compile(r"^\| (`orderhub .+?) \|", re.MULTILINE)


def block(readme: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (ROOT / readme).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


def commands(readme: str) -> list[tuple[str, ...]]:
    """The commands of the tables and examples, as words; `a b`, `c` in a row stands for `a b` and `a c`."""
    text = (ROOT / readme).read_text("utf-8")
    found = []
    for row in ROW.findall(text):
        first, *others = [tuple(code.split()) for code in re.findall(r"`([^`]+)`", row)]
        words = tuple(word for word in first[1:] if re.fullmatch(r"[a-z-]+", word))
        found += [words, *[(*words[:-1], *other) for other in others]]
    for line in re.findall(r"^orderhub ([a-z-]+)(?: ([a-z-]+))?", "".join(block(readme, "")), re.MULTILINE):
        found.append(tuple(word for word in line if word))
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    dead = [link for link in LINK.findall(path.read_text("utf-8")) if not (path.parent / link).exists()]
    assert not dead


@pytest.mark.parametrize("readme", READMES)
def test_the_mapping_of_the_readme_works(readme: str, tmp_path: Path) -> None:
    (example,) = block(readme, "yaml")
    (tmp_path / "mes.yaml").write_text(example, "utf-8")
    assert load_system(tmp_path / "mes.yaml").system == "mes"


def test_both_readmes_show_the_same() -> None:
    english, chinese = READMES
    assert block(english, "yaml") == block(chinese, "yaml")
    assert commands(english) == commands(chinese)


def test_the_commands_of_the_readme_exist() -> None:
    from typer.main import get_command

    from cli.main import app

    missing = []
    for words in commands("README.md"):
        command = get_command(app)
        for word in words:
            known = getattr(command, "commands", None)
            if known is None:
                break  # what follows are arguments
            if word not in known:
                missing.append(" ".join(words))
                break
            command = known[word]
    assert not missing


def test_make_says_what_it_can_do() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {"demo", "test", "practice", "lint", "lock", "clean"} <= set(targets)
