"""Uploaded files of captions: what is taken, and which line is at fault where one is not."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_transcode.media.captions import webvtt
from svc_transcode.media.captions.cues import MOST_CUES, MOST_TEXT, CaptionsRefused, Cue
from svc_transcode.media.captions.lines import lines_of
from svc_transcode.media.captions.read import Format, read

SRT = "1\n00:00:00,500 --> 00:00:01,500\nOne <i>word</i>\nand more\n\n2\n00:00:02,000 --> 00:00:03,000\nTwo\n"
VTT = """WEBVTT - of a test

STYLE
::cue { background: url(https://example.org/) }

REGION
id:one

NOTE
nobody sees this

a name
00:00.500 --> 00:01.500 line:0 position:10%
One <i>word</i>
and more

00:00:02.000 --> 00:00:03.000
Two
"""
ASS = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not said
Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,One {\\i1}word{\\i0}\\Nand more
Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,Two
"""
SAID = (Cue(500, 1500, "One <i>word</i>\nand more"), Cue(2000, 3000, "Two"))


@pytest.mark.parametrize("text", [SRT, VTT, ASS], ids=["srt", "webvtt", "ass"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_the_same_is_read_however_it_is_written(text: str, ends: str, mark: bytes, encoding: str) -> None:
    assert read(mark + text.replace("\n", ends).encode(encoding)) == SAID


def test_cues_come_in_the_order_of_their_start() -> None:
    later_first = "00:00:05,000 --> 00:00:06,000\nb\n\n00:00:01,000 --> 00:00:09,000\na\n"
    assert [cue.text for cue in read(later_first.encode())] == ["a", "b"]


def test_a_file_without_a_blank_line_at_its_end_and_with_many_in_between_is_read() -> None:
    assert read(b"\n\n\n1\n00:00:01,000 --> 00:00:02,000\na\n\n\n\n2\n00:00:03,000 --> 00:00:04,000\nb") == (
        Cue(1000, 2000, "a"),
        Cue(3000, 4000, "b"),
    )


def test_hours_may_be_left_out_and_fractions_of_any_length_are_fractions() -> None:
    assert read(b"00:01.5 --> 00:02,25\na\n") == (Cue(1500, 2250, "a"),)


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (b"", None, "neither SubRip"),
        (b"just words\nand more", None, "neither SubRip"),
        (b"\x89PNG\r\n\x1a\n\0\0", 1, "no text in UTF-8"),
        ("1\n00:00:01,000 --> 00:00:02,000\nGr\u00fc\u00dfe\n".encode("latin-1"), 3, "no text in UTF-8"),
        (SRT.encode("utf-16-le"), 1, "zero byte"),
        (codecs.BOM_UTF32_LE + SRT.encode("utf-32-le"), None, "UTF-32"),
        (codecs.BOM_UTF16_LE + b"a\0\n\0\x00\xd8", 2, "no text in UTF-16"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n", None, "no cue with text"),
        (b"1\n00:00:02,000 --> 00:00:01,000\na\n", 2, "ends before it begins"),
        (b"1\n00:00:01,000 --> 00:00:01,000\na\n", 2, "ends before it begins"),
        (b"1\n00:00:61,000 --> 00:01:02,000\na\n", 2, "below 60"),
        (b"1\n23:00:00,000 --> 25:00:00,000\na\n", 2, "later than 24 hours"),
        (b"1\n00:00:01,000 -> 00:00:02,000\na\n\n2\n00:00:03,000 --> 00:00:04,000\nb", 2, "times of the cue"),
        (b"1\n0x:00:01,000 --> 00:00:02,000\na\n", 2, "look like"),
        (b"words\n\n1\n00:00:01,000 --> 00:00:02,000\na\n", 1, "number or its times"),
        (b"1\n00:00:01,000 --> 00:00:02,000\na\n00:00:03,000 --> 00:00:04,000\nb", 4, "second line of times"),
        (b"WEBVTT\n\n00:01.000 --> 00:02\na\n", 3, "look like"),
        (b"WEBVTT\n\nname\nname\n00:01.000 --> 00:02.000\na\n", 4, "times of a cue are expected"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\na\n00:03.000 --> 00:04.000\nb\n", 5, "second line of times"),
        (b"[Script Info]\nTitle: x\n", None, "no section [Events]"),
        (b"[Events]\nDialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,a\n", 2, '"Format:" is missing'),
        (b"[Events]\nFormat: Start, Text, End\n", 2, "format of events"),
        (b"[Events]\nFormat: Layer, Start, End, Text\nDialogue: 0,0:00:01.00\n", 3, "2 fields; its format says 4"),
        (b"[Events]\nFormat: Start, End, Text\nDialogue: now,0:00:01.00,a\n", 3, "looks like"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content: bytes, line: int | None, sentence: str) -> None:
    with pytest.raises(CaptionsRefused) as refused:
        read(content)
    assert (refused.value.line, sentence in refused.value.sentence) == (line, True), refused.value.sentence
    assert refused.value.sentence.startswith(f"Line {line}: ") == (line is not None)


def test_a_file_is_read_as_what_it_is_said_to_be() -> None:
    with pytest.raises(CaptionsRefused):
        read(SRT.encode(), Format.WEBVTT)
    assert read(SRT.encode(), Format.SRT) == SAID


def test_the_number_of_cues_and_their_length_are_bounded() -> None:
    cue = "00:00:01,000 --> 00:00:02,000\n{}\n\n"
    assert len(read((cue.format("a") * MOST_CUES).encode())) == MOST_CUES
    with pytest.raises(CaptionsRefused, match="more than"):
        read((cue.format("a") * (MOST_CUES + 1)).encode())
    assert read(cue.format("a" * MOST_TEXT).encode())[0].text == "a" * MOST_TEXT
    with pytest.raises(CaptionsRefused, match="longer than"):
        read(cue.format("a" * (MOST_TEXT + 1)).encode())


@given(st.binary(max_size=400))
def test_any_bytes_are_taken_or_refused_with_a_sentence(data: bytes) -> None:
    for written in (None, *Format):
        try:
            cues = read(data, written)
        except CaptionsRefused:
            continue
        assert read(webvtt.write(cues).encode()) == cues


PIECES = st.sampled_from(
    [
        *("WEBVTT", "[Events]", "Format: Start, End, Text", "Dialogue: 0:00:00.50,0:00:01.50,", "NOTE", "STYLE"),
        *("1", "00:00:01,000 --> 00:00:02,000", "00:01.000 --> 00:02.000", "-->", "", "\n", "\r", " ", "\0"),
        *("<i>", "</i>", "<b", "<v Bob>", "<c.red>", "</c>", "<ruby>", "<rt>", "</rt>", "<lang de>", "<00:00:01.000>"),
        *(
            "&",
            "&lt;",
            "&#10;",
            "&#0;",
            "&quot;",
            "<script>",
            ">",
            "--&gt;",
            "{\\i1}",
            "{\\p1}",
            "\\N",
            "\u2028",
            "\ufeff",
        ),
    ]
)


@given(st.lists(st.one_of(PIECES, PIECES, st.text(max_size=8)), max_size=40))
def test_whatever_is_taken_is_written_so_that_it_reads_the_same(pieces: list[str]) -> None:
    try:
        cues = read("".join(f"{piece}\n" if len(piece) > 2 else piece for piece in pieces).encode("utf-8", "ignore"))
    except CaptionsRefused:
        return
    written = webvtt.write(cues)
    assert webvtt.read(lines_of(written.encode())) == cues
    # Nothing of the input made a line of times, or a block of its own.
    assert written.count("-->") == len(cues)
    assert written.count("\n\n") == len(cues)
