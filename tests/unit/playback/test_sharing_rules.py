"""Which addresses are videos' ones, how large players are elsewhere, and that no word of anybody becomes HTML."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_playback.sharing.domain import SIDE, Picture, Shared, Size, beginning, one_line, player_size, video_at
from svc_playback.sharing.html import head, iframe

BASE = "https://video.example"
VIDEO = "abcdefghijk"
SHARED = Shared(BASE, VIDEO, "A title", "What it is about.", None, Size(1920, 1080), 90)
PICTURE = Picture(f"{BASE}/media/~a.b.c/v/{VIDEO}/t/1/0.jpg", Size(1280, 720))


class Read(HTMLParser):
    """The elements of some HTML with their attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def said(self, name: str) -> str | None:
        """Content of a `meta` element by its name or property."""
        named = (
            have for tag, have in self.elements if tag == "meta" and name in (have.get("name"), have.get("property"))
        )
        return next((have["content"] for have in named), None)


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/watch/{VIDEO}",
        f"{BASE}/watch/{VIDEO}?t=90#here",
        f"{BASE}/embed/{VIDEO}/",
        f"http://video.example/watch/{VIDEO}",
        f"https://VIDEO.example/watch/{VIDEO}",
        f"http://127.0.0.1:8080/watch/{VIDEO}",
    ],
)
def test_addresses_of_pages_and_players_are_their_videos(url: str) -> None:
    assert video_at(url, (BASE, "http://127.0.0.1:8080/")) == VIDEO


@pytest.mark.parametrize(
    "url",
    [
        "",
        VIDEO,
        f"{BASE}/",
        f"{BASE}/watch/short",
        f"{BASE}/watch/{VIDEO}x",
        f"{BASE}/watch/-{VIDEO[1:]}",
        f"{BASE}/studio/{VIDEO}",
        f"https://video.example.evil/watch/{VIDEO}",
        f"https://evil@video.example/watch/{VIDEO}",
        f"https://video.example:81/watch/{VIDEO}",
        f"javascript://video.example/watch/{VIDEO}",
        f"//video.example/watch/{VIDEO}",
        f"https://[video.example/watch/{VIDEO}",
    ],
)
def test_other_addresses_are_nobodys(url: str) -> None:
    assert video_at(url, (BASE,)) is None


@given(st.text())
def test_no_address_is_too_strange_to_be_judged(url: str) -> None:
    assert video_at(url, (BASE,)) is None


def test_a_player_has_the_shape_of_its_video_and_stays_in_its_room() -> None:
    assert player_size(None) == Size(640, 360)
    assert player_size(Size(1920, 1080)) == Size(640, 360)
    assert player_size(Size(1080, 1920)) == Size(360, 640)
    assert player_size(Size(1920, 1080), most_width=320) == Size(320, 180)
    assert player_size(Size(1920, 1080), most_width=4000, most_height=720) == Size(1280, 720)


@given(st.tuples(*[st.integers(1, 10_000)] * 2), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_a_player_is_never_larger_than_its_room_nor_nothing(shape: tuple[int, int], wide: int, high: int) -> None:
    size = player_size(Size(*shape), wide, high)
    assert 1 <= size.width <= max(1, wide or SIDE)
    assert 1 <= size.height <= max(1, high or SIDE)


@given(st.text())
def test_a_line_has_no_control_characters(text: str) -> None:
    line = one_line(text)
    assert line == line.strip()
    assert not set(line) & {"\n", "\r", "\t", "\0", "\x7f", "\x85"}


@given(st.text(), st.integers(5, 100))
def test_a_beginning_is_short_and_the_whole_where_that_fits(text: str, most: int) -> None:
    line = one_line(text)
    assert beginning(text, most) == line if len(line) <= most else len(beginning(text, most)) <= most


def test_a_beginning_ends_with_a_word() -> None:
    assert beginning("one two three four", 12) == "one two…"
    assert beginning("x" * 20, 12) == f"{'x' * 11}…"


def test_a_head_says_what_previews_need() -> None:
    read = Read(head(replace(SHARED, picture=PICTURE)))
    assert read.text.strip() == "A title · vidmesh"
    assert read.said("description") == read.said("og:description") == "What it is about."
    assert read.said("og:title") == read.said("twitter:title") == "A title"
    assert read.said("og:url") == f"{BASE}/watch/{VIDEO}"
    assert read.said("og:image") == read.said("twitter:image") == PICTURE.url
    assert read.said("og:video") == read.said("twitter:player") == f"{BASE}/embed/{VIDEO}"
    assert (read.said("og:video:width"), read.said("og:video:height")) == ("640", "360")
    assert read.said("twitter:card") == "player"
    links = {have["rel"]: have["href"] for tag, have in read.elements if tag == "link"}
    assert links["canonical"] == f"{BASE}/watch/{VIDEO}"
    assert links["alternate"] == f"{BASE}/oembed?format=json&url=https%3A%2F%2Fvideo.example%2Fwatch%2F{VIDEO}"


def test_a_head_promises_nothing_that_is_not_there() -> None:
    read = Read(head(replace(SHARED, description="", shape=None, seconds=0)))
    assert read.said("description") == "A title: a video on vidmesh."
    for name in ("og:description", "og:image", "og:video", "twitter:player", "video:duration"):
        assert read.said(name) is None
    assert read.said("twitter:card") == "summary_large_image"


def test_players_are_offered_to_twitter_over_tls_alone() -> None:
    read = Read(head(replace(SHARED, base="http://127.0.0.1:8080")))
    assert read.said("twitter:player") is None
    assert read.said("og:video") == f"http://127.0.0.1:8080/embed/{VIDEO}"


NASTY = st.one_of(
    st.text(),
    st.sampled_from(
        [
            '"><script>alert(1)</script>',
            "'><img src=x onerror=alert(1)>",
            "</title><script>alert(1)</script>",
            "</head><body onload=alert(1)>",
            "<!--/head-->",
            "-->",
            "&quot;&lt;b&gt;",
            "\u202eevil\u202c",
            "a\r\nset-cookie: x",
        ]
    ),
)


@given(NASTY, NASTY)
def test_no_word_of_anybody_becomes_an_element_or_an_attribute(title: str, description: str) -> None:
    plain, nasty = replace(SHARED, title="A", description="B"), replace(SHARED, title=title, description=description)
    read = Read(head(nasty))
    expected = Read(head(plain)).elements
    if not beginning(description):
        expected = [one for one in expected if ":description" not in str(one[1].get("name") or one[1].get("property"))]
    assert [(tag, set(have)) for tag, have in read.elements] == [(tag, set(have)) for tag, have in expected]
    assert read.said("og:title") == one_line(title)
    assert read.said("og:description") == (beginning(description) or None)


@given(NASTY)
def test_a_player_for_other_pages_is_one_frame_whatever_its_title(title: str) -> None:
    ((tag, have),) = Read(iframe(replace(SHARED, title=title), Size(320, 180))).elements
    assert tag == "iframe"
    assert (have["src"], have["width"], have["height"]) == (f"{BASE}/embed/{VIDEO}", "320", "180")
    assert have["title"] == one_line(title)
