"""PlaybackService: RPC → domain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import grpc
import grpc.aio

from mesh.bus import Bus
from mesh.call import current_call
from mesh.config import Edge
from mesh.errors import not_found, precondition
from mesh.ids import uuid7
from mesh.pagination import PageTokens
from svc_playback.playback import domain
from svc_playback.playback.answers import Answers
from svc_playback.playback.grants import Grants
from svc_playback.playback.neighbours import Neighbours
from svc_playback.playback.sessions import Session, Sessions, batch_id
from svc_playback.playback.store import RevocationStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.playback.v1 import playback_events_pb2
from vidmesh.playback.v1 import playback_service_pb2 as pb
from vidmesh.playback.v1.playback_service_pb2_grpc import PlaybackServiceServicer
from vidmesh.transcode.v1 import transcode_service_pb2 as transcode
from vidmesh.upload.v1 import video_pb2
from vidmesh.upload.v1 import video_service_pb2 as videos

LIST_REVOCATIONS = "/vidmesh.playback.v1.PlaybackService/ListRevocations"
REVOCATIONS_PAGE = 1000


class PlaybackServicer(PlaybackServiceServicer):
    """Grants and reports."""

    def __init__(
        self,
        neighbours: Neighbours,
        grants: Grants,
        rules: domain.GrantRules,
        edges: Sequence[Edge],
        sessions: Sessions,
        revocations: RevocationStore,
        page_tokens: PageTokens,
        bus: Bus,
    ) -> None:
        self._neighbours = neighbours
        self._grants = grants
        self._answers = Answers()
        self._rules = rules
        self._edges = edges
        self._sessions = sessions
        self._revocations = revocations
        self._page_tokens = page_tokens
        self._bus = bus

    async def GetPlayback(self, request: pb.GetPlaybackRequest, context: Any) -> pb.GetPlaybackResponse:  # noqa: N802
        """See the contract."""
        del context
        call, now = current_call(), datetime.now(UTC)
        viewer = await self._viewer(request.video_id)
        presentation = await self._presentation(viewer.video)
        edge = domain.choose_edge(self._edges, call.edge_name, call.country)
        expires = self._rules.expiry(now, presentation.duration.ToTimedelta())
        token = self._grants.token(request.video_id, viewer.access_epoch, expires)
        playback = self._answers.playback(request, viewer, presentation, edge, token, expires)
        session = Session(
            session_id=uuid7(),
            video_id=request.video_id,
            account_id=call.caller.account_id_or_none or "",
            country=call.country,
            edge=edge.name,
            started=now.timestamp(),
        )
        playback.session_id = session.session_id
        playback.session_token = self._sessions.seal(session)
        return pb.GetPlaybackResponse(playback=playback)

    async def _viewer(self, video_id: str) -> videos.CheckViewerResponse:
        try:
            return await self._neighbours.viewer(video_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
        raise not_found(ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND, "There is no such video.", video_id=video_id)

    async def _presentation(self, video: video_pb2.Video) -> transcode.GetPresentationResponse:
        try:
            presentation = await self._neighbours.presentation(video.video_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            raise _not_playable(video) from None
        if not presentation.manifest_generation or not any(file.height for file in presentation.files):
            raise _not_playable(video)
        return presentation

    async def ReportPlayback(self, request: pb.ReportPlaybackRequest, context: Any) -> pb.ReportPlaybackResponse:  # noqa: N802
        """See the contract."""
        del context
        now = datetime.now(UTC)
        session = self._sessions.open(request.session_token, now)
        report = playback_events_pb2.PlaybackReported(
            video_id=session.video_id,
            session_id=session.session_id,
            account_id=session.account_id,
            country=session.country,
            edge=session.edge,
            events=request.events,
        )
        report.receive_time.FromDatetime(now)
        await self._bus.publish(report, event_id=batch_id(session.session_id, request.events))
        return pb.ReportPlaybackResponse(accepted_seq=domain.accepted(request.events))

    async def GetGrantKeys(self, request: pb.GetGrantKeysRequest, context: Any) -> pb.GetGrantKeysResponse:  # noqa: N802
        """See the contract."""
        del request, context
        return pb.GetGrantKeysResponse(jwks=json.dumps({"keys": self._grants.public_jwks()}))

    async def ListRevocations(self, request: pb.ListRevocationsRequest, context: Any) -> pb.ListRevocationsResponse:  # noqa: N802
        """See the contract."""
        del context
        limit = self._page_tokens.page_size(request.page_size, REVOCATIONS_PAGE, REVOCATIONS_PAGE)
        cursor = self._page_tokens.open(LIST_REVOCATIONS, request, request.page_token)
        page = await self._revocations.page(cursor, limit)
        return pb.ListRevocationsResponse(
            access_keys=page.access_keys,
            next_page_token=self._page_tokens.seal(LIST_REVOCATIONS, request, page.cursor),
        )


def _not_playable(video: video_pb2.Video) -> Exception:
    state = video_pb2.ProcessingState.Name(video.processing_state).removeprefix("PROCESSING_STATE_")
    return precondition(
        ErrorReason.ERROR_REASON_VIDEO_NOT_PLAYABLE,
        "The video could not be processed."
        if video.processing_state == video_pb2.PROCESSING_STATE_FAILED
        else "The video cannot be played yet; it is still being processed.",
        processing_state=state,
    )
