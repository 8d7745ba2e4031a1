"""Storyboards: the rules, the WebVTT, and sheets on which each tile is the right picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from svc_transcode.media.errors import MediaRejected
from svc_transcode.media.jobs import File, Source, StoryboardJob, StoryboardMade
from svc_transcode.media.parts import reader_of
from svc_transcode.media.runner import run_child
from svc_transcode.media.sheets import make_sheets
from svc_transcode.media.storyboard import MOST_TILES, Layout, stride, tile_size, webvtt

from .conftest import BITS, Clip, Transcoded, steady

Encode = Callable[..., Transcoded]


@pytest.mark.parametrize(
    ("hours", "seconds"), [(Fraction(1, 60), 2), (Fraction(1, 2), 2), (1, 4), (2, 8), (12, 44), (24, 88)]
)
def test_tiles_get_farther_apart_with_the_length_so_that_there_are_at_most_a_thousand(
    hours: Fraction, seconds: int
) -> None:
    segments = int(hours * 1800)
    assert 2 * stride(segments) == seconds
    assert len(range(0, segments, stride(segments))) <= MOST_TILES


def test_the_number_of_tiles_is_bounded_at_every_length() -> None:
    for segments in range(1, 5000):
        assert MOST_TILES // 2 <= len(range(0, segments, stride(segments))) <= MOST_TILES or stride(segments) == 1


@pytest.mark.parametrize(
    ("picture", "tile"),
    [
        ((640, 360), (160, 90)),
        ((360, 640), (90, 160)),
        ((360, 360), (160, 160)),
        ((862, 360), (160, 66)),
        ((100, 50), (100, 50)),
        ((16, 4000), (2, 160)),
    ],
)
def test_a_tile_has_the_aspect_of_the_picture_and_is_never_larger(
    picture: tuple[int, int], tile: tuple[int, int]
) -> None:
    assert tile_size(*picture) == tile


@pytest.mark.parametrize(
    ("tiles", "layout"),
    [(1, (1, 1, 1)), (4, (4, 1, 1)), (7, (5, 2, 1)), (25, (5, 5, 1)), (26, (5, 5, 2)), (1000, (5, 5, 40))],
)
def test_one_sheet_is_as_large_as_it_must_be_and_several_are_alike(tiles: int, layout: tuple[int, int, int]) -> None:
    found = Layout.of(tiles)
    assert (found.columns, found.rows, found.sheets) == layout
    assert found.place(tiles - 1)[0] == found.sheets - 1
    assert len({found.place(tile) for tile in range(tiles)}) == tiles


def test_the_text_says_for_every_moment_where_its_tile_is() -> None:
    starts = [Fraction(1, 25), *(Fraction(2 * n) for n in range(1, 26))]
    lines = webvtt(starts, Fraction(52_345, 1000), (160, 90), ["sheet-0.jpg", "sheet-1.jpg"]).splitlines()
    assert lines[:5] == ["WEBVTT", "", "00:00:00.000 --> 00:00:02.000", "sheet-0.jpg#xywh=0,0,160,90", ""]
    assert lines[5 * 3 + 2 : 5 * 3 + 4] == ["00:00:10.000 --> 00:00:12.000", "sheet-0.jpg#xywh=0,90,160,90"]
    assert lines[-2:] == ["00:00:50.000 --> 00:00:52.345", "sheet-1.jpg#xywh=0,0,160,90"]
    edges = re.findall(r"(\S+) --> (\S+)", "\n".join(lines))
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]


def test_hours_are_written_and_no_cue_is_empty() -> None:
    text = webvtt([Fraction(0), Fraction(12 * 3600 - 1)], Fraction(12 * 3600 - 1), (90, 160), ["sheet-0.jpg"])
    assert "11:59:59.000 --> 11:59:59.001\nsheet-0.jpg#xywh=90,0,90,160\n" in text


def job_of(done: Transcoded, every: int = 1) -> tuple[StoryboardJob, list[Path]]:
    """What svc_transcode would ask for of the smallest rung, and the parts of its source."""
    rung, segments = done.rungs[0], done.segments()[::every]
    files = [done.tracks()[0].init, *(segment.file for segment in segments)]
    width, height = tile_size(rung.width, rung.height)
    starts = tuple(Fraction(segment.start, 90_000) for segment in segments)
    source = Source(tuple(file.size for file in files))
    job = StoryboardJob(source, starts, done.info.video_duration, width, height)
    return job, [done.store.root / file.path for file in files]


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


async def made_in_a_child(job: StoryboardJob, parts: list[Path], workdir: Path) -> StoryboardMade:
    async def fetch(index: int) -> Path:
        return parts[index]

    return await run_child(job, fetch, workdir)


def pictures(folder: Path, sheets: tuple[File, ...]) -> list[VideoFrame]:
    found: list[VideoFrame] = []
    for file in sheets:
        with av.open(str(folder / file.path)) as container:
            found.append(next(container.decode(container.streams.video[0])).reformat(format="gray"))
    return found


def brightness(sheet: VideoFrame, x: int, y: int) -> int:
    return bytes(sheet.planes[0])[y * sheet.planes[0].line_size + x]


def number(sheet: VideoFrame, x: int, y: int, width: int, height: int) -> int:
    """What the tile shows (see `conftest`)."""
    row = y + height // 2
    return sum((brightness(sheet, x + (2 * bit + 1) * width // (2 * BITS), row) > 127) << bit for bit in range(BITS))


@pytest.mark.parametrize("every", [1, 3])
async def test_every_tile_shows_the_picture_that_its_stretch_of_time_begins_with(
    make: Callable[[Clip], Path], transcode: Encode, workdir: Path, every: int
) -> None:
    rate = Fraction(5)
    path = make(Clip(times=steady(266, rate), rate=rate, options={"preset": "ultrafast", "bf": "2", "g": "250"}))
    job, parts = job_of(transcode(path, Fraction(8)), every)
    made = await made_in_a_child(job, parts, workdir)
    sheets = pictures(workdir, made.sheets)
    assert len(sheets) == Layout.of(len(job.starts)).sheets == (2 if every == 1 else 1)

    text = webvtt(job.starts, job.end, (job.width, job.height), [file.path for file in made.sheets])
    cues = re.findall(r"(\d+):(\d+):(\d+)\.(\d+) --> \S+\nsheet-(\d+)\.jpg#xywh=(\d+),(\d+),(\d+),(\d+)", text)
    assert len(cues) == len(job.starts)
    for cue in cues:
        _, minutes, seconds, thousandths, sheet, *place = map(int, cue)
        shown = number(sheets[sheet], *place)
        assert shown == (minutes * 60_000 + seconds * 1000 + thousandths) * 5 // 1000


@pytest.mark.parametrize("rotation", [0, 90])
async def test_tiles_keep_aspect_and_brightness_of_upright_pictures(
    make: Callable[[Clip], Path], transcode: Encode, workdir: Path, rotation: int
) -> None:
    path = make(Clip(times=steady(100), rotation=rotation))
    job, parts = job_of(transcode(path))
    made = await made_in_a_child(job, parts, workdir)
    (sheet,) = pictures(workdir, made.sheets)
    assert (job.width, job.height) == ((160, 90) if rotation == 0 else (90, 160))
    assert (sheet.width, sheet.height) == (2 * job.width, job.height)
    if rotation == 0:
        black, white = brightness(sheet, 160 + 8, 45), brightness(sheet, 160 + 24, 45)
        assert (abs(black - 0x10) < 5, abs(white - 0xEB) < 5) == (True, True), "of the full range, as a JPEG has it"


async def test_a_segment_without_a_picture_that_can_be_decoded_is_no_storyboard(
    make: Callable[[Clip], Path], transcode: Encode, workdir: Path
) -> None:
    job, parts = job_of(transcode(make(Clip(times=steady(150), noise=True))))
    broken = bytearray(parts[2].read_bytes())
    broken[-len(broken) // 2 :] = bytes(len(broken) - len(broken) // 2)
    broken[:8] = b"\0\0\0\0none"
    parts[2].write_bytes(broken)
    with pytest.raises(MediaRejected, match=r"decoded|read"):
        await made_in_a_child(job, parts, workdir)


def test_each_tile_costs_one_segment_and_is_told(make: Callable[[Clip], Path], transcode: Encode) -> None:
    done = transcode(make(Clip(times=steady(150))), Fraction(2))
    job, parts = job_of(done, 2)
    told: list[int] = []
    with reader_of(*parts) as reader:
        made = make_sheets(job, reader, done.store.under("board"), told.append)
        assert reader.touched == {0, 1, 2}
    assert told == [1, 2]
    assert [file.path for file in made.sheets] == ["board/sheet-0.jpg"]
