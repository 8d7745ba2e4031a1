"""A build of the web app is published whole: a browser never finds a page whose files are not there."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.testing.store import RunningStore, running_store
from mesh.config import ObjectSettings, load_settings
from mesh.local.errors import StackError
from mesh.local.pages.build import read_build
from mesh.local.pages.publishing import publish
from mesh.pages import BUILD, BUILDS, GZIP, PLAIN

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text("{}")
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "main-1a.js").write_text("1")
    (tmp_path / "icon.svg").write_text("<svg/>")
    return tmp_path


def settings_of(store: RunningStore) -> ObjectSettings:
    return load_settings().objects.model_copy(
        update={"endpoint": store.url, "access_key": "a", "secret_key": SecretStr("b")}
    )


def test_the_page_comes_after_all_that_it_names_and_what_the_build_keeps_for_itself_does_not_come(folder: Path) -> None:
    assert [file.name for file in read_build(folder).files] == ["assets/main-1a.js", "icon.svg", "index.html"]


def test_browsers_are_told_what_each_file_is(folder: Path) -> None:
    kinds = {file.name: file.kind for file in read_build(folder).files}
    assert kinds["assets/main-1a.js"] == "text/javascript; charset=utf-8"
    assert kinds["icon.svg"] == "image/svg+xml"
    assert kinds["index.html"] == "text/html; charset=utf-8"


def test_a_folder_without_pages_says_how_they_are_built(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make web"):
        read_build(tmp_path)


@pytest.mark.parametrize("name", ["assets/sub/deep.js", "a b.svg", "assets/ä.js"])
def test_a_file_that_edges_would_not_serve_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("")
    with pytest.raises(StackError, match="cannot be served"):
        read_build(folder)


async def test_each_file_is_published_in_both_forms_and_once(folder: Path) -> None:
    async with running_store() as store:
        settings, build = settings_of(store), read_build(folder)
        assert await asyncio.to_thread(publish, settings, build)
        bucket = f"/{settings.media_bucket}/"
        assert store.objects[f"{bucket}{PLAIN}index.html"] == b"<!doctype html>"
        assert gzip.decompress(store.objects[f"{bucket}{GZIP}index.html"]) == b"<!doctype html>"
        written = [request.path.split("?")[0].removeprefix(bucket) for request in store.requests]
        assert written[-3:] == [f"{PLAIN}index.html", f"{GZIP}index.html", BUILD]
        assert written[:3] == [BUILD, BUILDS, BUILDS]
        first = next(request for request in store.requests if f"{PLAIN}assets/" in request.path)
        assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
        before = len(store.requests)
        assert not await asyncio.to_thread(publish, settings, read_build(folder))
        assert {request.method for request in store.requests[before:]} == {"GET"}


async def test_a_change_of_one_file_is_a_new_build_and_the_old_files_stay(folder: Path) -> None:
    async with running_store() as store:
        settings = settings_of(store)
        await asyncio.to_thread(publish, settings, read_build(folder))
        (folder / "assets" / "main-1a.js").rename(folder / "assets" / "main-2b.js")
        assert await asyncio.to_thread(publish, settings, read_build(folder))
        bucket = f"/{settings.media_bucket}/"
        assert {f"{bucket}{PLAIN}assets/main-1a.js", f"{bucket}{PLAIN}assets/main-2b.js"} <= set(store.objects)


async def test_the_files_of_an_earlier_build_go_two_weeks_after_another_took_its_place(folder: Path) -> None:
    async with running_store() as store:
        settings = settings_of(store)
        bucket = f"/{settings.media_bucket}/"

        def there() -> set[str]:
            return {path.removeprefix(f"{bucket}{GZIP}assets/") for path in store.objects if f"{GZIP}assets/" in path}

        async def publish_with(script: str, now: datetime) -> None:
            for old in (folder / "assets").glob("main-*.js"):
                old.unlink()
            (folder / "assets" / script).write_text(script)
            await asyncio.to_thread(publish, settings, read_build(folder), now)

        (folder / "assets" / "shared-00.js").write_text("same in all")
        await publish_with("main-1a.js", DAY_0)
        await publish_with("main-2b.js", DAY_0 + timedelta(days=100))
        assert there() == {"main-1a.js", "main-2b.js", "shared-00.js"}
        await publish_with("main-2b.js", DAY_0 + timedelta(days=113))
        assert there() == {"main-1a.js", "main-2b.js", "shared-00.js"}
        # Also where the same build is brought again, as with every start of a stack.
        await publish_with("main-2b.js", DAY_0 + timedelta(days=115))
        assert there() == {"main-2b.js", "shared-00.js"}
        assert not [path for path in store.objects if "main-1a" in path]
        # One that comes back is new.
        await publish_with("main-1a.js", DAY_0 + timedelta(days=120))
        await publish_with("main-1a.js", DAY_0 + timedelta(days=140))
        assert there() == {"main-1a.js", "shared-00.js"}


async def test_what_could_not_be_deleted_is_deleted_the_next_time(folder: Path) -> None:
    async with running_store() as store:
        settings = settings_of(store)
        await asyncio.to_thread(publish, settings, read_build(folder), DAY_0)
        (folder / "assets" / "main-1a.js").rename(folder / "assets" / "main-2b.js")
        await asyncio.to_thread(publish, settings, read_build(folder), DAY_0)
        later = DAY_0 + timedelta(days=30)
        store.failing_methods = {"DELETE"}
        with pytest.raises(StackError):
            await asyncio.to_thread(publish, settings, read_build(folder), later)
        store.failing_methods = set()
        assert not await asyncio.to_thread(publish, settings, read_build(folder), later)
        assert not [path for path in store.objects if "main-1a" in path]


async def test_a_record_that_is_none_deletes_nothing(folder: Path) -> None:
    async with running_store() as store:
        settings = settings_of(store)
        await asyncio.to_thread(publish, settings, read_build(folder), DAY_0)
        store.objects[f"/{settings.media_bucket}/{BUILDS}"] = b"{"
        before = {path for path in store.objects if BUILDS not in path}
        await asyncio.to_thread(publish, settings, read_build(folder), DAY_0 + timedelta(days=400))
        assert before < set(store.objects)


async def test_a_store_that_does_not_take_them_leaves_the_former_pages_served(folder: Path) -> None:
    async with running_store() as store:
        settings = settings_of(store)
        await asyncio.to_thread(publish, settings, read_build(folder))
        served = dict(store.objects)
        (folder / "index.html").write_text("new")
        store.failing = 507
        with pytest.raises(StackError, match="507"):
            await asyncio.to_thread(publish, settings, read_build(folder))
        assert store.objects == served
