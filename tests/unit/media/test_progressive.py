"""Our own segments as one file to keep: what is in it is what players get, and it can be played from its front."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pytest

from svc_transcode.media.audio import encode_audio
from svc_transcode.media.boxes import BoxError, boxes
from svc_transcode.media.coding import Codec, Coding
from svc_transcode.media.encode import encode_chunk
from svc_transcode.media.fragment import samples
from svc_transcode.media.grid import TIMESCALE, plan_chunks
from svc_transcode.media.jobs import AudioJob, Bounds, DownloadJob, File, Source, TrackMade, VideoJob
from svc_transcode.media.ladder import Rung, ladder
from svc_transcode.media.parts import reader_of
from svc_transcode.media.probe import probe
from svc_transcode.media.progressive import assemble

from .conftest import Clip, Store, reader_over, steady

NEAR = Fraction(1, 1000)

Frames = list[tuple[Fraction, str]]
"""(time, digest) of each."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was made, and what it was made of."""

    file: Path
    made: File
    picture: list[Path]
    sound: list[Path]


def kept(path: Path, folder: Path, *, sound: bool = True, said: int | None = None, chosen: Rung | None = None) -> Kept:
    """In chunks, as workers make them."""
    store = Store(folder)
    with reader_over(path) as reader:
        info = probe(reader, Bounds())
    rung, source = chosen or ladder(info.video.width, info.video.height)[0], Source((info.size,))
    chunks: list[TrackMade] = []
    for chunk in plan_chunks(info.video_duration, Fraction(2)):
        job = VideoJob(source, info, chunk.start, chunk.end, (rung,), preset="superfast")
        with reader_over(path) as reader:
            chunks += encode_chunk(job, reader, store.under(f"v{chunk.index}"), lambda _: None).tracks
    audio: list[TrackMade] = []
    if sound:
        with reader_over(path) as reader:
            track = encode_audio(
                AudioJob(source, info, info.audio[0].stream_index), reader, store.under("a"), lambda _: None
            ).track
            audio = [track] if track else []
    picture, heard = _files(store, chunks), _files(store, audio)
    total = sum(one.samples for one in (*chunks, *audio)) if said is None else said
    sizes = tuple(one.stat().st_size for one in (*picture, *heard))
    done = list[int]()
    with reader_of(*picture, *heard) as reader:
        made = assemble(DownloadJob(Source(sizes), len(picture), total, "kept.mp4"), reader, folder, done.append)
    assert done == list(range(1, len(sizes) - (2 if audio else 1) + 1))
    return Kept(folder / "kept.mp4", made.file, picture, heard)


def _files(store: Store, tracks: list[TrackMade]) -> list[Path]:
    if not tracks:
        return []
    files = [tracks[0].init, *(segment.file for track in tracks for segment in track.segments)]
    return [store.root / one.path for one in files]


def joined(files: list[Path], target: Path) -> Path:
    target.write_bytes(b"".join(one.read_bytes() for one in files))
    return target


def decoded(path: Path) -> Frames:
    """The pictures."""
    found: Frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            digest = hashlib.sha256(b"".join(bytes(plane) for plane in frame.planes)).hexdigest()
            found.append((Fraction(frame.pts or 0) * Fraction(frame.time_base or 1), digest))
    return found


