"""`orderhub practice` in a container of its own, for the others in the network to reach.

The practice systems answer on this machine's own address alone, and write down for a shell how they are
reached. Here calls to the ERP are passed on to it, and each connection is kept in a file for `entrypoint`.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

INNER, PORT = 8766, 8765
LINE = re.compile(r"export (?P<name>AIRFLOW_CONN_[A-Z0-9_]+)=(?P<value>.*)")


def connections(note: str, host: str, inner: int = INNER, port: int = PORT) -> Iterator[tuple[str, str]]:
    """Yield name and value of every connection in `note` (shell lines), as another container reaches it."""
    for line in note.splitlines():
        if match := LINE.fullmatch(line):
            (value,) = shlex.split(match["value"])
            yield match["name"], value.replace("127.0.0.1", host).replace(f": {inner}", f": {port}")


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy what comes until it ends."""
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    with suppress(ConnectionError, OSError):
        writer.close()


async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Join one call to the ERP behind."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", INNER)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pass_on(reader, inner_writer), pass_on(inner_reader, writer))


async def main(out: Path, host: str) -> int:
    """Run the practice systems in `out` until told to stop; return their exit code."""
    note, kept = out / "env.sh", out / "connections"
    note.unlink(missing_ok=True)
    orders = os.environ.get("ORDERHUB_PRACTICE_ORDERS") or "2000"
    command = ["orderhub", "practice", "--out", str(out), "--port", str(INNER), "--orders", orders]
    child = await asyncio.create_subprocess_exec(*command)
    told = asyncio.Event()

    def stop() -> None:
        told.set()
        child.terminate()  # the systems behind it end with it

    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop)
    ended = asyncio.create_task(child.wait())
    found: list[tuple[str, str]] = []
    while not found and not ended.done():
        await asyncio.wait([ended], timeout=0.5)
        found = list(connections(note.read_text("utf-8"), host)) if note.exists() else []
    if ended.done():
        return 0 if told.is_set() else ended.result()
    kept.mkdir(exist_ok=True)
    for name, value in found:
        (kept / name).write_text(value, "utf-8")
    async with await asyncio.start_server(door, "0.0.0.0", PORT):
        code = await ended
    return 0 if told.is_set() else code


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2])))
