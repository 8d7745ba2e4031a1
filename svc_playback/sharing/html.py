"""HTML about a video for pages of others and heads of ours. Whatever people wrote is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final
from urllib.parse import quote

from svc_playback.sharing.domain import Shared, Size, beginning, one_line, player_size

SITE: Final = "vidmesh"


def head(shared: Shared) -> str:
    """Title, description, Open Graph (https://ogp.me), Twitter cards and where the oEmbed answer is."""
    return "\n".join(_elements(shared))


def iframe(shared: Shared, size: Size) -> str:
    """The embedded player, for another site's page."""
    return (
        f'<iframe src="{escape(shared.embed_url)}" width="{size.width}" height="{size.height}"'
        f' title="{escape(one_line(shared.title))}" allow="autoplay; fullscreen; picture-in-picture"'
        ' allowfullscreen style="border:0"></iframe>'
    )


def _elements(shared: Shared) -> Iterator[str]:
    title, description = one_line(shared.title), beginning(shared.description)
    oembed = f"{shared.base}/oembed?format=json&url={quote(shared.watch_url, safe='')}"
    yield f"<title>{escape(title)} · {SITE}</title>"
    yield f'<meta name="description" content="{escape(description or f"{title}: a video on {SITE}.")}" />'
    yield f'<link rel="canonical" href="{escape(shared.watch_url)}" />'
    yield (f'<link rel="alternate" type="application/json+oembed" href="{escape(oembed)}" title="{escape(title)}" />')
    for name, value in _open_graph(shared, title, description):
        yield f'<meta property="{name}" content="{escape(value)}" />'
    for name, value in _twitter(shared, title, description):
        yield f'<meta name="{name}" content="{escape(value)}" />'


def _open_graph(shared: Shared, title: str, description: str) -> Iterator[tuple[str, str]]:
    yield "og:site_name", SITE
    yield "og:type", "video.other"
    yield "og:title", title
    yield "og:url", shared.watch_url
    if description:
        yield "og:description", description
    if shared.seconds:
        yield "video:duration", str(shared.seconds)
    if shared.picture is not None:
        yield "og:image", shared.picture.url
        yield "og:image:width", str(shared.picture.size.width)
        yield "og:image:height", str(shared.picture.size.height)
        yield "og:image:alt", title
    if shared.shape is not None:
        size = player_size(shared.shape)
        yield "og:video", shared.embed_url
        if shared.embed_url.startswith("https://"):
            yield "og:video:secure_url", shared.embed_url
        yield "og:video:type", "text/html"
        yield "og:video:width", str(size.width)
        yield "og:video:height", str(size.height)


def _twitter(shared: Shared, title: str, description: str) -> Iterator[tuple[str, str]]:
    # Its players are shown over TLS alone.
    playable = shared.shape is not None and shared.embed_url.startswith("https://")
    yield "twitter:card", "player" if playable else "summary_large_image"
    yield "twitter:title", title
    if description:
        yield "twitter:description", description
    if shared.picture is not None:
        yield "twitter:image", shared.picture.url
        yield "twitter:image:alt", title
    if playable:
        size = player_size(shared.shape)
        yield "twitter:player", shared.embed_url
        yield "twitter:player:width", str(size.width)
        yield "twitter:player:height", str(size.height)
