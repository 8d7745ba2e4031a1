"""A source on the whole road of media, by the service's own plan and packaging, without a service."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from svc_transcode.media import jobs as media
from svc_transcode.media.audio import encode_audio
from svc_transcode.media.encode import encode_chunk
from svc_transcode.media.fragment import samples
from svc_transcode.media.grid import TIMESCALE
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.parts import reader_of
from svc_transcode.media.probe import probe
from svc_transcode.media.thumbnail import take_thumbnails
from svc_transcode.media.verify import verify
from svc_transcode.processing.model import JobRow, JobState, Made, Track
from svc_transcode.processing.packaging import Gathered, gather, manifests
from svc_transcode.processing.passes import WHOLE
from svc_transcode.processing.plan import Options, passes_of, plan, rungs_of

OPTIONS = Options(preset="superfast", threads=1, chunk=Fraction(2), bounds=media.Bounds())
"""The fastest preset that has B-frames, and the shortest chunks."""

GENERATION = "1-zoo"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a source."""

    info: SourceInfo
    tracks: tuple[Gathered, ...]
    root: Path
    """Where the video's files lie, as they would under its prefix in the store."""
    made: tuple[media.Result, ...]

    @property
    def master(self) -> Path:
        return self.root / "m" / GENERATION / "master.m3u8"

    @property
    def mpd(self) -> Path:
        return self.root / "m" / GENERATION / "manifest.mpd"

    def of(self, track: Track) -> Gathered:
        """The track with its segments."""
        return next(one for one in self.tracks if one.track.name == track.name)

    @property
    def pictures(self) -> list[Gathered]:
        """Renditions, the smallest first."""
        return [one for one in self.tracks if one.track.is_picture]

    @property
    def sounds(self) -> list[Gathered]:
        return [one for one in self.tracks if not one.track.is_picture]

    def joined(self, track: Gathered) -> Path:
        """Init and every segment in one file, as a player puts them together."""
        path = self.root / f"joined-{track.track.name}.mp4"
        path.write_bytes(b"".join((self.root / name).read_bytes() for name, _ in track.objects))
        return path

    def times(self, track: Gathered) -> list[Fraction]:
        """When each picture is shown, by the boxes."""
        found = [samples((self.root / name).read_bytes()) for name, _ in track.objects[1:]]
        return sorted(Fraction(one.presentation_time, TIMESCALE) for one in itertools.chain.from_iterable(found))


def process(path: Path, root: Path, options: Options = OPTIONS) -> Done:
    """Raises MediaRejected as the jobs do."""
    with reader_of(path) as reader:
        info = probe(reader, options.bounds)
    rungs = rungs_of(media.Probed(info), options)
    planned = plan(info, options, 1, rungs, passes_of(info, rungs, WHOLE))
    rows = [_performed(row, path, root) for row in planned.jobs]
    tracks = tuple(gather(track, rows) for track in planned.tracks)
    for name, text in manifests(info, tracks, GENERATION).items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    done = Done(info, tracks, root, tuple(media.from_json(media.RESULT, row.made.result) for row in rows if row.made))
    for track in tracks:
        read_back(done, track)
    return done


def read_back(done: Done, track: Gathered) -> media.Verified:
    """As the service has it done with every published track."""
    files = [done.root / name for name, _ in track.objects]
    with reader_of(*files) as reader:
        return verify(media.VerifyJob(media.Source(tuple(file.stat().st_size for file in files))), reader)


def _performed(row: JobRow, path: Path, root: Path) -> JobRow:
    folder = f"s/{row.name}"
    job = media.from_json(media.JOB, row.spec)
    job = replace(job, source=replace(job.source, part_sizes=(path.stat().st_size,)))
    with reader_of(path) as reader:
        match job:
            case media.VideoJob():
                result: media.Result = encode_chunk(job, reader, _saving(root / folder), _silent)
            case media.AudioJob():
                result = encode_audio(job, reader, _saving(root / folder), _silent)
            case media.ThumbnailJob():
                result = take_thumbnails(job, reader, _saving(root / folder), _silent)
            case _:
                raise AssertionError(f"{row.name} is no job of a plan")
    return replace(row, state=JobState.DONE, made=Made(media.to_json(media.RESULT, result), folder))


def _silent(_: int) -> None:
    return


def _saving(folder: Path) -> Callable[[str, bytes], media.File]:
    def save(name: str, data: bytes) -> media.File:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return media.File(name, len(data), hashlib.sha256(data).hexdigest())

    return save
