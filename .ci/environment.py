"""Bring `.venv` up to date (run by `.ci/setup` with the environment's own Python).

`environment.py run` installs what OrderHub needs to run, `test` what its tests need too; `lock` renews the
locks (`lock --upgrade`: newest versions). Every file that is installed has its hash in `requirements.lock`.
A stamp in `.venv` remembers what was installed for which lock: a second call only compares two digests.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
LOCKS = {
    LOCK: ["pyproject.toml", "--all-extras"],
    ROOT / "benchmarks" / "requirements.lock": ["benchmarks/requirements.in"],
}
EXTRAS = {
    "run": ["setup"],
    "airflow": ["setup", "airflow", "embedded"],
    "test": ["setup", "dev", "airflow", "embedded", "mysql"],
}

MARIADB = ["mariadb-server-core", "mariadb-client-core"]

# pip's own settings that name where packages come from, and what uv calls them. uv does not read pip's
# configuration, so a company's mirror is handed on; a setting made for uv itself wins.
PIP_TO_UV = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "no-index": ("UV_NO_INDEX", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
}
SETTING = re.compile(r"^(?:global|install|:env:)\.([\w-]+)=(.+)$")


def main(purpose: str, *options: str) -> int:
    """Do what `purpose` says ("run", "test", "peers" or "lock"); return the exit code."""
    if purpose == "lock":
        lock(options)
    elif purpose == "peers":
        install_peers()
    else:
        install(purpose)
    return 0


def install(purpose: str) -> None:
    """Install what `purpose` ("run" or "test") needs, unless that was done for this very lock."""
    wanted = digest(purpose)
    stamp = ROOT / ".venv" / f".orderhub-{purpose}"
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    stamp.unlink(missing_ok=True)
    extras = [word for extra in EXTRAS[purpose] for word in ("--extra", extra)]
    uv = locked_uv()
    say(f"Installing the locked packages for `{purpose}` ...")
    target = ["pip", "install", "--python", sys.executable]
    compiled = [
        "--compile-bytecode"
    ]  # else every command compiles what it imports, where Python may not write
    uv([*target, *compiled, "--require-hashes", "-c", str(LOCK), "-r", str(PROJECT), *extras])
    uv([*target, "--quiet", "--no-build-isolation", "--no-deps", "-e", str(ROOT)])
    if purpose == "test":
        install_mariadb()
    stamp.write_text(wanted, "utf-8")
    say("The environment in .venv is ready.")


def install_peers() -> None:
    """Make `.venv-bench`: what the benchmarks compare OrderHub with, exactly as its lock says."""
    uv, home, pinned = locked_uv(), ROOT / ".venv-bench", ROOT / "benchmarks" / "requirements.lock"
    wanted = f"{sys.version_info[:2]} {hashlib.sha256(pinned.read_bytes()).hexdigest()}"
    stamp = home / ".peers"
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    shutil.rmtree(home, ignore_errors=True)
    say("Installing what the benchmarks compare OrderHub with ...")
    uv(["venv", "--quiet", "--python", sys.executable, str(home)])
    target = ["pip", "sync", "--quiet", "--compile-bytecode", "--python", str(home / "bin" / "python")]
    uv([*target, "--require-hashes", str(pinned)])
    stamp.write_text(wanted, "utf-8")


def install_mariadb() -> None:
    """Install Debian's MariaDB for the tests that talk to one, if it is lacking and may be installed here."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    if shutil.which("mariadbd", path=path) or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    say("Installing MariaDB's server, which some tests talk to ...")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *MARIADB]):
        done = subprocess.run(["apt-get", *words], env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"MariaDB cannot be installed: its tests are skipped. {done.stderr.strip()[-200:]}")


def lock(options: Sequence[str]) -> None:
    """Renew both locks. What is pinned stays pinned unless it must move, or `--upgrade` is given.

    Only the main index is asked: a second one, or a folder, that has some files of a package hides the
    others, and the lock would install on one Python alone.
    """
    uv = locked_uv(lambda name: name in ("UV_INDEX", "UV_FIND_LINKS"))
    form = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header"]
    for target, source in LOCKS.items():
        say(f"Resolving {target.relative_to(ROOT)} ...")
        uv(["pip", "compile", *source, *form, "--quiet", *options, "-o", str(target.relative_to(ROOT))])


def digest(purpose: str) -> str:
    """Return what the environment depends on, as a digest: lock, project file, this file, Python."""
    whole = hashlib.sha256(f"{purpose} {sys.version_info[:2]}".encode())
    for file in (LOCK, PROJECT, Path(__file__)):
        whole.update(file.read_bytes())
    return whole.hexdigest()


def pip_settings() -> dict[str, str]:
    """Return pip's effective settings by name; the later source (its environment) wins."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found = (SETTING.match(line) for line in sorted(listed.stdout.splitlines(), key=_weight))
    return {match[1]: str(ast.literal_eval(match[2])) for match in found if match}


def _weight(line: str) -> int:
    return ("global.", "install.", ":env:.").index(line[: line.index(".") + 1]) if "." in line else 0


def mirrors(pip: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return pip's package sources in uv's words, but for those that the environment sets already."""
    given = {
        uv: separator.join(pip[name].split())
        for name, (uv, separator) in PIP_TO_UV.items()
        if pip.get(name) and uv not in environment
    }
    if "UV_INDEX" in given:  # the lock's hashes decide what is accepted, so every source may be asked
        given.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return given


def uv_is_locked() -> bool:
    """Say whether the uv in the environment is the one that the lock names."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"uv=={version('uv')} " in LOCK.read_text("utf-8")
    except PackageNotFoundError:
        return False


def uv_pin() -> str:
    """Write uv's own lines of the lock to a file that pip can install with hashes; return its path."""
    lines: list[str] = []
    for line in LOCK.read_text("utf-8").splitlines():
        if line.startswith("uv=="):
            lines = [line]
        elif lines and line.startswith(" "):
            lines.append(line)
        elif lines:
            break
    pin = ROOT / ".venv" / "uv.txt"
    pin.write_text("\n".join(lines) + "\n", "utf-8")
    return str(pin)


def locked_uv(without: Callable[[str], bool] = lambda _: False) -> Callable[[Sequence[str]], None]:
    """Install uv from the lock if it is not there; return what runs it, `without` some settings."""
    if not uv_is_locked():
        say("Installing uv, which installs the rest ...")
        run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--require-hashes",
                "-r",
                uv_pin(),
            ]
        )
    settings = {**os.environ, **mirrors(pip_settings(), os.environ)}
    environment = {name: value for name, value in settings.items() if not without(name)}
    return lambda words: run([str(Path(sys.executable).parent / "uv"), *words], environment)


def run(command: list[str], environment: Mapping[str, str] | None = None) -> None:
    """Run `command` in the repository's root and stop with its exit code if it fails."""
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    if code:
        say("The set-up failed; what went wrong stands above. Run the same command again once it is mended.")
        raise SystemExit(code)


def say(sentence: str) -> None:
    """Tell the person who waits."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
