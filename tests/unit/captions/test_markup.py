"""What is kept of the looks of a cue, and that nothing else gets through."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_transcode.media.captions.markup import KEPT, Close, Open, build, of_ass, of_srt, of_webvtt, plain


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<B>bold</B> & <u>under</u>", "<b>bold</b> &amp; <u>under</u>"),
        ('<font color="#fff">white</font>', "white"),
        ("{\\an8}above", "above"),
        ("I <3 you, 1 < 2 > 0", "I &lt;3 you, 1 &lt; 2 &gt; 0"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a --> b", "a --&gt; b"),
        ("<i>never closed", "<i>never closed</i>"),
        ("closed only</i>", "closed only"),
        ("<i>one<b>two</i>three</b>", "<i>one<b>two</b></i><b>three</b>"),
        ("  a  \n \n\tb", "a\nb"),
        ("a\x07\x1bb\u200fc", "ab\u200fc"),
        ("<i></i>", ""),
    ],
)
def test_of_subrip_bold_italic_and_underlined_are_kept(text: str, kept: str) -> None:
    assert of_srt(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<v Bob &amp; Co>hi", "<v Bob &amp; Co>hi</v>"),
        ("<v.loud Bob>hi</v>", "<v Bob>hi</v>"),
        ("<v>nobody</v>", "nobody"),
        ("<c.red.bg_blue>red</c>", "red"),
        ("one<00:00:01.500>two", "onetwo"),
        ("<ruby>\u6f22<rt>kan</rt></ruby>", "<ruby>\u6f22<rt>kan</rt></ruby>"),
        ("<lang de-DE>Ja</lang>", "<lang de-DE>Ja</lang>"),
        ("&lt;b&gt; &amp;amp; &nbsp;x", "&lt;b&gt; &amp;amp; \u00a0x"),
        ("a&#10;&#10;b", "a\nb"),
        ("<script src=x>alert(1)</script>", "alert(1)"),
        ("<b", "&lt;b"),
    ],
)
def test_of_webvtt_a_handful_of_tags_is_kept_and_the_words_of_the_others(text: str, kept: str) -> None:
    assert of_webvtt(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("{\\i1}a{\\i0} b", "<i>a</i> b"),
        ("{\\b700}a{\\b400} b{\\r}", "<b>a</b> b"),
        ("{\\b1\\i1}a{\\r}b", "<b><i>a</i></b>b"),
        ("{\\pos(1,2)\\fad(1,2)\\blur3}a\\Nb\\hc\\nd", "a\nb\u00a0c d"),
        ("{\\p1}m 0 0 l 100 0{\\p0}said", "said"),
        ("{a note}b", "b"),
        ("a, b <i> {", "a, b &lt;i&gt; {"),
    ],
)
def test_of_ass_the_words_are_kept_without_typesetting(text: str, kept: str) -> None:
    assert of_ass(text) == kept


def test_the_words_alone_are_plain_text() -> None:
    assert plain("<v Bob>1 &lt; 2 &amp;amp; <i>so</i> on</v>\n<b></b>") == "1 < 2 &amp; so on"


TOKENS = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.builds(Open, st.sampled_from([*KEPT, "c", "script"]), st.text(max_size=6)),
        st.builds(Close, st.sampled_from([*KEPT, "c", "script"])),
    ),
    max_size=20,
)


@given(TOKENS)
def test_whatever_comes_tags_are_known_and_nest_and_no_line_is_blank(tokens: list[str | Open | Close]) -> None:
    text = build(tokens)
    opened: list[str] = []
    for closing, name in re.findall(r"<(/?)([a-z]+)[^<>]*>", text):
        assert name in KEPT
        if closing:
            assert opened.pop() == name
        else:
            opened.append(name)
    assert not opened
    assert not re.search(r"[<>]", re.sub(r"</?[a-z]+(?: [^<>\n]*)?>", "", text))
    assert "-->" not in text
    assert not text or all(line.strip() for line in text.split("\n"))
    assert of_webvtt(text) == text
