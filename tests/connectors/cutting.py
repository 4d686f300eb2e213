"""A line to a database that breaks on a word: the word arrives and is obeyed, its answer does not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Cut:
    """Where the line may be entered, and the word on which it breaks (b"": it never does) `after` another."""

    port: int = 0
    word: bytes = b""
    after: bytes = b"INSERT"
    lines: list[socket.socket] = field(default_factory=list)


@contextmanager
def cutting_line(upstream: str) -> Iterator[Cut]:
    """Listen on a port of this machine, and pass everything on to a Unix socket and back."""
    cut = Cut()
    with socket.create_server(("127.0.0.1", 0)) as server:
        cut.port = server.getsockname()[1]
        listening = threading.Thread(target=_listen, args=(server, upstream, cut), name="cutting-line")
        listening.start()
        try:
            yield cut
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            for line in cut.lines:
                _close(line)
            listening.join()


def _listen(server: socket.socket, upstream: str, cut: Cut) -> None:
    threads: list[threading.Thread] = []
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            break
        line = socket.socket(socket.AF_UNIX)
        line.connect(upstream)
        cut.lines += [client, line]
        threads += [
            threading.Thread(target=_pass_on, args=(client, line, cut)),
            threading.Thread(target=_pass_back, args=(line, client)),
        ]
        for thread in threads[-2:]:
            thread.start()
    for thread in threads:
        thread.join()


def _pass_on(client: socket.socket, line: socket.socket, cut: Cut) -> None:
    """Pass on what the client says; after the word wait for the answer and hang up instead of giving it."""
    armed = False
    with suppress(OSError):
        while chunk := client.recv(1 << 16):
            armed = armed or cut.after in chunk
            if cut.word and armed and cut.word in chunk:
                client.shutdown(socket.SHUT_RDWR)
                line.sendall(chunk)
                line.recv(1)  # it has obeyed
                break
            line.sendall(chunk)
    _close(client)
    _close(line)


def _pass_back(line: socket.socket, client: socket.socket) -> None:
    with suppress(OSError):
        while chunk := line.recv(1 << 16):
            client.sendall(chunk)
    _close(client)


def _close(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
