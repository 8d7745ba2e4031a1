"""Manifests for segments that exist: HLS and DASH over the SAME files, by relative URL. Pure.

The layout under a video's prefix: manifests of a generation at `m/<generation>/…`, segments wherever the paths in
the tracks say (each attempt of a job writes into a directory of its own), so a URL looks like `../../s/…`.
"""

from __future__ import annotations

from svc_transcode.media import dash, hls
from svc_transcode.media.tracks import Presentation

MASTER = "master.m3u8"
MPD = "manifest.mpd"


def package(presentation: Presentation, generation: str) -> dict[str, str]:
    """Path under the video's prefix → text, for every manifest of this generation.

    Always holds `m/<generation>/master.m3u8` and `m/<generation>/manifest.mpd`. Raises ValueError where there is no
    video track, a track has no segment, or two tracks would have the same name.
    """
    _check(presentation)
    folder = f"m/{generation}"
    made = {f"{folder}/{MASTER}": hls.master(presentation, folder)}
    for track, name in hls.playlist_names(presentation):
        made[f"{folder}/{name}"] = hls.playlist(track, folder)
    for track, name in hls.caption_playlist_names(presentation):
        made[f"{folder}/{name}"] = hls.caption_playlist(track, presentation.duration, folder)
    made[f"{folder}/{MPD}"] = dash.mpd(presentation, folder)
    return made


def _check(presentation: Presentation) -> None:
    if not presentation.video:
        raise ValueError("a presentation needs a video track")
    for track in (*presentation.video, *presentation.audio):
        if not track.segments:
            raise ValueError(f"track {track.init} has no segment")
    for names in (
        [v.quality for v in presentation.video],
        [a.name for a in presentation.audio],
        [c.label for c in presentation.captions],
    ):
        if len(names) != len(set(names)):
            raise ValueError(f"tracks share a name: {names}")
