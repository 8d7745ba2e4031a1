"""Every kind of source. A row says what is special about it; all else is the usual clip with sound."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain

from .kinds import LENGTH, Kind, Sound, steady
from .surgery import overwritten, trimmed

F = Fraction
NTSC = F(30_000, 1001)
SILENT: tuple[Sound, ...] = ()
QUIET_265 = {"preset": "ultrafast", "x265-params": "log-level=none:pools=1:frame-threads=1"}
WRAP = F(1 << 33, 90_000)
"""Seconds after which a transport stream's clock begins anew."""
BT709, PQ, HLG = (1, 1, 1, 1), (9, 16, 9, 1), (9, 18, 9, 1)

MP4 = (
    Kind("MP4 with its index at the end", "as most are written"),
    Kind("MP4 with its index first", "fit for download", muxer={"movflags": "faststart"}),
    Kind("fragmented MP4", "as recorders write it", muxer={"movflags": "frag_keyframe+empty_moov"}),
    Kind("turned by 90", "a telephone held upright", rotation=90, displayed=(180, 320)),
    Kind("turned by 180", "a telephone upside down", rotation=180),
    Kind("turned by 270", "a telephone held upright", rotation=270, displayed=(180, 320)),
    Kind("one group of pictures", "a single keyframe", options={"preset": "ultrafast", "g": "9999"}),
    Kind(
        "open groups of pictures",
        "pictures before a keyframe lean on the group before it",
        options={"preset": "veryfast", "bf": "3", "g": "20", "x264-params": "open-gop=1"},
    ),
    Kind(
        "trimmed by its edit list",
        "what comes before the edit is in the file, and is not to be seen",
        altered=trimmed(F(12, 25)),
        shown=range(12, LENGTH),
    ),
    Kind("the picture begins later", "an empty edit", times=steady(start=F(1, 2)), origin=F(0)),
    Kind("the sound begins later", "", sounds=(Sound(start=F(1, 2)),)),
    Kind("the sound outlasts the picture", "", sounds=(Sound(end=F(9, 2)),)),
    Kind("the picture outlasts the sound", "", sounds=(Sound(end=F(2)),)),
    Kind("no sound", "", sounds=SILENT),
    Kind("one channel at 44.1 kHz", "resampled", sounds=(Sound(layout="mono", rate=44_100),)),
    Kind("5.1", "speech in the centre", sounds=(Sound(layout="5.1", channels=(2,)),)),
    Kind(
        "three languages",
        "each a track of its own",
        sounds=(Sound(language="eng"), Sound(language="deu", layout="mono"), Sound(language="fra")),
    ),
    Kind("odd size in 4:4:4", "", size=(321, 181), pixel_format="yuv444p", displayed=(321, 181)),
    Kind("anamorphic", "PAL, wide", size=(720, 576), aspect=F(64, 45), displayed=(1024, 576), times=steady(30)),
    Kind("10 bits, 4:2:2", "H.264 as cameras have it", pixel_format="yuv422p10le"),
    Kind("10 bits, HEVC", "", codec="libx265", pixel_format="yuv420p10le", options=QUIET_265, times=steady(50)),
    Kind(
        "HDR10",
        "",
        codec="libx265",
        pixel_format="yuv420p10le",
        options=QUIET_265,
        color=PQ,
        times=steady(LENGTH // 3),
        least_psnr=0,
    ),
    Kind(
        "HLG",
        "",
        codec="libx265",
        pixel_format="yuv420p10le",
        options=QUIET_265,
        color=HLG,
        times=steady(LENGTH // 3),
        least_psnr=0,
    ),
    Kind("interlaced, top field first", "", fields="tff", options={"preset": "veryfast", "x264-params": "tff=1"}),
    Kind("interlaced, bottom field first", "", fields="bff", options={"preset": "veryfast", "x264-params": "bff=1"}),
    Kind("one picture", "and sound for three seconds", times=steady(1)),
    Kind("one picture without sound", "", times=steady(1), sounds=SILENT),
    Kind("one picture a second", "", times=steady(5, F(1)), rate=F(1), sounds=(Sound(end=F(5)),)),
    Kind("120 pictures a second", "", times=steady(300, F(120)), rate=F(120), least_psnr=25),
    Kind("NTSC", "30000/1001", times=steady(90, NTSC), rate=NTSC),
    Kind("a rate that varies", "ever slower", times=tuple(F(i * i, 1500) for i in range(70))),
    Kind("the smallest", "", size=(16, 16), sounds=SILENT, readable=False),
    Kind(
        "3840 × 2160",
        "",
        size=(3840, 2160),
        color=BT709,
        times=steady(12, F(6)),
        rate=F(6),
        sounds=(Sound(end=F(2)),),
    ),
    Kind("portrait", "1080 × 1920", size=(1080, 1920), color=BT709, times=steady(8, F(4)), rate=F(4)),
    Kind("MPEG-4 with MP3", "", codec="mpeg4", options={"g": "30"}, sounds=(Sound("mp3"),)),
    Kind(
        "3GP",
        "a telephone of 2005",
        "clip.3gp",
        codec="h263",
        size=(352, 288),
        options={"g": "30"},
        rate=NTSC,
        times=steady(80, NTSC),
        sounds=(Sound("libopencore_amrnb", "mono", 8000),),
    ),
)

MOV = (
    Kind("MOV", "H.264 with PCM", "clip.mov", sounds=(Sound("pcm_s16le", rate=44_100),)),
    Kind("ProRes", "10 bits, 4:2:2", "clip.mov", "prores_ks", "yuv422p10le", options={}, sounds=(Sound("pcm_s24le"),)),
    Kind(
        "MJPEG in full range", "a pocket camera", "clip.mov", "mjpeg", "yuvj420p", options={"q": "3"},
        sounds=(Sound("pcm_u8", "mono", 22_050),),
    ),
    Kind(
        "DNxHR", "an editor's export", "clip.mov", "dnxhd", "yuv422p", options={"profile": "dnxhr_lb"},
        size=(640, 360), times=steady(50),
    ),
)  # fmt: skip

MPEG = (
    Kind(
        "MPEG-2 programme stream", "a DVD", "clip.mpg", "mpeg2video", size=(352, 288),
        options={"g": "12", "bf": "2"}, sounds=(Sound("mp2"),),
    ),
    Kind(
        "MPEG-2 transport stream, interlaced", "broadcast", "clip.ts", "mpeg2video", size=(352, 288), fields="tff",
        options={"g": "12", "bf": "2", "flags": "+ilme+ildct", "field_order": "tt"}, sounds=(Sound("mp2"),),
    ),
    Kind("transport stream", "H.264 with AC-3", "clip.ts", sounds=(Sound("ac3"),)),
    Kind("transport stream that begins at an hour", "", "clip.ts", times=steady(start=F(3600)),
         sounds=(Sound(start=F(3600), end=F(3603), beep=F(3601)),)),
    Kind("transport stream whose clock begins anew", "after 26.5 hours", "clip.ts", times=steady(start=WRAP - 2),
         sounds=(Sound(start=WRAP - 2, end=WRAP + 1, beep=WRAP - 1),)),
    Kind("size changes", "a camera that was switched", "clip.ts", sounds=SILENT, second_size=(480, 270),
         options={"preset": "ultrafast", "bf": "0", "g": "25"}),
)  # fmt: skip

OTHERS = (
    Kind("AVI, MPEG-4 ASP", "", "clip.avi", "mpeg4", options={"g": "30"}, sounds=(Sound("ac3"),)),
    Kind("AVI, MJPEG", "", "clip.avi", "mjpeg", "yuvj422p", options={"q": "3"}, sounds=(Sound("pcm_s16le"),)),
    Kind("WebM, VP8", "", "clip.webm", "libvpx", options={"deadline": "realtime", "cpu-used": "8", "g": "40"},
         sounds=(Sound("libopus", "mono"),)),
    Kind("WebM, VP9", "", "clip.webm", "libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8", "g": "40"},
         sounds=(Sound("libopus"),)),
    Kind("WebM, AV1", "", "clip.webm", "libsvtav1", options={"preset": "12", "g": "40", "svtav1-params": "lp=1"},
         sounds=(Sound("libopus"),), times=steady(50)),
    Kind("Matroska, H.264", "with FLAC", "clip.mkv", sounds=(Sound("flac"),)),
    Kind("Matroska, HEVC", "with Opus", "clip.mkv", "libx265", options=QUIET_265, sounds=(Sound("libopus"),),
         times=steady(50)),
    Kind("Matroska without cues", "a recording that was not closed", "clip.mkv", muxer={"live": "1"}),
    Kind("FLV, H.264", "", "clip.flv"),
    Kind("FLV, Sorenson", "", "clip.flv", "flv", options={"g": "30"}, sounds=(Sound("mp3", rate=44_100),)),
    Kind("WMV", "", "clip.wmv", "wmv2", options={"g": "30"}, sounds=(Sound("mp3"),)),
)  # fmt: skip

TORN = (
    Kind("transport stream with a hole", "", "clip.ts", altered=overwritten(F(1, 2), 2000)),
    Kind("MP4 with a hole", "", altered=overwritten(F(1, 3), 300)),
)
"""What is missing in the middle is not to be seen; everything else is, at its time."""

KINDS = tuple(chain(MP4, MOV, MPEG, OTHERS))
