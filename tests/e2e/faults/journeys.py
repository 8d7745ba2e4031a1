"""Uploads that are under way while something happens: one is being sent, one is being processed."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.faults.asking import AWAY
from tests.e2e.people import CLIP, Person
from tests.e2e.uploading import begin, parts_of, processing, send, send_part

PASSING = AWAY | {0, 500}
"""Answers of the edge and, to parts, of the object store itself (S3 says 500 where it cannot say why)."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One upload on its way."""

    person: Person
    upload_id: str
    video_id: str
    left: tuple[tuple[int, bytes], ...]
    """Parts that are still to be sent."""

    def finish_sending(self, seconds: float) -> None:
        """Sends what is left and completes, trying again what passes by itself."""
        give_up = time.monotonic() + seconds
        path = f"/v1/uploads/{self.upload_id}"
        for number, part in self.left:
            digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
            sign = {"parts": [{"number": number, "size_bytes": str(len(part)), "sha256": digest}]}
            signed = patiently(lambda: self.person.post(f"{path}/parts:sign", sign), give_up).json()["parts"][0]  # noqa: B023
            patiently(lambda: self._put(signed, part), give_up)  # noqa: B023
            receipt = {"parts": [{"number": number, "sha256": digest}]}
            patiently(lambda: self.person.post(f"{path}/parts:confirm", receipt), give_up)  # noqa: B023
        patiently(lambda: self.person.post(f"{path}:complete", {}), give_up)

    def _put(self, signed: dict[str, Any], part: bytes) -> httpx.Response:
        answer = self.person.edge.put(
            signed["url"], content=part, headers={**signed["headers"], "authorization": ""}, timeout=20
        )
        # 412: an earlier try had stored it, and its answer was lost.
        return httpx.Response(200, request=answer.request) if answer.status_code == 412 else answer

    def wait_processed(self, seconds: float) -> None:
        """Returns when it became exactly one processed video."""
        give_up = time.monotonic() + seconds
        while True:
            answer = patiently(lambda: self.person.get(f"/v1/videos/{self.video_id}/processing"), give_up, {404})
            now = answer.json().get("processing", {}) if answer.status_code == 200 else {}
            if now.get("state") == "PROCESSING_STATE_PROCESSED":
                break
            assert now.get("state") != "PROCESSING_STATE_FAILED", now
            assert time.monotonic() < give_up, f"stuck: {now}"
            time.sleep(0.2)
        files = self.person.get(f"/v1/videos/{self.video_id}/files").raise_for_status().json()["files"]
        qualities = [file["quality"] for file in files]
        assert len(qualities) == len(set(qualities)) == len(now["renditions"]), qualities
        assert "audio" in qualities


def patiently(
    call: Callable[[], httpx.Response], give_up: float, also: set[int] | frozenset[int] = frozenset()
) -> httpx.Response:
    """Repeats a call for as long as a part that it needs is away; any other failure is one."""
    while True:
        try:
            answer = call()
        except httpx.TransportError as error:
            why, answer = repr(error), None
        else:
            if answer.is_success or answer.status_code in also:
                return answer
            why = f"{answer.status_code}: {answer.text}"
            assert answer.status_code in PASSING, f"{answer.request.url}: {why}"
        assert time.monotonic() < give_up, why
        time.sleep(0.3)


def being_sent(person: Person, file: Path) -> Journey:
    """An upload whose first part is there."""
    made = begin(person, file)
    parts = list(parts_of(file, made["upload"]).items())
    assert len(parts) > 1, "it has one part alone"
    upload_id = made["upload"]["upload_id"]
    send_part(person, upload_id, *parts[0])
    return Journey(person, upload_id, made["video"]["video_id"], tuple(parts[1:]))


def being_processed(person: Person, file: Path = CLIP) -> Journey:
    """An upload that is complete, and whose processing has begun but not ended."""
    made = begin(person, file)
    send(person, file, made["upload"])
    person.post(f"/v1/uploads/{made['upload']['upload_id']}:complete", {}).raise_for_status()
    journey = Journey(person, made["upload"]["upload_id"], made["video"]["video_id"], ())
    give_up = time.monotonic() + 30
    while not processing(person, journey.video_id).get("renditions"):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    return journey
