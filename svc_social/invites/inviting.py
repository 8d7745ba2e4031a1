"""Making, listing and taking back invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from mesh.errors import exhausted, not_found
from mesh.ids import uuid7
from mesh.pagination import PageTokens
from svc_social.fields import clean_line
from svc_social.invites.domain import DEFAULT_LIFETIME, MOST_OPEN, InviteRecord, invite_message, new_code
from svc_social.invites.store import InviteStore
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1 import account_service_pb2 as pb

LIST_INVITES: Final = "/vidmesh.social.v1.AccountService/ListInvites"
PAGE: Final = 50
MOST_PAGE: Final = 200


class Inviting:
    """What administrators do with invitations."""

    def __init__(self, invites: InviteStore, page_tokens: PageTokens, now: Callable[[], datetime]) -> None:
        self._invites = invites
        self._page_tokens = page_tokens
        self._now = now

    async def create(self, request: pb.CreateInviteRequest) -> pb.CreateInviteResponse:
        """A new invitation with its code. Raises TOO_MANY_CREDENTIALS, INVALID_FIELD."""
        lifetime = request.lifetime.ToTimedelta() if request.HasField("lifetime") else DEFAULT_LIFETIME
        text, code = new_code(uuid7())
        now = self._now()
        invite = InviteRecord(
            invite_id=code.invite_id,
            code_hash=code.hash,
            note=clean_line("note", request.note),
            max_uses=request.max_uses or 1,
            create_time=now,
            expire_time=now + lifetime,
        )
        if not await self._invites.insert(invite):
            raise exhausted(
                ErrorReason.ERROR_REASON_TOO_MANY_CREDENTIALS,
                f"No more than {MOST_OPEN} invitations may be open. Delete some.",
                limit=MOST_OPEN,
            )
        return pb.CreateInviteResponse(invite=invite_message(invite), invite_code=text)

    async def list(self, request: pb.ListInvitesRequest) -> pb.ListInvitesResponse:
        """A page of open invitations. Raises INVALID_PAGE_TOKEN."""
        cursor = self._page_tokens.open(LIST_INVITES, request, request.page_token)
        limit = self._page_tokens.page_size(request.page_size, PAGE, MOST_PAGE)
        invites, following = await self._invites.page(limit, cursor)
        return pb.ListInvitesResponse(
            invites=[invite_message(invite) for invite in invites],
            next_page_token=self._page_tokens.seal(LIST_INVITES, request, following),
        )

    async def delete(self, request: pb.DeleteInviteRequest) -> pb.DeleteInviteResponse:
        """Take one back. Raises INVITE_NOT_FOUND."""
        if not await self._invites.delete(request.invite_id):
            raise not_found(
                ErrorReason.ERROR_REASON_INVITE_NOT_FOUND,
                "There is no such invitation, or not any more.",
                invite_id=request.invite_id,
            )
        return pb.DeleteInviteResponse()
