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

from tests.e2e.chaos.calling import Caller


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
    give_up: bool
    """Abort it when half of its parts are there."""
    seed: int

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def run(order: Order, caller: Caller) -> None:
    """From CreateUpload to CompleteUpload, or to AbortUpload."""
    rng = random.Random(order.seed)
    content = Path(order.file).read_bytes()
    body = {
        "request_id": order.request_id,
        "channel_id": order.channel_id,
        "size_bytes": str(len(content)),
        "filename": "clip.mp4",
        "video": {"title": order.title},
    }
    upload = caller.call("POST", "/v1/uploads", body)["upload"]
    path = f"/v1/uploads/{upload['upload_id']}"
    _acknowledge(order, upload_id=upload["upload_id"], video_id=upload["video_id"])
    if upload["state"] == "UPLOAD_STATE_COMPLETED":
        _acknowledge(order, ended="completed")
        return
    if upload["state"] == "UPLOAD_STATE_ABORTED":
        _acknowledge(order, ended="aborted")
        return
    there = {part["number"] for part in caller.call("GET", f"{path}/parts", page_size="1000").get("parts", [])}
    missing = [(number, part) for number, part in _cut(content, upload["layout"]) if number not in there]
    if order.give_up:
        missing = missing[: max(1, len(missing) // 2)]
    rng.shuffle(missing)
    for number, part in missing:
        _send_part(caller, path, number, part)
        _acknowledge(order, confirmed=number)
        time.sleep(rng.uniform(0, 0.3))
    end, ended = ("abort", "aborted") if order.give_up else ("complete", "completed")
    caller.call("POST", f"{path}:{end}", {})
    _acknowledge(order, ended=ended)


def _cut(content: bytes, layout: list[dict[str, Any]]) -> Iterator[tuple[int, bytes]]:
    offset = 0
    for piece in layout:
        for number in range(piece["first_number"], piece["first_number"] + piece["count"]):
            yield number, content[offset : offset + int(piece["size_bytes"])]
            offset += int(piece["size_bytes"])


def _send_part(caller: Caller, path: str, number: int, part: bytes) -> None:
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    sign = {"parts": [{"number": number, "size_bytes": str(len(part)), "sha256": digest}]}
    signed = caller.call("POST", f"{path}/parts:sign", sign)["parts"][0]
    stored = _put(caller, signed, part)
    # 412: an earlier try had stored it, and its answer was lost.
    if stored not in {200, 412}:
        raise RuntimeError(f"part {number} was not stored: {stored}")
    caller.call("POST", f"{path}/parts:confirm", {"parts": [{"number": number, "sha256": digest}]})


def _put(caller: Caller, signed: dict[str, Any], part: bytes) -> int:
    """The status of a PUT; a store that is coming back answers 500 for a while, as S3 may."""
    for _ in range(150):
        answer = caller.send("PUT", signed["url"], content=part, headers={**signed["headers"], "authorization": ""})
        if answer.status_code != 500:
            return answer.status_code
        time.sleep(0.2)
    return 500


def _acknowledge(order: Order, **what: object) -> None:
    with Path(order.acknowledged).open("a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    given = Order(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    with Caller.at(given.edge_url, given.token) as opened:
        run(given, opened)
