"""The services that own what edges verify with."""

from __future__ import annotations

import json
from typing import Final

import grpc.aio
from google.protobuf import json_format

from gateway.jwks import checked_jwks
from vidmesh.playback.v1.playback_service_pb2 import GetGrantKeysRequest, ListRevocationsRequest
from vidmesh.playback.v1.playback_service_pb2_grpc import PlaybackServiceStub
from vidmesh.social.v1.account_service_pb2 import GetJwksRequest, ListEndedSessionsRequest
from vidmesh.social.v1.account_service_pb2_grpc import AccountServiceStub

PAGE: Final = 1000


class ServiceSources:
    """Asks AccountService and PlaybackService."""

    def __init__(self, accounts: grpc.aio.Channel, playback: grpc.aio.Channel) -> None:
        self._accounts = AccountServiceStub(accounts)
        self._playback = PlaybackServiceStub(playback)

    async def access_jwks(self) -> str:
        """JWK set of those who sign access tokens."""
        answer = await self._accounts.GetJwks(GetJwksRequest())
        keys = [json_format.MessageToDict(key, preserving_proto_field_name=True) for key in answer.keys]
        return checked_jwks(json.dumps({"keys": keys}))

    async def grant_jwks(self) -> str:
        """JWK set of those who sign grants."""
        return checked_jwks((await self._playback.GetGrantKeys(GetGrantKeysRequest())).jwks)

    async def revoked(self) -> frozenset[str]:
        """`acc` claims of grants to refuse."""
        revoked: set[str] = set()
        token = ""
        while True:
            page = await self._playback.ListRevocations(ListRevocationsRequest(page_size=PAGE, page_token=token))
            revoked.update(page.access_keys)
            token = page.next_page_token
            if not token:
                return frozenset(revoked)

    async def ended(self) -> frozenset[str]:
        """`sid` claims of access tokens to refuse."""
        ended: set[str] = set()
        token = ""
        while True:
            page = await self._accounts.ListEndedSessions(ListEndedSessionsRequest(page_size=PAGE, page_token=token))
            ended.update(page.session_ids)
            token = page.next_page_token
            if not token:
                return frozenset(ended)
