"""Which picture is shown for a video, whatever was uploaded, chosen and deleted before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from svc_transcode.media import jobs as media
from svc_transcode.processing import outcomes, pictures
from svc_transcode.processing.leftovers import kept_prefixes
from svc_transcode.processing.model import HEAD, Head, Made, State, Still
from vidmesh.transcode.v1.transcode_events_pb2 import StillsMade

from .videos import NOW, VIDEO_ID

HEAD_AT_FIRST = Head(VIDEO_ID, "a-channel", 1000, State.ENCODING, run=1, start_time=NOW)
STILLS = tuple(Still(f"t/t-r1.1.1/thumbnail-{number}.jpg", 640, 360, Fraction(number)) for number in range(4))
OWN = Still("t/u-1/picture.jpg", 1280, 720, None)
WITH_STILLS = pictures.suggested(HEAD_AT_FIRST, STILLS)


def chosen(head: Head, picture: Still) -> Head:
    after = pictures.chosen(head, pictures.thumbnail_id(picture))
    assert after is not None
    return after


def test_nothing_is_shown_before_there_is_anything() -> None:
    assert pictures.shown(HEAD_AT_FIRST) is None
    assert pictures.for_viewers(HEAD_AT_FIRST) == ()


def test_the_best_of_the_video_is_shown_until_people_choose() -> None:
    assert pictures.shown(WITH_STILLS) == STILLS[0]
    assert pictures.for_viewers(WITH_STILLS) == STILLS
    after = chosen(WITH_STILLS, STILLS[2])
    assert pictures.shown(after) == STILLS[2]
    assert pictures.for_viewers(after) == (STILLS[2], STILLS[0], STILLS[1], STILLS[3])
    assert pictures.chosen(after, "another") is None


def test_an_uploaded_one_is_shown_until_another_is_chosen_and_then_is_nobody_elses() -> None:
    after = pictures.uploaded(WITH_STILLS, OWN)
    assert pictures.for_viewers(after) == (OWN, *STILLS)
    other = chosen(after, STILLS[1])
    assert OWN not in pictures.for_viewers(other)
    assert pictures.pictures(other) == (OWN, *STILLS)
    assert pictures.shown(pictures.without_own(after)) == STILLS[0]
    assert pictures.shown(pictures.without_own(other)) == STILLS[1]


def test_stills_that_come_later_do_not_take_the_place_of_an_uploaded_one() -> None:
    head, _ = pictures.decided(HEAD_AT_FIRST, pictures.uploaded(HEAD_AT_FIRST, OWN), NOW)
    result = media.ThumbnailsMade(
        tuple(
            media.Thumbnail(Fraction(number), 640, 360, media.File(f"thumbnail-{number}.jpg", 1, "0" * 64))
            for number in range(9)
        )
    )
    after, told = outcomes.stills(head, result, Made("", "t/t-r1.1.1"), NOW)
    assert (pictures.shown(after), told) == (OWN, ())
    assert len(after.stills) == pictures.MOST_SUGGESTED
    assert HEAD.validate_json(HEAD.dump_json(after)) == after


def test_each_of_them_is_kept_in_the_store() -> None:
    kept = kept_prefixes(pictures.uploaded(WITH_STILLS, OWN), ())
    assert {OWN.path, *(still.path for still in STILLS)} <= set(kept)
    assert not "t/u-2/picture.jpg".startswith(kept), "one that was written by whoever died before naming it"


ACTIONS = st.tuples(st.sampled_from(["upload", "choose", "delete", "stills"]), st.integers(0, 5))


@given(st.lists(st.tuples(ACTIONS, st.integers(-5, 5)), max_size=12))
def test_who_follows_the_events_shows_what_the_head_shows_however_clocks_are_set(
    actions: list[tuple[tuple[str, int], int]],
) -> None:
    head, followed = HEAD_AT_FIRST, list[StillsMade]()
    for (what, number), clock in actions:
        match what:
            case "upload":
                after = pictures.uploaded(head, replace(OWN, path=f"t/u-{len(followed)}-{number}/picture.jpg"))
            case "choose":
                there = pictures.pictures(head)
                after = chosen(head, there[number % len(there)]) if there else head
            case "delete":
                after = pictures.without_own(head)
            case _:
                after = pictures.suggested(head, STILLS)
        head, told = pictures.decided(head, after, NOW + timedelta(seconds=clock))
        followed += [event for event in told if isinstance(event, StillsMade)]
        shown = pictures.shown(head)
        assert (shown.path if shown else "") == (followed[-1].path if followed else "")
    times = [event.decide_time.ToDatetime(UTC) for event in followed]
    assert times == sorted(set(times))
