"""What every object store has to keep, on the real one of the one-machine stack."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from mesh.objects import (
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
    Objects,
    ObjectsRefused,
    ObjectsUnavailable,
    connect_objects,
)
from mesh.testing.servers import WeedServer, free_ports

pytestmark = pytest.mark.asyncio(loop_scope="session")  # one S3 client for all tests


def new_prefix() -> str:
    return f"v/{secrets.token_hex(6)}/"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_what_is_put_can_be_read_whole_in_part_and_described(objects: Objects, bucket: str) -> None:
    key = new_prefix() + "a b+c~é.mp4"
    written = await objects.put(bucket, key, b"0123456789", content_type="video/mp4", cache_control="max-age=5")

    assert await objects.get(bucket, key) == b"0123456789"
    assert await objects.get(bucket, key, byte_range=range(2, 5)) == b"234"
    info = await objects.head(bucket, key)
    assert info is not None
    assert (info.key, info.size, info.content_type, info.etag) == (key, 10, "video/mp4", written.etag)


async def test_an_empty_object_is_an_object(objects: Objects, bucket: str) -> None:
    key = new_prefix() + "empty"
    await objects.put(bucket, key, b"")
    assert await objects.get(bucket, key) == b""
    info = await objects.head(bucket, key)
    assert info is not None
    assert info.size == 0


async def test_a_file_is_sent_from_disk_and_comes_back_to_disk_with_its_digest(
    objects: Objects, bucket: str, tmp_path: Path
) -> None:
    content = secrets.token_bytes(9_000_000)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(content)
    key = new_prefix() + "big"

    await objects.put(bucket, key, source)
    digest = await objects.get_to(bucket, key, target)

    assert digest == hashlib.sha256(content).hexdigest()
    assert target.read_bytes() == content
    assert names_in(tmp_path) == ["source", "target"]


async def test_what_does_not_exist_is_missing(objects: Objects, bucket: str, tmp_path: Path) -> None:
    key = new_prefix() + "nothing"
    with pytest.raises(ObjectMissing):
        await objects.get(bucket, key)
    with pytest.raises(ObjectMissing):
        await objects.get_to(bucket, key, tmp_path / "target")
    with pytest.raises(ObjectMissing):
        await objects.get("no-such-bucket", key)
    assert names_in(tmp_path) == []
    assert await objects.head(bucket, key) is None
    await objects.delete(bucket, key)


async def test_a_range_beyond_the_end_is_an_error_and_never_a_short_answer(objects: Objects, bucket: str) -> None:
    key = new_prefix() + "short"
    await objects.put(bucket, key, b"0123456789")
    with pytest.raises(ObjectDamaged):
        await objects.get(bucket, key, byte_range=range(5, 15))
    with pytest.raises(ObjectDamaged):
        await objects.get(bucket, key, byte_range=range(20, 30))
    with pytest.raises(ValueError, match="range"):
        await objects.get(bucket, key, byte_range=range(5, 5))


async def test_a_new_object_is_refused_where_the_key_is_taken(objects: Objects, bucket: str) -> None:
    key = new_prefix() + "once"
    await objects.put(bucket, key, b"first", new=True)
    with pytest.raises(ObjectExists):
        await objects.put(bucket, key, b"second", new=True)
    assert await objects.get(bucket, key) == b"first"


async def test_a_listing_is_ordered_and_paged_without_gaps_or_repeats(objects: Objects, bucket: str) -> None:
    prefix = new_prefix()
    keys = [f"{prefix}{name}" for name in ("a", "b/1", "b/2", "b2", "c")]
    for key in reversed(keys):
        await objects.put(bucket, key, b"x")
    await objects.put(bucket, prefix[:-1] + "x/outside", b"x")

    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await objects.list(bucket, prefix, limit=2, cursor=cursor)
        assert len(page.objects) <= 2
        seen += [found.key for found in page.objects]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == keys


async def test_deleting_a_prefix_takes_everything_below_it_and_nothing_beside_it(objects: Objects, bucket: str) -> None:
    prefix = new_prefix()
    beside = prefix[:-1] + "x/kept"
    for key in (f"{prefix}a", f"{prefix}b/c", beside):
        await objects.put(bucket, key, b"x")

    assert await objects.delete_prefix(bucket, prefix) == 2
    assert await objects.delete_prefix(bucket, prefix) == 0
    assert (await objects.list(bucket, prefix)).objects == ()
    assert await objects.head(bucket, beside) is not None


@pytest.mark.parametrize("prefix", ["", "/", "v/abc"])
async def test_a_prefix_that_could_take_more_than_meant_is_refused(objects: Objects, bucket: str, prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        await objects.delete_prefix(bucket, prefix)


async def test_making_the_buckets_again_changes_nothing(objects: Objects, bucket: str) -> None:
    key = new_prefix() + "kept"
    await objects.put(bucket, key, b"x")
    await objects.ensure_buckets()
    assert await objects.get(bucket, key) == b"x"


async def test_a_wrong_secret_is_refused_and_not_retried_for_ever(weed: WeedServer, bucket: str) -> None:
    from pydantic import SecretStr

    wrong = weed.settings.model_copy(update={"secret_key": SecretStr("wrong" * 8)})
    async with connect_objects(wrong) as objects:
        with pytest.raises(ObjectsRefused):
            await objects.put(bucket, new_prefix() + "x", b"x")


async def test_a_store_that_is_down_is_unavailable_which_says_to_retry(weed: WeedServer, bucket: str) -> None:
    (port,) = free_ports(1)
    down = weed.settings.model_copy(update={"endpoint": f"http://127.0.0.1:{port}"})
    async with connect_objects(down) as objects:
        with pytest.raises(ObjectsUnavailable) as raised:
            await objects.head(bucket, "x")
    assert raised.value.retryable


async def test_buckets_are_made_where_they_are_missing_by_whoever_comes_first(weed: WeedServer) -> None:
    buckets = {"source_bucket": f"s{uuid4().hex}", "media_bucket": f"m{uuid4().hex}"}
    async with connect_objects(weed.settings.model_copy(update=buckets)) as objects:
        await asyncio.gather(objects.ensure_buckets(), objects.ensure_buckets())
        for bucket in buckets.values():
            await objects.put(bucket, "x", b"x", new=True)
            assert await objects.get(bucket, "x") == b"x"


async def test_buckets_are_not_made_with_a_wrong_secret_or_without_a_store(weed: WeedServer) -> None:
    from pydantic import SecretStr

    wrong = weed.settings.model_copy(update={"secret_key": SecretStr("wrong" * 8)})
    async with connect_objects(wrong) as objects:
        with pytest.raises(ObjectsRefused):
            await objects.ensure_buckets()
    (port,) = free_ports(1)
    down = weed.settings.model_copy(update={"endpoint": f"http://127.0.0.1:{port}"})
    async with connect_objects(down) as objects:
        with pytest.raises(ObjectsUnavailable):
            await objects.ensure_buckets(wait=timedelta(seconds=0.5))


async def test_the_first_calls_share_one_client_that_was_not_opened_before(weed: WeedServer, bucket: str) -> None:
    async with connect_objects(weed.settings) as objects:
        await objects.ensure_buckets()
        prefix = new_prefix()
        await asyncio.gather(*(objects.put(bucket, f"{prefix}{n}", b"x") for n in range(8)))
        assert await objects.delete_prefix(bucket, prefix) == 8
