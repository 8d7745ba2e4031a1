"""The requests in a stream of HTTP/1.1, told apart (RFC 9112), so that each can be let through or answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

END_OF_HEAD = b"\r\n\r\n"

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and the headers of a request."""

    raw: bytes

    @property
    def waits_before_its_body(self) -> bool:
        """It says `Expect: 100-continue`, so nobody knows whether its body comes once it was refused."""
        return b"100-continue" in self.raw.lower()

    @property
    def body_bytes(self) -> int:
        """Length of the body. Bodies in chunks are not read: S3 wants lengths."""
        for line in self.raw.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"transfer-encoding":
                raise ValueError(f"a body in chunks: {self.raw!r}")
            if name.strip().lower() == b"content-length":
                return int(value)
        return 0

    def refusal(self) -> bytes:
        """503 SlowDown; HEAD has no body in its answer."""
        kept = b"close" if self.waits_before_its_body else b"keep-alive"
        body = b"" if self.raw.startswith(b"HEAD ") else SLOW_DOWN
        return (
            b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: %s\r\nContent-Length: %d\r\n\r\n"
            % (kept, len(body))
        ) + body


@dataclass(slots=True)
class Requests:
    """Cuts what arrives into heads and pieces of bodies."""

    _pending: bytes = b""
    _body: int = field(default=0)

    def cut(self, data: bytes) -> Iterator[Head | bytes]:
        """What can be said of the bytes so far."""
        self._pending += data
        while self._pending:
            if self._body:
                piece, self._pending = self._pending[: self._body], self._pending[self._body :]
                self._body -= len(piece)
                yield piece
                continue
            head, found, rest = self._pending.partition(END_OF_HEAD)
            if not found:
                return
            self._pending = rest
            request = Head(head + END_OF_HEAD)
            self._body = request.body_bytes
            yield request
