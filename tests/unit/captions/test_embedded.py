"""Captions that a file holds: which are found, and their words."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import pytest

from svc_transcode.media import jobs, subtitles
from svc_transcode.media.captions import webvtt
from svc_transcode.media.captions.cues import Cue
from svc_transcode.media.captions.embedded import TEXTS, Gathering, by_language, why_left_out
from svc_transcode.media.captions.lines import lines_of
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.parts import reader_of
from svc_transcode.media.probe import probe
from svc_transcode.worker.captions import read_captions
from svc_transcode.worker.outputs import OutputError

SRT = "1\n00:00:00,500 --> 00:00:01,500\nOne <i>word</i>\n& more\n\n2\n00:00:02,000 --> 00:00:03,000\nTw\u00f6\n"
LOOKS = (Cue(500, 1500, "One <i>word</i>\n&amp; more"), Cue(2000, 3000, "Tw\u00f6"))
PLAIN = (Cue(500, 1500, "One word\n&amp; more"), Cue(2000, 3000, "Tw\u00f6"))


def made(folder: Path, name: str, *arguments: str) -> Path:
    """Four seconds of a test picture, with captions."""
    (folder / "captions.srt").write_text(SRT, encoding="utf-8")
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "testsrc=d=4:s=64x36:r=10"]
    subprocess.run([*ffmpeg, "-i", folder / "captions.srt", *arguments, folder / name], check=True)
    return folder / name


def extracted(source: Path, folder: Path) -> tuple[SourceInfo, dict[int, tuple[Cue, ...]]]:
    """What a probe says, and the words of each track as the worker stores them."""
    with reader_of(source) as reader:
        info = probe(reader, jobs.Bounds())

    def save(path: str, data: bytes) -> jobs.File:
        (folder / path).write_bytes(data)
        return jobs.File(path, len(data), hashlib.sha256(data).hexdigest())

    with reader_of(source) as reader:
        job = jobs.CaptionsJob(jobs.Source((reader.size,)), info.origin, info.subtitles)
        result, texts = read_captions(folder, subtitles.extract(job, reader, save))
    words = [webvtt.read(lines_of(text.content.encode())) for text in texts]
    assert [track.cues for track in result.tracks] == [len(cues) for cues in words]
    return info, dict(zip([track.stream_index for track in result.tracks], words, strict=True))


def test_every_track_of_a_matroska_file_is_found_with_its_language_and_title(tmp_path: Path) -> None:
    maps = ("-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-c:s:0", "srt", "-c:s:1", "ass")
    said = ("-metadata:s:s:0", "language=eng", "-metadata:s:s:0", "title=SDH", "-metadata:s:s:1", "language=ger")
    info, words = extracted(made(tmp_path, "a.mkv", *maps, *said), tmp_path)
    assert [(one.codec, one.language, one.title) for one in info.subtitles] == [
        ("subrip", "eng", "SDH"),
        ("ass", "ger", ""),
    ]
    assert words == {1: LOOKS, 2: LOOKS}


@pytest.mark.parametrize(
    ("name", "video", "codec", "words"),
    [
        ("a.mp4", "libx264", "mov_text", PLAIN),
        ("a.mov", "libx264", "mov_text", PLAIN),
        ("a.webm", "libvpx", "webvtt", LOOKS),
    ],
)
def test_text_of_other_containers_is_read(
    tmp_path: Path, name: str, video: str, codec: str, words: tuple[Cue, ...]
) -> None:
    info, found = extracted(made(tmp_path, name, "-c:v", video, "-c:s", codec), tmp_path)
    assert [one.codec for one in info.subtitles] == [codec]
    assert list(found.values()) == [words]


def test_times_are_those_of_the_presentation(tmp_path: Path) -> None:
    source = made(tmp_path, "a.mkv", "-c:v", "libx264", "-c:s", "srt", "-output_ts_offset", "10")
    info, words = extracted(source, tmp_path)
    assert info.origin == Fraction(10)
    assert list(words.values()) == [LOOKS]


def test_captions_that_are_pictures_are_named_and_left_out() -> None:
    assert "hdmv_pgs_subtitle" not in TEXTS
    assert "pictures" in why_left_out("hdmv_pgs_subtitle")
    assert "cannot be read" in why_left_out("dvb_teletext")


def test_a_file_that_ends_in_the_middle_gives_what_was_read(tmp_path: Path) -> None:
    source = made(tmp_path, "a.mkv", "-c:v", "libx264", "-c:s", "srt", "-cluster_time_limit", "100")
    info, _ = extracted(source, tmp_path)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    with reader_of(cut) as reader:
        job = jobs.CaptionsJob(jobs.Source((reader.size,)), info.origin, info.subtitles)
        found = subtitles.extract(job, reader, lambda path, data: jobs.File(path, len(data), "0" * 64))
    assert [track.cues for track in found.tracks] in ([1], [2], [])


@pytest.mark.parametrize("codec", sorted(TEXTS))
def test_what_cannot_be_read_is_passed_over(codec: str) -> None:
    gathering = Gathering(codec)
    for data in (b"", b"\xff", b"\0", b"\xff\xff\xfe\xff", b"a" * 20_000, b"0,0,Default", b"\0\x05\xfe\xff\0\xd8\0"):
        gathering.add(0, 1000, data)
        gathering.add(-500, 400, data)
        gathering.add(10**12, 1000, data)
    written = webvtt.write(gathering.cues())
    if gathering.cues():
        assert webvtt.read(lines_of(written.encode())) == gathering.cues()


def test_a_cue_that_began_before_the_presentation_is_cut() -> None:
    gathering = Gathering("subrip")
    gathering.add(-500, 1500, b"a")
    assert gathering.cues() == (Cue(0, 1000, "a"),)


def test_tracks_that_are_named_alike_are_numbered() -> None:
    assert by_language([("en", ""), ("en", ""), ("de", ""), ("en", "SDH"), ("en", "SDH"), ("en", "2")]) == [
        ("en", ""),
        ("en", "2"),
        ("de", ""),
        ("en", "SDH"),
        ("en", "SDH 2"),
        ("en", "2 2"),
    ]


def test_the_worker_takes_no_child_at_its_word(tmp_path: Path) -> None:
    (tmp_path / "captions-1.vtt").write_text(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<script>x</script>\n", encoding="utf-8"
    )
    data = (tmp_path / "captions-1.vtt").read_bytes()
    file = jobs.File("captions-1.vtt", len(data), hashlib.sha256(data).hexdigest())
    track = jobs.CaptionsFile(1, file, cues=7, end=9)
    result, (text,) = read_captions(tmp_path, jobs.CaptionsMade((track,)))
    assert (result.tracks[0].cues, result.tracks[0].end) == (1, 2000)
    assert text.content == webvtt.write((Cue(1000, 2000, "x"),))
    with pytest.raises(OutputError):
        read_captions(tmp_path, jobs.CaptionsMade((replace(track, file=replace(file, sha256="0" * 64)),)))
    (tmp_path / "captions-1.vtt").write_bytes(b"#!/bin/sh")
    file = jobs.File("captions-1.vtt", 9, hashlib.sha256(b"#!/bin/sh").hexdigest())
    with pytest.raises(OutputError, match="no captions"):
        read_captions(tmp_path, jobs.CaptionsMade((replace(track, file=file),)))
