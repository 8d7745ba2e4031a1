"""Connections between parts are cut, or fall silent for good: whoever waits notices, and all goes on by itself."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mesh.local.plan import BUS, GATEWAY, OBJECTS, SERVICES
from tests.e2e.faults.net import BEHIND, EDGE, WORKER, Net
from tests.e2e.faults.place import Place
from tests.e2e.faults.scenes import under_way
from tests.e2e.faults.weather import Weather
from tests.e2e.people import sign_up_by_command, upload_by_command

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

SECONDS = 8.0
SILENT = Weather(silent=True)

PAIRS = [
    *((EDGE, part) for part in (GATEWAY, OBJECTS, *SERVICES)),
    *((service, BUS) for service in (GATEWAY, WORKER, *SERVICES)),
    *((part, OBJECTS) for part in (WORKER, "svc_upload", "svc_transcode")),
    *((WORKER, part) for part in ("svc_upload", "svc_transcode")),
    ("svc_transcode", "svc_upload"),
    ("svc_playback", "svc_upload"),
    ("svc_social", "svc_upload"),
    ("svc_playback", "svc_transcode"),
    *((service, "svc_social") for service in ("svc_upload", "svc_transcode", "svc_playback")),
    (GATEWAY, "svc_social"),
    (GATEWAY, "svc_playback"),
]
"""Who connects, and to whom."""


def test_all_goes_on_after_every_connection_between_parts_was_cut_three_times(between: Place) -> None:
    inside = [part for part in BEHIND if part != EDGE]
    with under_way(between, SECONDS) as scene:
        _all_pairs_are_connected(scene.net)
        for _ in range(3):
            assert sum(scene.net.cut(part) for part in inside) > len(inside)
            time.sleep(2)


def test_all_goes_on_after_every_connection_between_parts_fell_silent(between: Place) -> None:
    """None of those that stood ever says anything again."""
    inside = [part for part in BEHIND if part != EDGE]
    with under_way(between, SECONDS) as scene, scene.net.weather(SILENT, *inside):
        time.sleep(SECONDS)


def test_the_client_goes_on_uploading_after_its_connections_were_cut_and_fell_silent(between: Place) -> None:
    sign_up_by_command(between.stack)
    with ThreadPoolExecutor(1) as pool:
        with between.net.weather(Weather(rate=100_000), EDGE):
            uploading = pool.submit(upload_by_command, between.stack, file=between.clip)
            _wait_for_bytes(between, 500_000)
            assert between.net.cut(EDGE)
            _wait_for_bytes(between, 500_000)
        with between.net.weather(SILENT, EDGE):
            time.sleep(SECONDS)
        assert uploading.result()["processing_state"] == "PROCESSED"


def _all_pairs_are_connected(net: Net) -> None:
    """The list of pairs is complete, and no test is about a connection that there is not."""
    connected, give_up = set[tuple[str, str]](), time.monotonic() + 2 * SECONDS
    while missing := set(PAIRS) - connected:
        assert time.monotonic() < give_up, f"not connected: {missing}"
        connected |= {(peer, part) for part in BEHIND for peer in net.peers(part) if peer}
    assert connected == set(PAIRS)


def _wait_for_bytes(place: Place, more: int) -> None:
    enough, give_up = place.net.carried(EDGE) + more, time.monotonic() + 30
    while place.net.carried(EDGE) < enough:
        assert time.monotonic() < give_up, "nothing is sent"
        time.sleep(0.05)


@pytest.mark.soak
@pytest.mark.parametrize(("peer", "part"), PAIRS, ids=[f"{peer}, {part}" for peer, part in PAIRS])
def test_all_goes_on_after_a_connection_was_cut_and_fell_silent(between: Place, peer: str, part: str) -> None:
    with under_way(between, SECONDS) as scene:
        scene.net.cut(part, peer)
        time.sleep(1)
        with scene.net.weather(SILENT, part, peer=peer):
            time.sleep(SECONDS)
