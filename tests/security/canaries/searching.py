"""Looking for secrets in everything that a stack leaves behind and shows."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,}")
"""Any signed token at all (RFC 7515, compact form of a JWT): of people, of services, of grants."""
CHUNK = 1 << 22
OVERLAP = 4096


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret where it was found."""

    secret: str
    """What it is, never its value."""
    place: str

    def __str__(self) -> str:
        return f"{self.secret} in {self.place}"


def forms(value: str) -> list[bytes]:
    """How the value can stand somewhere: plain, quoted for a URL, in base64 from any of the three offsets."""
    plain = value.encode()
    found = {plain, quote(value, safe="").encode()}
    for lead in range(3):
        # What the bytes in front and behind bear on is cut off.
        encoded = base64.b64encode(b"\0" * lead + plain)
        cut = encoded[(lead * 8 + 5) // 6 : (lead + len(plain)) * 8 // 6]
        found |= {cut, cut.translate(bytes.maketrans(b"+/", b"-_"))}
    return [form for form in found if len(form) >= 8]


def in_bytes(content: bytes, secrets: Mapping[str, str]) -> Iterator[str]:
    """Names of the secrets that stand in it."""
    for name, value in secrets.items():
        if any(form in content for form in forms(value)):
            yield name


def in_files(folder: Path, secrets: Mapping[str, str]) -> list[Hit]:
    """Secrets, and signed tokens of any kind, in all files below a folder."""
    wanted = [(name, re.compile(b"|".join(map(re.escape, forms(value))))) for name, value in secrets.items()]
    wanted.append(("a signed token", TOKEN))
    hits: list[Hit] = []
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        place = str(file.relative_to(folder))
        found = {name for chunk in _chunks(file) for name, pattern in wanted if pattern.search(chunk)}
        hits += [Hit(name, place) for name in sorted(found)]
    return hits


def in_processes(pids: Iterable[int], secrets: Mapping[str, str]) -> list[Hit]:
    """Secrets and signed tokens on the command lines and in the environments of these processes and all below them."""
    hits: list[Hit] = []
    for pid in _with_children(set(pids)):
        for kind in ("cmdline", "environ"):
            try:
                content = Path(f"/proc/{pid}/{kind}").read_bytes()
            except OSError:
                continue
            place = f"{kind} of {Path(f'/proc/{pid}/comm').read_text().strip()}"
            hits += [Hit(name, place) for name in in_bytes(content, secrets)]
            hits += [Hit("a signed token", place)] if TOKEN.search(content) else []
    return hits


def _chunks(file: Path) -> Iterator[bytes]:
    tail = b""
    with file.open("rb") as opened:
        while more := opened.read(CHUNK):
            yield tail + more
            tail = more[-OVERLAP:]


def _with_children(pids: set[int]) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                # Behind the name, which may hold anything: state, then the parent.
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found
