"""What is done to the picture, and the thumbnails taken from it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from svc_transcode.media.jobs import Bounds, Source, Thumbnail, ThumbnailJob
from svc_transcode.media.probe import probe
from svc_transcode.media.thumbnail import fit, take_thumbnails

from .conftest import Clip, Store, Transcoded, reader_over, steady
from .test_probe import HDR

ONE_LIT_BAR = 1
"""The number of a picture whose leftmost bar alone is white."""


def first(path: Path) -> VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(container.streams.video[0]))


def luma(frame: VideoFrame, across: float, down: float) -> int:
    gray = frame.reformat(format="gray")
    return bytes(gray.planes[0])[int(down * gray.height) * gray.planes[0].line_size + int(across * gray.width)]


EDGES = {"left": (0.03, 0.5), "right": (0.97, 0.5), "top": (0.5, 0.03), "bottom": (0.5, 0.97)}


@pytest.mark.parametrize(("rotation", "lit"), [(0, "left"), (90, "bottom"), (180, "right"), (-90, "top")])
def test_the_picture_is_turned_upright(
    make: Callable[[Clip], Path], transcode: Callable[..., Transcoded], rotation: int, lit: str
) -> None:
    path = make(Clip(times=steady(ONE_LIT_BAR + 1), rotation=rotation))
    done = transcode(path)
    with av.open(str(done.joined())) as container:
        frame = list(container.decode(video=0))[ONE_LIT_BAR]
    assert (frame.width, frame.height) == ((180, 320) if rotation % 180 else (320, 180))
    assert {edge for edge, at in EDGES.items() if luma(frame, *at) > 127} == {lit}


def test_anamorphic_pictures_come_out_in_square_pixels(
    make: Callable[[Clip], Path], transcode: Callable[..., Transcoded]
) -> None:
    clip = Clip(size=(720, 576), times=steady(3), sample_aspect_ratio=Fraction(16, 15))
    frame = first(transcode(make(clip)).joined())
    assert (frame.width, frame.height) == (480, 360)


def test_high_dynamic_range_becomes_standard_with_the_right_tags(
    make: Callable[[Clip], Path], transcode: Callable[..., Transcoded]
) -> None:
    done = transcode(make(HDR))
    frame = first(done.joined())
    assert frame.format.name == "yuv420p"
    assert (frame.color_trc, frame.color_primaries, frame.colorspace, frame.color_range) == (1, 1, 1, 1)
    with av.open(str(done.joined())) as container:
        lit = list(container.decode(video=0))[ONE_LIT_BAR]
    assert luma(lit, *EDGES["left"]) > 200, "the brightest highlight stays bright"
    assert luma(lit, *EDGES["right"]) < 40, "black stays black"


def test_full_range_becomes_limited_range(make: Callable[[Clip], Path], transcode: Callable[..., Transcoded]) -> None:
    clip = Clip(times=steady(3), pixel_format="yuvj420p", codec="mjpeg", options={}, name="clip.mov")
    done = transcode(make(clip))
    assert done.info.video.full_range
    assert first(done.joined()).color_range == 1
    assert [number for _, number in done.shown()] == [0, 1, 2]


def test_interlaced_pictures_come_out_one_for_one(
    make: Callable[[Clip], Path], transcode: Callable[..., Transcoded]
) -> None:
    options = {"preset": "veryfast", "x264-params": "tff=1"}
    done = transcode(make(Clip(size=(320, 192), times=steady(120), options=options)), Fraction(2))
    assert not first(done.joined()).interlaced_frame
    assert done.shown() == list(zip(steady(120), range(120), strict=True))


def thumbnails(path: Path, store: Store, *times: str, max_width: int = 1280, most: int = 4) -> list[Thumbnail]:
    with reader_over(path) as reader:
        info = probe(reader, Bounds())
    job = ThumbnailJob(Source((info.size,)), info, tuple(map(Fraction, times)), max_width, most)
    with reader_over(path) as reader:
        return list(take_thumbnails(job, reader, store.under("made"), lambda _: None).thumbnails)


def numbers(store: Store, taken: list[Thumbnail]) -> list[int]:
    return [
        sum((luma(first(store.root / t.file.path), (bit + 0.5) / 10, 0.5) > 127) << bit for bit in range(10))
        for t in taken
    ]


def test_a_thumbnail_shows_a_keyframe_from_before_the_instant_at_which_it_was_looked(
    make: Callable[[Clip], Path], tmp_path: Path
) -> None:
    path = make(Clip(times=steady(150), options={"preset": "veryfast", "g": "25", "bf": "3", "sc_threshold": "0"}))
    store = Store(tmp_path)
    taken = thumbnails(path, store, "0.9", "1.5", "3.01", "4.99")
    assert sorted(t.time for t in taken) == [0, 1, 3, 4]
    assert numbers(store, taken) == [t.time * 25 for t in taken]


def test_where_keyframes_are_few_thumbnails_show_the_first_picture_at_or_after_the_instant(
    make: Callable[[Clip], Path], tmp_path: Path
) -> None:
    path = make(Clip(times=steady(150), options={"preset": "veryfast", "g": "300", "bf": "3"}))
    store = Store(tmp_path)
    taken = thumbnails(path, store, "1", "1.5", "3.01", most=4)
    assert sorted(t.time for t in taken) == [0, 1, Fraction("1.52"), Fraction("3.04")]
    assert numbers(store, taken) == [t.time * 25 for t in taken]


def test_the_thumbnails_are_of_different_scenes_the_best_first_and_none_is_black(tmp_path: Path) -> None:
    """Two seconds each of black, of stripes in a haze, of sharp stripes, and of sharp bright squares.

    A second picture of the haze is better than a black one.
    """
    path, store = tmp_path / "scenes.mp4", Store(tmp_path)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(200):
            container.mux(stream.encode(_scene(number // 50, number)))
        container.mux(stream.encode(None))
    taken = thumbnails(path, store, *(f"{quarter / 4}" for quarter in range(1, 32, 2)))
    assert [int(t.time // 2) for t in taken] == [2, 3, 1, 1]


def _scene(scene: int, number: int) -> VideoFrame:
    def shade(x: int, y: int) -> int:
        match scene:
            case 0:
                return 16
            case 1:
                return 100 + abs(x % 64 - 32)
            case 2:
                return 40 + 160 * (x // 8 % 2)
            case _:
                return 120 + 100 * ((x // 16 + y // 16) % 2)

    frame = VideoFrame(320, 180, "yuv420p")
    for place, plane in enumerate(frame.planes):
        rows = (
            bytes(shade(x, y) if place == 0 else 128 for x in range(plane.width)).ljust(plane.line_size, b"\0")
            for y in range(plane.height)
        )
        plane.update(b"".join(rows))
    frame.pts = number
    return frame


def test_a_thumbnail_is_an_upright_jpeg_of_at_most_the_width_allowed(
    make: Callable[[Clip], Path], tmp_path: Path
) -> None:
    store = Store(tmp_path)
    both = thumbnails(make(Clip(times=steady(3), rotation=90)), store, "0.04", max_width=90)
    (taken,) = (one for one in both if one.time == Fraction("0.04"))
    assert (taken.width, taken.height) == (90, 160)
    data = store.read(taken.file)
    assert data.startswith(b"\xff\xd8")
    assert data.endswith(b"\xff\xd9")
    frame = first(store.root / taken.file.path)
    assert (frame.width, frame.height) == (90, 160)
    assert luma(frame, *EDGES["bottom"]) > 127 > luma(frame, *EDGES["top"])


def test_instants_after_the_end_still_leave_one_thumbnail(make: Callable[[Clip], Path], tmp_path: Path) -> None:
    store = Store(tmp_path)
    taken = thumbnails(make(Clip(times=steady(5))), store, "7", "8")
    assert [t.time for t in taken] == [0]
    assert numbers(store, taken) == [0]


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((3840, 2160), (1280, 720)),
        ((1280, 720), (1280, 720)),
        ((1080, 1920), (1080, 1920)),
        ((321, 181), (320, 180)),
        ((1, 1), (2, 2)),
    ],
)
def test_thumbnails_are_never_larger_than_the_picture(size: tuple[int, int], fitted: tuple[int, int]) -> None:
    assert fit(*size, 1280) == fitted
