"""Files to keep are sent as such, and past the edge's cache."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

VIDEO, SEGMENT = "abcdefghijk", "s/job-1/00002.m4s"
CONTENT = bytes(range(256))


async def test_a_file_to_keep_is_saved_under_its_name_and_not_kept_by_the_edge(
    installation: Any, http: httpx.AsyncClient, grant: str
) -> None:
    installation.store.objects[f"/{installation.media_bucket}/v/{VIDEO}/{SEGMENT}"] = CONTENT
    path = f"v/{VIDEO}/d/d-720p-1.1.1/A-film-720p.mp4"
    installation.store.objects[f"/{installation.media_bucket}/{path}"] = CONTENT
    for _ in range(2):
        answer = await http.get(f"/media/~{grant}/{path}")
        assert (answer.status_code, answer.content) == (httpx.codes.OK, CONTENT)
        assert answer.headers["content-disposition"] == 'attachment; filename="A-film-720p.mp4"'
    asked = [one.method for one in installation.store.requests if one.path == f"/{installation.media_bucket}/{path}"]
    assert asked == ["GET", "GET"]
    ranged = await http.get(f"/media/~{grant}/{path}", headers={"range": "bytes=10-19"})
    assert (ranged.status_code, ranged.content) == (httpx.codes.PARTIAL_CONTENT, CONTENT[10:20])
    assert "content-disposition" not in (await http.get(f"/media/~{grant}/v/{VIDEO}/{SEGMENT}")).headers
    missing = await http.get(f"/media/~{grant}/v/{VIDEO}/d/d-720p-1.1.1/none.mp4")
    assert missing.status_code == httpx.codes.NOT_FOUND
    assert "content-disposition" not in missing.headers
