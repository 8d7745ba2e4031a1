"""Parts stand still (SIGSTOP) while others need them: calls end in time, and all goes on when they go on."""

from __future__ import annotations

import time

import pytest

from mesh.local.plan import BUS, GATEWAY, OBJECTS
from tests.e2e.faults.net import EDGE, WORKER
from tests.e2e.faults.pausing import paused
from tests.e2e.faults.place import Place
from tests.e2e.faults.scenes import under_way

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

SECONDS = 8.0
VOLUMES = "volumes"


@pytest.mark.parametrize(
    "parts",
    [
        ("svc_upload",),
        ("svc_transcode", "svc_playback", "svc_social", GATEWAY),
        (BUS,),
        (OBJECTS,),
        (EDGE, WORKER),
    ],
    ids=" ".join,
)
def test_all_goes_on_after_parts_stood_still(between: Place, parts: tuple[str, ...]) -> None:
    """Those that stand still together here do not stand in each other's way."""
    with under_way(between, SECONDS, still=parts) as scene, paused(scene.stack, *parts):
        time.sleep(SECONDS)


@pytest.mark.soak
@pytest.mark.parametrize(
    "part",
    [
        *("svc_social", "svc_upload", "svc_transcode", "svc_playback"),
        *(GATEWAY, BUS, OBJECTS, VOLUMES, EDGE, WORKER),
    ],
)
def test_all_goes_on_after_a_part_stood_still_for_a_minute(between: Place, part: str) -> None:
    with under_way(between, 60, still=(part,)) as scene, paused(scene.stack, part):
        time.sleep(60)
