"""An upload by nothing but HTTP, as somebody with `curl` would do it."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from pathlib import Path
from typing import Any

from tests.e2e.people import CLIP, Person


def upload(person: Person, file: Path = CLIP, title: str = "Clip", seconds: float = 100) -> str:
    """Uploads a file and returns the video when it was processed to the end."""
    created = begin(person, file, title)
    upload_id, video_id = created["upload"]["upload_id"], created["video"]["video_id"]
    send(person, file, created["upload"])
    person.post(f"/v1/uploads/{upload_id}:complete", {}).raise_for_status()
    wait_for(person, video_id, "PROCESSED", seconds)
    return video_id


def begin(person: Person, file: Path = CLIP, title: str = "Clip") -> dict[str, Any]:
    """CreateUpload."""
    body = {
        "request_id": str(uuid.uuid4()),
        "channel_id": person.channel_id,
        "size_bytes": str(file.stat().st_size),
        "filename": file.name,
        "video": {"title": title},
    }
    return person.post("/v1/uploads", body).raise_for_status().json()


def send(person: Person, file: Path, upload: dict[str, Any]) -> None:
    """Signs, sends and confirms every part."""
    for number, part in parts_of(file, upload).items():
        send_part(person, upload["upload_id"], number, part)


def parts_of(file: Path, upload: dict[str, Any]) -> dict[int, bytes]:
    """The file cut as the upload's layout says, by number in order."""
    parts: dict[int, bytes] = {}
    content, offset = file.read_bytes(), 0
    for run in upload["layout"]:
        for number in range(run["first_number"], run["first_number"] + run["count"]):
            parts[number] = content[offset : offset + int(run["size_bytes"])]
            offset += int(run["size_bytes"])
    return parts


def send_part(person: Person, upload_id: str, number: int, part: bytes) -> None:
    """One part."""
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    sign = {"parts": [{"number": number, "size_bytes": str(len(part)), "sha256": digest}]}
    signed = person.post(f"/v1/uploads/{upload_id}/parts:sign", sign).raise_for_status().json()["parts"][0]
    stored = person.edge.put(signed["url"], content=part, headers={**signed["headers"], "authorization": ""})
    assert stored.status_code in {200, 412}, stored.text
    confirm = {"parts": [{"number": number, "sha256": digest}]}
    person.post(f"/v1/uploads/{upload_id}/parts:confirm", confirm).raise_for_status()


def processing(person: Person, video_id: str) -> dict[str, Any]:
    """GetProcessing; nothing yet for a video that no one has begun with."""
    answer = person.get(f"/v1/videos/{video_id}/processing")
    if answer.status_code == 404:
        return {"state": "PROCESSING_STATE_UPLOADING"}
    return answer.raise_for_status().json()["processing"]


def wait_for(person: Person, video_id: str, state: str, seconds: float = 100) -> dict[str, Any]:
    """Returns when the processing is in that state."""
    give_up = time.monotonic() + seconds
    while (now := processing(person, video_id))["state"] != f"PROCESSING_STATE_{state}":
        assert time.monotonic() < give_up, now
        time.sleep(0.1)
    return now
