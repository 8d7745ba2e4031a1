"""A rendition as a file to keep: fetched by its address, played from disk, and gone with its video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from svc_transcode.media.boxes import boxes
from tests.e2e.patience import eventually
from tests.e2e.people import CLIP_FRAMES, Person, nobody, somebody
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload

QUALITY = "360p"


def asked(person: Person, video_id: str) -> dict[str, Any]:
    answer = person.post(f"/v1/videos/{video_id}/downloads", {"quality": QUALITY})
    return answer.raise_for_status().json()["download"]


def ready(person: Person, video_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = person.get(f"/v1/videos/{video_id}/downloads").raise_for_status().json().get("downloads", [])
        assert len(found) == 1, found
        return found[0] if found[0]["state"] == "DOWNLOAD_STATE_READY" else None

    return eventually(look)


@pytest.mark.timeout(600)
def test_a_creator_keeps_a_rendition_that_plays_from_its_front(stack: Stack, tmp_path: Path) -> None:
    person = somebody(stack)
    video_id = upload(person, title="A film: the 1st", seconds=240)
    assert asked(person, video_id)["state"] == "DOWNLOAD_STATE_MAKING"
    asked(person, video_id)
    made = ready(person, video_id)
    with nobody(stack) as anybody:
        answer = anybody.get(made["url"]).raise_for_status()
        part = anybody.get(made["url"], headers={"range": "bytes=0-99"})
    assert answer.headers["content-disposition"] == f'attachment; filename="A-film-the-1st-{QUALITY}.mp4"'
    assert answer.headers["content-type"] == "video/mp4"
    assert len(answer.content) == int(made["size_bytes"])
    assert (part.status_code, part.content) == (httpx.codes.PARTIAL_CONTENT, answer.content[:100])
    assert [box.kind for box in boxes(answer.content)] == ["ftyp", "moov", "free", "mdat"]
    file = tmp_path / made["file_name"]
    file.write_bytes(answer.content)
    with av.open(str(file)) as container:
        pictures = [frame.pts or 0 for frame in container.decode(video=0)]
    with av.open(str(file)) as container:
        sound = sum(frame.samples for frame in container.decode(audio=0))
    assert len(pictures) == CLIP_FRAMES
    assert pictures == sorted(set(pictures)), "each at a time of its own"
    assert abs(sound / 48_000 - 5.3) < 0.2

    person.publish(video_id, "PUBLIC")
    other = somebody(stack)
    refused = other.post(f"/v1/videos/{video_id}/downloads", {"quality": QUALITY})
    assert refused.status_code == httpx.codes.FORBIDDEN, refused.text
    assert other.get(f"/v1/videos/{video_id}/downloads").status_code == httpx.codes.FORBIDDEN
    person.edge.delete(f"/v1/videos/{video_id}").raise_for_status()

    def gone() -> bool:
        with nobody(stack) as anybody:
            return anybody.get(made["url"]).status_code in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}

    assert eventually(gone)
    person.edge.close()
    other.edge.close()
