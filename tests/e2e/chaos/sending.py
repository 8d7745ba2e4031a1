"""One upload in a process of its own, which may be killed: `python -m tests.e2e.chaos.sending ORDER.json`.

Whatever the installation acknowledged is written down before the next step, so that it is known after a SIGKILL what
must not be lost. Started again with the same order, it goes on: CreateUpload with the same request_id finds the
upload, ListParts says what is missing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.chaos.calling import Caller, RefusedError
from tests.e2e.chaos.told import Fate

SEND_AGAIN = 150
"""Tries at a PUT that the store answers by 500, as S3 may while it comes back."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to upload, and as whom."""

    edge_url: str
    token: str
    channel_id: str
    request_id: str
    title: str
    file: str
    acknowledged: str
    """File of JSON lines."""
    fate: Fate
    strays: bool
    """Store also what is never confirmed, before the end and after it."""
    expire_after: float
    """The installation's setting, seconds."""
    seed: int

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Order:
        given = json.loads(path.read_text(encoding="utf-8"))
        given["fate"] = Fate(given["fate"])
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Client:
    """The upload of one order."""

    order: Order
    caller: Caller
    rng: random.Random

    def run(self) -> None:
        """From CreateUpload to CompleteUpload, to AbortUpload, or to where it is left alone."""
        asked = time.time()
        content = Path(self.order.file).read_bytes()
        body = {
            "request_id": self.order.request_id,
            "channel_id": self.order.channel_id,
            "size_bytes": str(len(content)),
            "filename": "clip.mp4",
            "video": {"title": self.order.title},
        }
        upload = self.caller.call("POST", "/v1/uploads", body)["upload"]
        state = upload["state"].removeprefix("UPLOAD_STATE_").lower()
        self._acknowledge(upload_id=upload["upload_id"], video_id=upload["video_id"])
        if state == "active":
            self._acknowledge(active=asked)
            try:
                state = self._go_on(upload, content)
            except RefusedError:
                if not self._has_expired(upload):
                    raise
                state = "expired"
        self._acknowledge(ended=state)

    def _go_on(self, upload: dict[str, Any], content: bytes) -> str:
        """Sends what is missing, and ends it; how it ended."""
        path = f"/v1/uploads/{upload['upload_id']}"
        parts = list(_cut(content, upload["layout"]))
        there = {part["number"] for part in self.caller.call("GET", f"{path}/parts", page_size="1000").get("parts", [])}
        missing = [(number, part) for number, part in parts if number not in there]
        if self.order.fate in {Fate.ABORTED, Fate.LEFT_ALONE}:
            missing = missing[: len(parts) // 2 - len(there)] if len(there) < len(parts) // 2 else []
        self.rng.shuffle(missing)
        strays = [(number, self._stray(len(part))) for number, part in parts[:2]] if self.order.strays else []
        signed = [(self._sign(path, number, part), part) for number, part in strays]
        for one, part in signed[:1]:
            self._put(one, part)
        for number, part in missing:
            asked = time.time()
            self._send_part(path, number, part)
            self._acknowledge(confirmed=number, active=asked)
            time.sleep(self.rng.uniform(0, 0.3))
        ended = self._end(path)
        for one, part in signed[1:]:
            # Whether it is taken depends on the time: until the URL ends it is.
            self._put(one, part)
        return ended

    def _end(self, path: str) -> str:
        match self.order.fate:
            case Fate.LEFT_ALONE:
                return "expired"
            case Fate.ABORTED:
                self.caller.call("POST", f"{path}:abort", {})
                return "aborted"
            case _:
                self.caller.call("POST", f"{path}:complete", {})
                return "completed"

    def _has_expired(self, upload: dict[str, Any]) -> bool:
        """Whether a refusal is right because so much time has passed while things were away."""
        now = self.caller.call("GET", f"/v1/uploads/{upload['upload_id']}")["upload"]
        acknowledged = Path(self.order.acknowledged).read_text(encoding="utf-8").splitlines()
        active = max(what["active"] for line in acknowledged if "active" in (what := json.loads(line)))
        return now["state"] == "UPLOAD_STATE_EXPIRED" and time.time() - active >= self.order.expire_after

    def _stray(self, size: int) -> bytes:
        return self.rng.randbytes(size)

    def _sign(self, path: str, number: int, part: bytes) -> dict[str, Any]:
        sign = {"parts": [{"number": number, "size_bytes": str(len(part)), "sha256": _digest(part)}]}
        return self.caller.call("POST", f"{path}/parts:sign", sign)["parts"][0]

    def _send_part(self, path: str, number: int, part: bytes) -> None:
        stored = 403
        # 403: the URL ended while something was away.
        while stored == 403:
            stored = self._put(self._sign(path, number, part), part)
        # 412: an earlier try had stored it, and its answer was lost.
        if stored not in {200, 412}:
            raise RuntimeError(f"part {number} was not stored: {stored}")
        self.caller.call("POST", f"{path}/parts:confirm", {"parts": [{"number": number, "sha256": _digest(part)}]})

    def _put(self, signed: dict[str, Any], part: bytes) -> int:
        answer = httpx.Response(500)
        for _ in range(SEND_AGAIN):
            headers = {**signed["headers"], "authorization": ""}
            answer = self.caller.send("PUT", signed["url"], content=part, headers=headers)
            if answer.status_code != 500:
                break
            time.sleep(0.2)
        return answer.status_code

    def _acknowledge(self, **what: object) -> None:
        with Path(self.order.acknowledged).open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")


def _cut(content: bytes, layout: list[dict[str, Any]]) -> Iterator[tuple[int, bytes]]:
    offset = 0
    for piece in layout:
        for number in range(piece["first_number"], piece["first_number"] + piece["count"]):
            yield number, content[offset : offset + int(piece["size_bytes"])]
            offset += int(piece["size_bytes"])


def _digest(part: bytes) -> str:
    return base64.b64encode(hashlib.sha256(part).digest()).decode()


if __name__ == "__main__":
    order = Order.read(Path(sys.argv[1]))
    with Caller.at(order.edge_url, order.token) as opened:
        Client(order, opened, random.Random(order.seed)).run()
