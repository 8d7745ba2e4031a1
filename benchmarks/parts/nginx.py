"""nginx with one folder of files and nothing else: what a segment costs where nobody asks who reads it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WORKERS: Final = 2
"""As many as the edge of one machine has threads."""
START: Final = 10.0
"""Seconds until it must answer."""
CONFIG: Final = """\
daemon off;
worker_processes $workers;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 1000000;
  open_file_cache max=100;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  server { listen 127.0.0.1:$port; root files; }
}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """One that answers."""

    url: str
    """Of the file."""
    pid: int


@asynccontextmanager
async def an_nginx(file: bytes) -> AsyncGenerator[Nginx | None]:
    """Serves this file; None where there is no nginx on the PATH. Gone after the block.

    Raises TimeoutError where it does not answer.
    """
    programme = shutil.which("nginx")
    if programme is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as name:
        folder, port = Path(name), _free_port()
        _lay_out(folder, port, file)
        with (folder / "log").open("wb") as log:
            nginx = await asyncio.create_subprocess_exec(
                *(programme, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr"),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            await _answering(port)
            yield Nginx(f"http://127.0.0.1:{port}/segment", nginx.pid)
        finally:
            if nginx.returncode is None:
                nginx.terminate()
            await nginx.wait()


def _lay_out(folder: Path, port: int, file: bytes) -> None:
    (folder / "files").mkdir()
    (folder / "files" / "segment").write_bytes(file)
    text = CONFIG.replace("$workers", str(WORKERS)).replace("$port", str(port))
    # Its workers would otherwise be nobody, who may not read what is root's.
    (folder / "nginx.conf").write_text(("user root;\n" if os.geteuid() == 0 else "") + text, encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def _answering(port: int) -> None:
    async with asyncio.timeout(START):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return
