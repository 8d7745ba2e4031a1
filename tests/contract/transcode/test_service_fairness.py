"""One channel's many uploads, and those of more channels than one look at the queue sees."""

from __future__ import annotations

from mesh.ids import uuid7
from svc_transcode.processing.queue import PAGE
from svc_transcode.processing.tables import ACTIVE, SHARDS
from vidmesh.transcode.v1.transcode_pb2 import FAILURE_REASON_NOT_A_VIDEO
from vidmesh.transcode.v1.transcode_service_pb2 import JobFailure, StartJobResponse

from .plausible import source
from .service_rig import Answer, Served, eventually

MANY = 2 * PAGE
REFUSED = JobFailure(permanent=True, reason=FAILURE_REASON_NOT_A_VIDEO, message="This is no video.")


async def test_nobody_waits_for_all_that_another_channel_brought_before(served: Served) -> None:
    greedy = uuid7()
    first = {await served.upload(channel_id=greedy) for _ in range(MANY)}
    others = {await served.upload() for _ in range(PAGE + 10)}

    async def all_are_begun_with() -> bool:
        rows = [(await served.tables.below.scan(ACTIVE, {"shard": shard}, limit=1000)).rows for shard in range(SHARDS)]
        return first | others <= {str(row["video_id"]) for some in rows for row in some}

    await eventually(all_are_begun_with, 120)
    order: list[str] = []

    def refuse(_name: str, begun: StartJobResponse) -> Answer:
        order.append(begun.video_id)
        return REFUSED

    async with served.working(source(6), refuse):

        async def all_others_had_a_turn() -> bool:
            return others <= set(order)

        await eventually(all_others_had_a_turn, 300)
        left = first - set(order)
    assert len(left) > PAGE, "most of what came first still waits"
