"""HTTP/1.1 over one kept connection with next to no work of its own, so that it is the server which is measured."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

_BUFFER: Final = 1 << 20


class BadAnswer(Exception):  # noqa: N818 (it says what is the case)
    """The server answers something else than was expected."""


def request(url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A whole request, to be sent as often as wanted."""
    parts = urlsplit(url)
    lines = [f"{method} {parts.path}{'?' if parts.query else ''}{parts.query} HTTP/1.1", f"host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One connection. Blocking: for a thread, or a benchmark that has nothing else to do."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(_BUFFER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, whole: bytes) -> bytes:
        """The body of the answer, which must be 200. For short answers."""
        head, body = self._head(whole)
        if b"transfer-encoding: chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
            return _unchunked(body)
        length = _length(head)
        while len(body) < length:
            body += self._more()
        return body

    def drain(self, whole: bytes) -> int:
        """Reads the answer's body without keeping it; its bytes. For large answers."""
        head, body = self._head(whole)
        length, left = _length(head), _length(head) - len(body)
        while left:
            count = self._socket.recv_into(self._buffer, min(left, _BUFFER))
            if not count:
                raise BadAnswer("the connection ended in the middle of an answer")
            left -= count
        return length

    def _head(self, whole: bytes) -> tuple[bytes, bytes]:
        self._socket.sendall(whole)
        told = self._more()
        while (end := told.find(b"\r\n\r\n")) < 0:
            told += self._more()
        head = told[:end].lower()
        if not head.startswith(b"http/1.1 200"):
            raise BadAnswer(told[: end + 500].decode(errors="replace"))
        return head, told[end + 4 :]

    def _more(self) -> bytes:
        data = self._socket.recv(_BUFFER)
        if not data:
            raise BadAnswer("the connection ended in the middle of an answer")
        return data


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise BadAnswer("the answer does not tell its length")


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        count = int(size, 16)
        if not count:
            break
        whole, body = whole + body[:count], body[count + 2 :]
    return whole
