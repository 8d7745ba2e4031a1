"""The invariants of test_chaos.py that calls through the edge show."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

from tests.e2e.boards import sheets
from tests.e2e.chaos.calling import Caller
from tests.e2e.chaos.stored import Named
from tests.e2e.chaos.told import PASSWORD, Account, UploadTold
from tests.e2e.stacks import Stack
from vidmesh.client.hls import parse_media

KEY = re.compile(r"/media/~[^/]+/(v/[^?]+)$")

ENDS = {"PROCESSING_STATE_PROCESSED", "PROCESSING_STATE_FAILED"}


def check_answers(stack: Stack, accounts: Sequence[Account], settle: float) -> Named:
    """Asks for everything that was acknowledged, waits until it has come to its end, and gives what it names.

    Something has to come to its end every `settle` seconds until all have: much work is not stuck.
    """
    named = Named()
    for account in accounts:
        _signs_in(stack, account)
    _all_end(stack, accounts, settle)
    for account in accounts:
        with Caller.at(stack.edge_url, account.token) as caller:
            for told in account.uploads:
                if told.stays:
                    _source(caller, told, named)
                    _video(caller, told, named, time.monotonic() + settle)
                else:
                    _gone(caller, told, time.monotonic() + settle)
            _channel(caller, account)
    return named


def _signs_in(stack: Stack, account: Account) -> None:
    with Caller.at(stack.edge_url) as caller:
        made = caller.call("POST", "/v1/sessions", {"email": account.email, "password": PASSWORD})
    with Caller.at(stack.edge_url, made["tokens"]["access_token"]) as caller:
        channels = caller.call("GET", "/v1/accounts/me/channels")
    assert [one["channel_id"] for one in channels["channels"]] == [account.channel_id], account.handle


def _channel(caller: Caller, account: Account) -> None:
    listed: list[str] = []
    token = ""
    while True:
        page = caller.call("GET", f"/v1/channels/{account.channel_id}/videos", page_size="50", page_token=token)
        listed += [video["video_id"] for video in page.get("videos", [])]
        token = page.get("next_page_token", "")
        if not token:
            break
    wanted = sorted(told.video_id for told in account.uploads if told.stays)
    assert sorted(listed) == wanted, f"{account.handle} lists {sorted(listed)} for {wanted}"


def _source(caller: Caller, told: UploadTold, named: Named) -> None:
    path = f"/v1/uploads/{told.upload_id}"
    upload = caller.call("GET", path)["upload"]
    assert upload["state"] == "UPLOAD_STATE_COMPLETED", upload
    parts = caller.call("GET", f"{path}/parts", page_size="1000")["parts"]
    numbers = [part["number"] for part in parts]
    assert numbers == list(range(1, upload["part_count"] + 1)), upload
    assert told.confirmed <= set(numbers)
    for part in parts:
        digest = base64.b64decode(part["sha256"]).hex()
        named.source[f"u/{told.upload_id}/{part['number']}-{digest}"] = digest


def _gone(caller: Caller, told: UploadTold, give_up: float) -> None:
    """No video, and an upload that says how it ended for as long as anything is said of it."""
    while (video := caller.send("GET", f"/v1/videos/{told.video_id}")).status_code != 404:
        assert time.monotonic() < give_up, f"{told.fate} ({told.ended}), and still there: {video.text}"
        time.sleep(0.3)
    upload = caller.send("GET", f"/v1/uploads/{told.upload_id}")
    if upload.status_code != 404:
        assert upload.json()["upload"]["state"] == f"UPLOAD_STATE_{told.ended.upper()}", upload.text


def _video(caller: Caller, told: UploadTold, named: Named, give_up: float) -> None:
    wanted = "FAILED" if told.file.name == "c.mp4" else "PROCESSED"
    processing, video = _settled(caller, told.video_id, give_up)
    assert processing["state"] == video["processing_state"] == f"PROCESSING_STATE_{wanted}", (processing, video)
    assert (video["title"], video["visibility"]) == (told.title, f"VISIBILITY_{told.visibility}")
    generations = named.generations[told.video_id] = int(processing.get("manifest_generation", 0))
    if wanted == "FAILED":
        assert processing["failure_reason"] == "FAILURE_REASON_NOT_A_VIDEO", processing
        assert generations == 0
        return
    assert generations > 0
    assert [one["state"] for one in processing["renditions"]] == ["RENDITION_STATE_PUBLISHED"] * 2, processing
    files = caller.call("GET", f"/v1/videos/{told.video_id}/files")["files"]
    qualities = [file["quality"] for file in files]
    assert qualities == [one["quality"] for one in processing["renditions"]]
    assert len({file["file_id"] for file in files}) == len(set(qualities)) == 2, files
    for file in files:
        playlist = parse_media(_text(caller, file["url"]), urljoin(str(caller.edge.base_url), file["url"]))
        keys = [_key(playlist.init_url), *(_key(segment.url) for segment in playlist.segments)]
        named.files.append((int(file["size_bytes"]), keys))
        # Each piece has one like it beside its segments, of which playlists name the first.
        named.media |= {f"{key.rpartition('/')[0]}/init.mp4" for key in keys}
    playback = _complete(caller, told.video_id, generations, give_up)
    board = playback["storyboard_url"]
    named.media |= {_key(url) for url in (board, *sheets(board, _text(caller, board)))}
    named.media |= {_key(track["url"]) for track in playback["tracks"] if track.get("url")}
    assert playback["thumbnails"], "no still"
    for picture in playback["thumbnails"]:
        named.media.add(_key(picture["url"]))
    for one in caller.call("GET", f"/v1/videos/{told.video_id}/thumbnails").get("thumbnails", []):
        named.media.add(_key(one["url"]))


def _all_end(stack: Stack, accounts: Sequence[Account], settle: float) -> None:
    """Returns once the processing of every video that stays has ended."""
    open_ones = [(account, told) for account in accounts for told in account.uploads if told.stays]
    give_up = time.monotonic() + settle
    while open_ones:
        before, open_ones = len(open_ones), [one for one in open_ones if not _has_ended(stack, *one)]
        if len(open_ones) < before:
            give_up = time.monotonic() + settle
        stuck = [told.video_id for _, told in open_ones]
        assert time.monotonic() < give_up, f"nothing came to its end for {settle} s; {len(stuck)} are left: {stuck}"
        time.sleep(0.3)


def _has_ended(stack: Stack, account: Account, told: UploadTold) -> bool:
    with Caller.at(stack.edge_url, account.token) as caller:
        answer = caller.send("GET", f"/v1/videos/{told.video_id}/processing")
    return answer.json().get("processing", {}).get("state") in ENDS


def _settled(caller: Caller, video_id: str, give_up: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both services say of a video once they say that it ended, and its stills are there."""
    while True:
        answer = caller.send("GET", f"/v1/videos/{video_id}/processing")
        processing = answer.json().get("processing", {"state": ""})
        video = caller.call("GET", f"/v1/videos/{video_id}")["video"]
        states = {processing["state"], video["processing_state"]}
        if states == {"PROCESSING_STATE_FAILED"}:
            return processing, video
        if states == {"PROCESSING_STATE_PROCESSED"} and video.get("thumbnail", {}).get("url"):
            return processing, video
        assert time.monotonic() < give_up, f"stuck: {processing}, {video}"
        time.sleep(0.3)


def _complete(caller: Caller, video_id: str, generation: int, give_up: float) -> dict[str, Any]:
    """What a player is told once there is a storyboard, for which nothing else waits, and the last generation, of which
    svc_playback hears a little later, or half a minute where it was killed.
    """
    while True:
        playback = caller.call("GET", f"/v1/videos/{video_id}/playback")["playback"]
        if playback.get("storyboard_url") and int(playback["manifest_generation"]) == generation:
            return playback
        assert time.monotonic() < give_up, f"no storyboard, or not of generation {generation}: {playback}"
        time.sleep(0.3)


def _text(caller: Caller, url: str) -> str:
    return caller.send("GET", url).raise_for_status().text


def _key(url: str) -> str:
    found = KEY.search(url)
    assert found, url
    return found[1]
