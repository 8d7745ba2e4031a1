"""Who gets in: the first account, everybody, or who was invited."""

from __future__ import annotations

from mesh.call import current_call_or_none
from mesh.config import IdentitySettings
from svc_social.accounts.store import AccountStore
from svc_social.claims.domain import FIRST_ADMINISTRATOR, Standing
from svc_social.claims.store import Claims
from svc_social.guessing.guard import Guard
from svc_social.invites.domain import Registration, Way, invalid_invite, read_code, registration_message, way_in
from svc_social.invites.store import InviteStore
from vidmesh.social.v1 import account_service_pb2 as pb


class Admission:
    """Judges sign-ups by the settings, and takes uses of invitations."""

    def __init__(
        self,
        settings: IdentitySettings,
        accounts: AccountStore,
        claims: Claims,
        invites: InviteStore,
        guard: Guard,
    ) -> None:
        self._registration: Registration = settings.registration
        self._setup_code = settings.setup_code.get_secret_value()
        self._accounts = accounts
        self._claims = claims
        self._invites = invites
        self._guard = guard

    async def registration(self) -> pb.GetRegistrationResponse:
        """What a sign-up page has to ask for."""
        first = await self._is_first()
        return pb.GetRegistrationResponse(
            registration=registration_message(self._registration),
            first_account=first,
            invite_code_required=self._asks_for_code(first=first),
        )

    async def judge(self, code: str) -> Way:
        """How a sign-up with this code gets in, before anything is done for it.

        Wrong codes count as wrong passwords do. Raises REGISTRATION_CLOSED, INVALID_INVITE, TOO_MANY_ATTEMPTS.
        """
        first = await self._is_first()
        if not self._asks_for_code(first=first):
            return way_in(self._registration, code, self._setup_code, first=first)
        call = current_call_or_none()
        attempt = await self._guard.attempt("" if call is None else call.address)
        way = way_in(self._registration, code, self._setup_code, first=first)
        if way is Way.INVITED and not await self._may_be_good(code):
            raise invalid_invite()
        await attempt.withdraw()
        return way

    def second(self, code: str) -> Way:
        """How a sign-up gets in that would have been the first, had not another been. Raises as `judge`."""
        return way_in(self._registration, code, self._setup_code, first=False)

    async def take(self, code: str, account_id: str) -> None:
        """Use an invitation for an account that is about to exist. Raises INVALID_INVITE, CONTENTION."""
        read = read_code(code)
        if read is None or not await self._invites.take(read, account_id):
            raise invalid_invite()

    async def give_back(self, code: str, account_id: str) -> None:
        """Take a use back where there was one, for an account that was buried."""
        read = read_code(code)
        if read is not None:
            await self._invites.give_back(read.invite_id, account_id)

    def _asks_for_code(self, *, first: bool) -> bool:
        return bool(self._setup_code) if first else self._registration == "invite"

    async def _may_be_good(self, code: str) -> bool:
        read = read_code(code)
        return read is not None and await self._invites.is_good(read)

    async def _is_first(self) -> bool:
        claimed = await self._claims.find(FIRST_ADMINISTRATOR)
        if claimed is None:
            return True
        return await self._accounts.standing(claimed.owner.id, FIRST_ADMINISTRATOR) is not Standing.HELD
