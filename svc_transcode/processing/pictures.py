"""The pictures that may be shown for a video, and which of them is. Pure: heads in, heads out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.message import Message

from svc_transcode.processing.model import Head, Still
from vidmesh.transcode.v1.transcode_events_pb2 import StillsMade

MOST_SUGGESTED: Final = 5
_TICK: Final = timedelta(microseconds=1)


def thumbnail_id(picture: Still) -> str:
    """The same for as long as the picture is: another one has another path."""
    return hashlib.sha256(picture.path.encode()).hexdigest()[:16]


def pictures(head: Head) -> tuple[Still, ...]:
    """Those that can be chosen from: the uploaded one, then those of the video, the best first."""
    return (*((head.own_still,) if head.own_still else ()), *head.stills)


def shown(head: Head) -> Still | None:
    """The one that is shown: the chosen one while it is there, else the best of the video, else the uploaded one."""
    chosen = (picture for picture in pictures(head) if picture.path == head.chosen_still)
    return next(chosen, None) or next(iter((*head.stills, *pictures(head))), None)


def for_viewers(head: Head) -> tuple[Still, ...]:
    """The one that is shown, then the others of the video. What was uploaded and is not shown is nobody else's."""
    first = shown(head)
    return (first, *(still for still in head.stills if still != first)) if first else ()


def suggested(head: Head, found: Iterable[Still]) -> Head:
    """The same with the pictures that were taken from the video."""
    return replace(head, stills=tuple(found)[:MOST_SUGGESTED])


def uploaded(head: Head, picture: Still) -> Head:
    """The same with a picture of its people's own, which is shown."""
    return replace(head, own_still=picture, chosen_still=picture.path)


def chosen(head: Head, wanted: str) -> Head | None:
    """The same with another picture shown; None where there is none of that id."""
    for picture in pictures(head):
        if thumbnail_id(picture) == wanted:
            return head if picture == shown(head) else replace(head, chosen_still=picture.path)
    return None


def without_own(head: Head) -> Head:
    """The same without a picture of its people's own."""
    if head.own_still is None:
        return head
    kept = head.chosen_still if head.chosen_still != head.own_still.path else ""
    return replace(head, own_still=None, chosen_still=kept)


def decided(before: Head, after: Head, now: datetime) -> tuple[Head, tuple[Message, ...]]:
    """`after`, and what is to be told where another picture is shown than before.

    The time rises with each event of a video, whichever replica's clock it is from.
    """
    picture = shown(after)
    if picture == shown(before):
        return after, ()
    time = now if before.pictured_time is None else max(now, before.pictured_time + _TICK)
    told = StillsMade(video_id=after.video_id)
    if picture is not None:
        told.path, told.width, told.height = picture.path, picture.width, picture.height
    told.decide_time.FromDatetime(time.astimezone(UTC))
    return replace(after, pictured_time=time), (told,)
