"""Identity and policy: from a call's metadata to who calls, and whether the method's contract lets them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mesh.call import ANONYMOUS, Call, Caller
from mesh.errors import permission_denied, sign_in_required
from mesh.identity import (
    ADDRESS,
    AUTHORIZATION,
    COUNTRY,
    EDGE,
    SERVICE_TOKEN,
    AccessTokenVerifier,
    bearer_token,
    scope_claim,
)
from mesh.policy import Policy
from mesh.service_tokens import ServiceTokens
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.options.v1.options_pb2 import ACCESS_ADMINISTRATOR, ACCESS_PUBLIC, ACCESS_SERVICE, Access, Scope

READ: Final = frozenset({AUTHORIZATION, SERVICE_TOKEN, COUNTRY, EDGE, ADDRESS})

Metadata = Iterable[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets callers in or refuses them."""

    users: AccessTokenVerifier
    services: ServiceTokens

    async def admit(self, method: str, policy: Policy, metadata: Metadata, deadline: float | None) -> Call:
        """The call, with a caller that the policy allows.

        Raises UNAUTHENTICATED (INVALID_TOKEN) for a bad token of either kind even where none is needed,
        UNAUTHENTICATED (SIGN_IN_REQUIRED), and PERMISSION_DENIED with metadata `access`, or (SCOPE_MISSING) `scope`.
        """
        sent = {key: value for key, value in metadata if key in READ and isinstance(value, str)}
        if not sent:
            if policy.access != ACCESS_PUBLIC:
                require(policy.access, ANONYMOUS)
            return Call(method, ANONYMOUS, deadline)
        token = bearer_token(header) if (header := sent.get(AUTHORIZATION)) else None
        user = None
        if token is not None:
            user = self.users.remembered(token) or await self.users.verify(token)
        service = self.services.verify(proof) if (proof := sent.get(SERVICE_TOKEN)) else None
        caller = Caller(user, service)
        require_scope(policy, caller)
        require(policy.access, caller)
        return Call(
            method,
            caller,
            deadline,
            country=sent.get(COUNTRY, ""),
            edge_name=sent.get(EDGE, ""),
            address=sent.get(ADDRESS, ""),
            user_token=token,
        )


def require_scope(policy: Policy, caller: Caller) -> None:
    """Return where the caller came by a sign-in, or by an API token that carries the method's scope; raise
    PERMISSION_DENIED (SCOPE_MISSING) otherwise.

    What a service calls on behalf of a person is the service's doing: the scope was asked for where the call came in.
    """
    user = caller.user
    if user is None or user.scopes is None or caller.service is not None or policy.access == ACCESS_SERVICE:
        return
    if policy.scope == Scope.SCOPE_UNSPECIFIED:
        raise permission_denied(
            "This needs a sign-in; no API token will do.", ErrorReason.ERROR_REASON_SCOPE_MISSING, scope=""
        )
    if policy.scope not in user.scopes:
        scope = scope_claim(policy.scope)
        raise permission_denied(
            f"The API token does not carry the scope `{scope}`.", ErrorReason.ERROR_REASON_SCOPE_MISSING, scope=scope
        )


def require(access: Access.ValueType, caller: Caller) -> None:
    """Return where this caller may call a method of this access; raise as `Gate.admit` does otherwise."""
    if access == ACCESS_PUBLIC:
        return
    if access == ACCESS_SERVICE:
        if caller.service is None:
            raise permission_denied("Only services of this installation may call this.", access="service")
        return
    if caller.user is None:
        raise sign_in_required()
    if access == ACCESS_ADMINISTRATOR and not caller.is_administrator:
        raise permission_denied("Only an administrator may do this.", access="administrator")
