"""One source into every rung of its ladder: as workers do it, and by one ffmpeg for each rung.

Both encode the same frames at the same settings of x264, with the same instants forced to be keyframes, each codec on
one thread. `settings_of` reads out of what was encoded which settings x264 had, so that this need not be believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from benchmarks.parts.ffmpeg import ffmpeg
from svc_transcode.media.complexity import Complexity
from svc_transcode.media.grid import SEGMENT
from svc_transcode.media.info import SourceInfo
from svc_transcode.media.jobs import ProbeJob, Source, VideoJob
from svc_transcode.media.ladder import Rung, ladder
from svc_transcode.media.runner import FetchPart, run_child

CLIP: Final = Path(__file__).parents[2] / "tests" / "media" / "bigbuckbunny.mp4"
"""5.3 s of a real film, 1280×720, 25 frames a second."""
TAGGED: Final = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
"""Said of the source, and so of every rendition: nobody has to convert colours."""
X264_SETTINGS: Final = re.compile(rb"x264 - core [^\0]*? - options: ([^\0]+)")


@dataclass(frozen=True, slots=True)
class Work:
    """A source on this machine, and what is to be made of it."""

    source: Path
    info: SourceInfo
    rungs: tuple[Rung, ...]
    preset: str


async def a_source(folder: Path, seconds: Fraction, preset: str, megabits: int) -> Work:
    """So many seconds of the clip, enlarged to 1920×1080 at so many Mbit/s; probed.

    Raises FfmpegFailed, NothingToMeasure.
    """
    source, rate = folder / f"source-{megabits}.mp4", f"{megabits}M"
    await ffmpeg(
        *("-v", "error", "-stream_loop", "-1", "-i", str(CLIP), "-t", str(float(seconds)), "-an"),
        *("-vf", f"scale=1920:1080:flags=lanczos,{TAGGED}", "-c:v", "libx264", "-preset", "veryfast"),
        *("-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate, source.name),
        folder=folder,
    )
    probed = await run_child(ProbeJob(_parts(source)), _only(source), folder, sources=folder)
    return Work(source, probed.info, ladder(probed.info.video.width, probed.info.video.height), preset)


async def a_still_source(folder: Path, seconds: Fraction, preset: str) -> Work:
    """So many seconds of one picture of the clip, 1920×1080, in which a small square moves; probed.

    Raises FfmpegFailed, NothingToMeasure.
    """
    source = folder / "still.mp4"
    square = "color=white:s=64x64:r=25[o];[s][o]overlay=x='mod(n*4,1856)':y=900:shortest=1"
    await ffmpeg(
        *("-v", "error", "-i", str(CLIP), "-t", str(float(seconds)), "-an", "-filter_complex"),
        f"[0:v]select='eq(n,40)',loop=-1:1,setpts=N/25/TB,scale=1920:1080:flags=lanczos,{TAGGED}[s];{square}",
        *("-r", "25", "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-pix_fmt", "yuv420p", source.name),
        folder=folder,
    )
    probed = await run_child(ProbeJob(_parts(source)), _only(source), folder, sources=folder)
    return Work(source, probed.info, ladder(probed.info.video.width, probed.info.video.height), preset)


async def complexity_of(work: Work, folder: Path) -> Complexity | None:
    """What a probe measures beside, for profiles that choose by it."""
    job = ProbeJob(_parts(work.source), measured=True)
    return (await run_child(job, _only(work.source), folder, sources=work.source.parent)).complexity


async def by_a_child(work: Work, folder: Path) -> dict[str, Path]:
    """One media child as workers start them, confined: one decode, all rungs. Rung → its CMAF file, joined here."""
    job = VideoJob(_parts(work.source), work.info, Fraction(0), None, work.rungs, preset=work.preset)
    made = await run_child(job, _only(work.source), folder, sources=work.source.parent)
    files: dict[str, Path] = {}
    for track in made.tracks:
        files[track.quality] = folder / f"{track.quality}.mp4"
        with files[track.quality].open("wb") as whole:
            for file in (track.init, *(segment.file for segment in track.segments)):
                whole.write((folder / file.path).read_bytes())
    return files


async def by_an_ffmpeg_each(work: Work, folder: Path) -> dict[str, Path]:
    """One ffmpeg after the other, each of which decodes the source for its own rung. Rung → its CMAF file."""
    files: dict[str, Path] = {}
    for rung in work.rungs:
        files[rung.quality] = folder / f"{rung.quality}.mp4"
        await ffmpeg(
            *("-v", "error", "-threads", "1", "-i", str(work.source), "-map", "0:v:0", "-fps_mode", "passthrough"),
            *("-filter_threads", "1", "-vf", f"scale={rung.width}:{rung.height}:flags=bicubic,format=yuv420p"),
            *_encoding(rung, work.preset),
            *("-f", "mp4", "-movflags", "empty_moov+default_base_moof+frag_keyframe+cmaf"),
            files[rung.quality].name,
            folder=folder,
        )
    return files


def _encoding(rung: Rung, preset: str) -> tuple[str, ...]:
    """What svc_transcode.media.encoder_options asks for, in ffmpeg's words."""
    return (
        *("-c:v", "libx264", "-threads", "1", "-preset", preset),
        *("-b:v", str(rung.bitrate), "-maxrate", str(rung.maxrate), "-bufsize", str(rung.bufsize)),
        *("-g", "99999", "-sc_threshold", "0", "-forced-idr", "1"),
        *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT})"),
        *("-x264-params", "open-gop=0:stitchable=1:sliced-threads=0"),
    )


def settings_of(file: Path) -> str:
    """x264's settings as it writes them into what it encodes."""
    found = X264_SETTINGS.search(file.read_bytes())
    if found is None:
        raise ValueError(f"{file.name} does not tell how it was encoded")
    return found[1].decode()


def _parts(source: Path) -> Source:
    return Source((source.stat().st_size,))


def _only(source: Path) -> FetchPart:
    async def fetch(_part: int) -> Path:
        return source

    return fetch