def heard(path: Path) -> tuple[Fraction, bytes]:
    """When the sound begins, and every sample of its first channel."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    first = Fraction(frames[0].pts or 0) * Fraction(frames[0].time_base or 1)
    return first, b"".join(bytes(one.planes[0])[: 4 * one.samples] for one in frames)


def shown(files: list[Path]) -> list[Fraction]:
    """When each picture is shown, by the boxes of the segments."""
    return sorted(
        Fraction(one.presentation_time, TIMESCALE) for file in files[1:] for one in samples(file.read_bytes())
    )


CLIPS = [
    pytest.param(Clip(times=steady(160), sound=Fraction("6.4")), id="steady"),
    pytest.param(Clip(times=[Fraction(n * n, 400) for n in range(50)], sound=Fraction(5)), id="a rate that falls"),
    pytest.param(Clip(times=steady(120), sound=Fraction(3), sound_start=Fraction("0.7")), id="sound that begins late"),
    pytest.param(Clip(times=steady(75), sound=Fraction(9)), id="sound that outlasts the picture"),
]


@pytest.mark.parametrize("clip", CLIPS)
def test_every_picture_and_sample_is_in_it_at_its_time(
    make: Callable[[Clip], Path], tmp_path: Path, clip: Clip
) -> None:
    found = kept(make(clip), tmp_path)
    pictures, segments = decoded(found.file), decoded(joined(found.picture, tmp_path / "picture.mp4"))
    assert [digest for _, digest in pictures] == [digest for _, digest in segments]
    assert all(abs(a - b) < NEAR for (a, _), b in zip(pictures, shown(found.picture), strict=True))
    begin, wave = heard(found.file)
    assert (begin, wave) == heard(joined(found.sound, tmp_path / "sound.mp4"))
    assert abs(begin) < NEAR


def test_its_index_comes_first_and_its_digest_is_told(bunny: Path, tmp_path: Path) -> None:
    found = kept(bunny, tmp_path)
    data = found.file.read_bytes()
    assert [box.kind for box in boxes(data)] == ["ftyp", "moov", "free", "mdat"]
    assert (found.made.size, found.made.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    with av.open(str(found.file)) as container:
        assert [(one.type, one.codec_context.name) for one in container.streams] == [
            ("video", "h264"),
            ("audio", "aac"),
        ]
        assert abs(float(container.duration or 0) / 1e6 - 5.3) < 0.3


def test_a_video_without_sound_has_one_track(make: Callable[[Clip], Path], tmp_path: Path) -> None:
    found = kept(make(Clip(times=steady(60))), tmp_path, sound=False)
    with av.open(str(found.file)) as container:
        assert len(container.streams) == 1
    assert len(decoded(found.file)) == 60


def test_a_rendition_in_av1_is_kept_as_well(make: Callable[[Clip], Path], tmp_path: Path) -> None:
    rung = Rung("180p-av1", 320, 180, 400_000, Coding(Codec.AV1, preset="10", crf=35))
    found = kept(make(Clip(times=steady(60), sound=Fraction(2))), tmp_path, chosen=rung)
    with av.open(str(found.file)) as container:
        assert [one.codec_context.codec.canonical_name for one in container.streams] == ["av1", "aac"]
    assert [time for time, _ in decoded(found.file)] == shown(found.picture)


def test_any_picture_can_be_sought(bunny: Path, tmp_path: Path) -> None:
    found = kept(bunny, tmp_path)
    everything = decoded(found.file)
    with av.open(str(found.file)) as container:
        stream = container.streams.video[0]
        container.seek(int(Fraction(4) / Fraction(stream.time_base or 1)), stream=stream)
        frame = next(container.decode(stream))
    time = Fraction(frame.pts or 0) * Fraction(frame.time_base or 1)
    assert Fraction(3) < time <= Fraction(4)
    digest = hashlib.sha256(b"".join(bytes(plane) for plane in frame.planes)).hexdigest()
    assert (time, digest) in everything


def test_more_samples_than_were_said_are_refused(bunny: Path, tmp_path: Path) -> None:
    with pytest.raises(BoxError):
        kept(bunny, tmp_path, said=-300)


def test_segments_that_end_too_soon_are_refused(bunny: Path, tmp_path: Path) -> None:
    found = kept(bunny, tmp_path)
    cut = [found.picture[0], tmp_path / "cut.m4s"]
    cut[1].write_bytes(found.picture[1].read_bytes()[:-10])
    sizes = tuple(one.stat().st_size for one in cut)
    with reader_of(*cut) as reader, pytest.raises(BoxError):
        assemble(DownloadJob(Source(sizes), 2, 1000, "kept.mp4"), reader, tmp_path, lambda _: None)
