"""What people may change about a video."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mesh.errors import Fault
from svc_upload.videos import edits
from svc_upload.videos.domain import Texts, etag_of
from vidmesh.upload.v1.video_pb2 import ContentType, Video, Visibility

from .videos import EARLIER, LATER, NOW, video

PRIVATE, UNLISTED, PUBLIC = (
    Visibility.VISIBILITY_PRIVATE,
    Visibility.VISIBILITY_UNLISTED,
    Visibility.VISIBILITY_PUBLIC,
)


def test_a_new_video_gets_the_defaults_of_the_contract() -> None:
    assert edits.texts_of(Video(title="T"), "clip.mp4") == Texts(
        title="T", category="Entertainment", language="en", content_type=ContentType.CONTENT_TYPE_VIDEO
    )
    assert edits.visibility_of(Video()) == PRIVATE


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("Summer in Rome.mp4", "Summer in Rome"),
        ("a.b.c.mov", "a.b.c"),
        ("without ending", "without ending"),
        ("/videos/of/mine/clip.mp4", "clip"),
        ("C:\\fakepath\\clip.mp4", "clip"),
        (".mp4", ".mp4"),
        (" two\nlines\t .mp4", "two lines"),
        ("ä" * 120 + ".mp4", "ä" * 100),
        ("", "Untitled"),
        ("folder/", "Untitled"),
        ("\u200b.mp4", "Untitled"),
    ],
)
def test_a_new_video_without_a_title_gets_the_name_of_its_file(filename: str, title: str) -> None:
    assert edits.texts_of(Video(), filename).title == title
    assert edits.texts_of(Video(title=" \t"), filename).title == title
    assert edits.texts_of(Video(title=" Mine"), filename).title == " Mine"


@pytest.mark.parametrize("mask", [["title"], ["*"]])
def test_a_title_cannot_be_taken_away(mask: list[str]) -> None:
    with pytest.raises(Fault) as caught:
        edits.edit(video(texts=Texts(title="old")), Video(title="  "), mask)
    assert caught.value.reason_name == "INVALID_FIELD"


def test_a_video_of_earlier_days_without_a_title_can_be_edited_otherwise() -> None:
    assert edits.edit(video(texts=Texts()), Video(description="new"), []).texts.title == ""


def test_tags_are_kept_once_each_in_order() -> None:
    assert edits.texts_of(Video(tags=["b", "a", "b"]), "clip.mp4").tags == ("b", "a")


def test_an_unknown_category_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Fault) as caught:
        edits.texts_of(Video(category="Catz"), "clip.mp4")
    assert caught.value.reason_name == "INVALID_FIELD"
    assert "Entertainment" in caught.value.sentence


def test_a_mask_names_what_changes_even_to_empty() -> None:
    record = video(texts=Texts(title="old", description="old", tags=("x",), category="Music"))
    new = edits.edit(record, Video(title="new"), ["title", "tags", "category"])
    assert new.texts == Texts(title="new", description="old", category="Entertainment")


def test_without_a_mask_what_is_not_empty_changes() -> None:
    record = video(texts=Texts(title="old", description="old", age_restriction=True))
    new = edits.edit(record, Video(description="new"), [])
    assert new.texts == Texts(title="old", description="new", age_restriction=True)


def test_a_star_replaces_everything_that_can_be_edited() -> None:
    record = video(texts=Texts(title="old", description="old", tags=("x",)))
    assert edits.edit(record, Video(title="new"), ["*"]).texts == Texts(title="new")


@pytest.mark.parametrize("path", ["visibility", "video_id", "view_count", "nonsense", "title.x"])
def test_a_mask_with_any_other_field_is_refused(path: str) -> None:
    with pytest.raises(Fault) as caught:
        edits.edit(video(), Video(), ["title", path])
    assert [violation.field for violation in caught.value.violations] == ["update_mask"]


def test_a_stale_etag_is_refused_and_the_current_one_is_not() -> None:
    record = video()
    assert edits.edit(record, Video(title="new", etag=etag_of(record)), []).texts.title == "new"
    with pytest.raises(Fault) as caught:
        edits.edit(replace(record, generation=2), Video(title="new", etag=etag_of(record)), [])
    assert caught.value.reason_name == "ETAG_MISMATCH"


def test_a_deleted_video_is_neither_edited_nor_published() -> None:
    record = video(delete_time=EARLIER)
    for change in (
        lambda: edits.edit(record, Video(title="x"), []),
        lambda: edits.publish(record, PUBLIC, None, "", NOW),
    ):
        with pytest.raises(Fault) as caught:
            change()
        assert caught.value.reason_name == "VIDEO_DELETED"


def test_publishing_a_playable_video_sets_its_publish_time() -> None:
    record = edits.publish(video(playable_time=EARLIER), PUBLIC, None, "", NOW)
    assert (record.visibility, record.publish_time) == (PUBLIC, NOW)


def test_publishing_before_it_can_be_played_leaves_the_time_open() -> None:
    assert edits.publish(video(), PUBLIC, None, "", NOW).publish_time is None


def test_the_first_publish_time_survives_going_private_and_coming_back() -> None:
    record = video(playable_time=EARLIER, visibility=PUBLIC, publish_time=EARLIER)
    hidden = edits.publish(record, PRIVATE, None, "", NOW)
    assert hidden.publish_time == EARLIER
    assert edits.publish(hidden, PUBLIC, None, "", NOW).publish_time == EARLIER


def test_publishing_twice_changes_nothing() -> None:
    once = edits.publish(video(playable_time=EARLIER), PUBLIC, None, "", NOW)
    assert edits.publish(once, PUBLIC, None, "", LATER) == once
    planned = edits.publish(video(playable_time=EARLIER), PUBLIC, LATER, "", NOW)
    assert edits.publish(planned, PUBLIC, LATER, "", LATER + timedelta(seconds=1)) == planned


def test_publishing_now_overrides_a_schedule() -> None:
    planned = video(playable_time=EARLIER, visibility=PUBLIC, publish_time=LATER)
    assert edits.publish(planned, PUBLIC, None, "", NOW).publish_time == NOW


def test_hiding_a_scheduled_video_forgets_the_schedule() -> None:
    planned = video(playable_time=EARLIER, visibility=PUBLIC, publish_time=LATER)
    assert edits.publish(planned, UNLISTED, None, "", NOW).publish_time is None


@pytest.mark.parametrize(("visibility", "at"), [(PUBLIC, EARLIER), (PUBLIC, NOW), (PRIVATE, LATER), (UNLISTED, LATER)])
def test_a_publish_time_is_in_the_future_and_of_a_public_video(visibility: Visibility.ValueType, at: object) -> None:
    with pytest.raises(Fault) as caught:
        edits.publish(video(), visibility, at, "", NOW)  # type: ignore[arg-type]
    assert caught.value.reason_name == "INVALID_PUBLISH_TIME"


def test_deleting_twice_keeps_the_first_time_whatever_the_etag() -> None:
    once = edits.delete(video(), "", NOW)
    assert edits.delete(once, "stale", LATER) == once
    assert edits.undelete(once) == video()
    assert edits.undelete(video()) == video()


def test_what_is_being_purged_is_not_brought_back() -> None:
    going = video(delete_time=EARLIER, purging=True)
    assert edits.undelete(going) == going


def test_a_scheduled_publication_is_announced_once_and_not_early() -> None:
    planned = video(visibility=PUBLIC, publish_time=LATER)
    assert edits.announced(planned, NOW) == planned
    told = edits.announced(planned, LATER)
    assert told != planned
    assert edits.announced(told, LATER) == told


def test_purging_is_due_after_the_time_to_undelete() -> None:
    assert edits.purge_due(video(delete_time=NOW), timedelta(days=1)) == NOW + timedelta(days=1)
    assert edits.purge_due(video(), timedelta(days=1)) is None
