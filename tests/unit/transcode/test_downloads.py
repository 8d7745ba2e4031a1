"""Files to keep: what may be asked for, what a worker reads, and when a file goes.

Invariant: of a rendition there is one file at a time, and a job that no file waits for changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.media import ADDRESS
from svc_transcode.downloads.domain import URL_LIFETIME, file_name, url_end
from svc_transcode.media import jobs as media
from svc_transcode.processing import domain, downloads, outcomes
from svc_transcode.processing.leftovers import kept_prefixes
from svc_transcode.processing.model import Download, Head, JobRow, JobState, Kind, Made, State, TrackState
from svc_transcode.processing.packaging import gather
from svc_transcode.processing.wanted import is_wanted

from .videos import NOW, OPTIONS, done, planned, source

ASKED = Download("360p", "d-360p-1", "Bunny-360p.mp4", NOW)
LEFT = Made("{}", "d/d-360p-1.1.1")


def processed() -> tuple[Head, list[JobRow]]:
    head, jobs = planned(source(20, audio=("en", "de")))
    rows = [done(job, head) for job in jobs.values() if job.kind in {Kind.VIDEO, Kind.AUDIO}]
    tracks = tuple(replace(track, state=TrackState.VERIFIED) for track in head.tracks)
    return replace(head, state=State.PROCESSED, tracks=tracks, end_time=NOW), rows


def asked() -> tuple[Head, JobRow]:
    head = downloads.asked(processed()[0], ASKED)
    [job] = downloads.pending(head)
    return head, job


def there(head: Head, job: JobRow) -> Head:
    return downloads.made(head, job, media.DownloadMade(media.File(ASKED.name, 77, "0" * 64)), LEFT, NOW)


def test_a_file_is_made_of_the_rendition_and_the_first_sound() -> None:
    head, rows = processed()
    head = downloads.asked(head, ASKED)
    [job] = downloads.pending(head)
    tracks = [gather(track, rows) for track in downloads.read(head, job)]
    assert [one.track.name for one in tracks] == ["360p", "audio"]
    text, objects = downloads.work(head, job, tracks, OPTIONS.bounds)
    spec = media.from_json(media.JOB, text)
    assert isinstance(spec, media.DownloadJob)
    assert (spec.name, spec.pictures, spec.samples) == (ASKED.name, 11, 20 * 50)
    assert objects == (*tracks[0].objects, *tracks[1].objects)


def test_a_file_is_there_for_a_day_and_deleted_an_hour_later() -> None:
    head, job = asked()
    assert downloads.found(head, "360p", NOW + timedelta(days=9)) == ASKED, "what is not made yet is waited for"
    head = there(head, job)
    found = downloads.found(head, "360p", NOW)
    assert found is not None
    assert (found.path, found.size) == ("d/d-360p-1.1.1/Bunny-360p.mp4", 77)
    assert url_end(found, NOW) == NOW + URL_LIFETIME
    end = NOW + timedelta(days=1)
    assert url_end(found, end + timedelta(minutes=59)) == end + timedelta(hours=1), "nothing is promised behind its end"
    assert downloads.found(head, "360p", end) is None
    assert downloads.over(head, end + timedelta(minutes=59)) == ()
    assert downloads.over(head, end + timedelta(hours=1)) == (found,)
    assert downloads.without(head, (found,)).downloads == ()


def test_a_file_that_cannot_be_made_says_so_and_is_asked_for_anew() -> None:
    head, job = asked()
    head, told = outcomes.given_up(head, job, permanent=True, now=NOW)
    assert (told, [one.failed for one in downloads.shown(head, NOW)]) == ((), [True])
    assert downloads.found(head, "360p", NOW) is None
    again = downloads.asked(head, replace(ASKED, job="d-360p-2"))
    assert [(one.job, one.failed) for one in again.downloads] == [("d-360p-2", False)]
    assert not is_wanted(again, job)


def test_a_job_counts_once_and_in_whichever_run() -> None:
    head, job = asked()
    assert is_wanted(replace(head, run=3), job)
    assert not is_wanted(there(head, job), job)
    assert not is_wanted(processed()[0], job)


@pytest.mark.parametrize("state", [State.PROBING, State.ENCODING, State.FAILED])
def test_nothing_is_asked_of_what_is_not_final(state: State) -> None:
    head, _ = processed()
    assert downloads.can_be_asked(head)
    assert not downloads.can_be_asked(replace(head, state=state))


def test_only_renditions_that_can_be_played_have_files() -> None:
    head, _ = processed()
    assert downloads.rendition(head, "audio") is None
    assert downloads.rendition(head, "1080p") is None
    failed = head.with_track(replace(head.track("720p"), state=TrackState.FAILED))
    assert downloads.rendition(failed, "720p") is None


def test_what_is_named_is_kept_and_other_attempts_are_not() -> None:
    head, job = asked()
    released = replace(job, state=JobState.RELEASED, release=1)
    assert "d/d-360p-1." in kept_prefixes(head, [released])
    made = replace(job, state=JobState.DONE, made=LEFT)
    assert kept_prefixes(there(head, job), [made]) == ("d/d-360p-1.1.1/Bunny-360p.mp4",)
    assert kept_prefixes(processed()[0], [made]) == ()
    assert domain.finished(head, NOW) is None


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Big Buck Bunny", "Big-Buck-Bunny-720p.mp4"),
        ("Frühstück: 2 Eier", "Fruhstuck-2-Eier-720p.mp4"),
        ("../../etc/passwd", "etc-passwd-720p.mp4"),
        ("映画", "video-720p.mp4"),
        ('a"; filename=b', "a-filename-b-720p.mp4"),
        ("", "video-720p.mp4"),
    ],
)
def test_a_file_is_named_after_the_title(title: str, name: str) -> None:
    assert file_name(title, "720p") == name


@given(st.text(max_size=300))
def test_every_title_gives_a_name_that_every_system_and_the_edge_take(title: str) -> None:
    name = file_name(title, "720p")
    assert len(name) < 80
    assert name.endswith("-720p.mp4")
    assert not name.startswith(("-", "."))
    assert re.fullmatch(ADDRESS, f"/media/~a.b.c/v/abcdefghijk/d/d-720p-1.1.1/{name}")
