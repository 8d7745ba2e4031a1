"""Which captions a video has, when manifests follow, and what is found in its source."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from svc_transcode.media import jobs as media
from svc_transcode.media.info import SubtitleInfo
from svc_transcode.processing import captions, domain, outcomes, plan, view
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.leftovers import kept_prefixes
from svc_transcode.processing.model import Caption, Failure, Head, JobState, Kind, Made, Origin, State, Still

from .videos import NOW, OPTIONS, VIDEO_ID, planned, source

BROKEN = Failure("PROCESSING", "It is broken.")
TRACKS = (
    SubtitleInfo(3, "subrip", "eng", "SDH"),
    SubtitleInfo(4, "hdmv_pgs_subtitle", "fre", ""),
    SubtitleInfo(5, "mov_text", "und", ""),
)


def caption(language: str, name: str = "", path: str = "c/u-1/captions.vtt") -> Caption:
    return Caption(captions.caption_id(language, name), language, name, path, Origin.UPLOADED, 3, 9000, NOW)


def added(head: Head, *some: Caption) -> Head:
    for one in some:
        found = captions.with_caption(head, one)
        assert found is not None
        head = found
    return head


def published() -> Head:
    """A video whose tracks are all published, with captions in its source."""
    head, jobs = planned(replace(source(6), subtitles=TRACKS))
    for job in jobs.values():
        if job.kind in {Kind.VIDEO, Kind.AUDIO}:
            head = domain.chunk_made(head, job)
    return domain.published(head, [track.name for track in head.tracks], "1-a", NOW)


def processed() -> Head:
    head = published()
    for track in head.tracks:
        head = domain.read_back(head, track.name)
    ended = domain.finished(head, NOW)
    assert ended is not None
    return replace(ended, stills=(Still("t/x", 1, 1, OPTIONS.chunk),), storyboard="b/x/storyboard.vtt")


@pytest.mark.parametrize("state", [State.ENCODING, State.PROCESSED])
def test_captions_that_are_not_in_the_manifests_make_a_new_generation(state: State) -> None:
    head = processed() if state is State.PROCESSED else published()
    assert domain.to_publish(head) == ()
    head = added(head, caption("en"))
    assert domain.to_publish(head) == head.tracks
    after = domain.published(head, [track.name for track in head.tracks], "2-b", NOW)
    assert (after.generation, after.state, after.listed_captions) == (2, state, ("c/u-1/captions.vtt",))
    assert domain.to_publish(after) == ()
    assert domain.to_publish(captions.without(after, caption("en").caption_id)) == head.tracks
    assert domain.to_publish(added(after, caption("en", path="c/u-2/captions.vtt"))) == head.tracks


def test_captions_make_nothing_playable_that_is_not() -> None:
    head = added(planned(source(6))[0], caption("en"))
    assert domain.to_publish(head) == ()
    assert domain.to_publish(domain.failed(head, BROKEN, NOW)) == ()
    assert domain.to_publish(replace(added(published(), caption("en")), complete=False)) == ()


def test_a_language_and_a_name_have_one_track() -> None:
    head = added(published(), caption("en"), caption("de", "B"), caption("de", "A"), caption("en", path="c/u-2/x.vtt"))
    assert [(one.language, one.name) for one in head.captions] == [("de", "A"), ("de", "B"), ("en", "")]
    assert captions.paths(head)[2] == "c/u-2/x.vtt"
    assert [track.label for track in captions.tracks(head)] == ["de (A)", "de (B)", "en"]
    assert captions.without(head, "unknown") == head


def test_there_are_at_most_fifty() -> None:
    head = added(published(), *(caption("en", str(number)) for number in range(captions.MOST)))
    assert captions.with_caption(head, caption("en", "one more")) is None
    assert captions.with_caption(head, caption("en", "7", "c/other")) is not None


@pytest.mark.parametrize(
    ("written", "canonical"),
    [("EN", "en"), ("pt-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("de-1996", "de-1996"), ("und", "und")],
)
def test_languages_are_written_in_one_way(written: str, canonical: str) -> None:
    assert captions.canonical(written) == canonical


def test_names_fit_into_one_quoted_line() -> None:
    assert captions.clean(' a "b"\n\tc\x07 ') == "a 'b' c"


def test_captions_in_the_source_are_read_once_the_file_is_complete() -> None:
    head = published()
    assert captions.wanted(head) == plan.captions_job(1)
    assert captions.wanted(replace(head, complete=False)) is None
    assert captions.wanted(replace(head, captions_read=True)) is None
    assert captions.wanted(domain.failed(head, BROKEN, NOW)) is None
    assert captions.wanted(planned(source(6))[0]) is None
    pictures = replace(source(6), subtitles=TRACKS[1:2])
    assert captions.wanted(planned(pictures)[0]) is None
    job = media.from_json(media.JOB, captions.work(head, OPTIONS.bounds))
    assert isinstance(job, media.CaptionsJob)
    assert job.tracks == (TRACKS[0], TRACKS[2])


def test_only_a_new_run_reads_what_could_not_be_read() -> None:
    head = processed()
    out = replace(plan.captions_job(1), state=JobState.RELEASED)
    assert domain.retry(head, [out], OPTIONS, NOW) is None
    again = domain.retry(head, [replace(out, state=JobState.FAILED)], OPTIONS, NOW)
    assert again is not None
    assert captions.wanted(again.head) == plan.captions_job(2)
    assert outcomes.given_up(head, out, permanent=True, now=NOW) == (head, ())


def found_in(head: Head) -> Head:
    job = plan.captions_job(1)
    folder = JobId(VIDEO_ID, job.name, 1).folder(Kind.CAPTIONS, 1)
    tracks = tuple(
        media.CaptionsFile(index, media.File(f"captions-{index}.vtt", 1, "0" * 64), 2, 3000) for index in (3, 5, 99)
    )
    result = media.CaptionsMade(tracks)
    return captions.found(head, result, Made(media.to_json(media.RESULT, result), folder), NOW)


def test_what_is_found_in_the_source_is_added_and_what_is_not_is_named() -> None:
    head = found_in(published())
    assert [(one.language, one.name, one.path, one.origin) for one in head.captions] == [
        ("eng", "SDH", "c/c-r1.1.1/captions-3.vtt", Origin.EMBEDDED),
        ("und", "", "c/c-r1.1.1/captions-5.vtt", Origin.EMBEDDED),
    ]
    assert head.captions_read
    assert [(one.language, one.codec) for one in captions.left_out(head)] == [("fre", "hdmv_pgs_subtitle")]


def test_what_somebody_uploaded_is_not_replaced_by_what_is_found() -> None:
    head = found_in(added(published(), caption("eng", "SDH")))
    assert [one.origin for one in head.captions] == [Origin.UPLOADED, Origin.EMBEDDED]


def test_only_captions_of_the_published_generation_are_presented() -> None:
    head = published()
    listed = domain.published(added(head, caption("en")), [track.name for track in head.tracks], "2-b", NOW)
    shown = view.presentation(added(listed, caption("de", path="c/u-9/captions.vtt")), [])
    assert not shown.captions
    assert listed.listed_captions == ("c/u-1/captions.vtt",)


def test_what_is_not_named_any_more_is_left_over() -> None:
    head = found_in(added(processed(), caption("en")))
    done = replace(plan.captions_job(1), state=JobState.DONE, made=Made("{}", "c/c-r1.1.1"))
    kept = kept_prefixes(replace(head, end_time=NOW + timedelta(days=1)), [done])
    assert "c/u-1/captions.vtt".startswith(kept)
    assert "c/c-r1.1.1/captions-3.vtt".startswith(kept)
    assert not "c/u-2/captions.vtt".startswith(kept)
    gone = captions.without(head, captions.caption_id("und", ""))
    assert not "c/c-r1.1.1/captions-5.vtt".startswith(kept_prefixes(gone, [done]))
