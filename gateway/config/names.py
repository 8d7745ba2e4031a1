"""Names that several rooms of the configuration must agree on."""

from __future__ import annotations

from typing import Final

EDGE_LISTENER: Final = "edge"
EDGE_ROUTES: Final = "edge"

CORS: Final = "envoy.filters.http.cors"
SAME_FOR_ALL: Final = "vidmesh.same_for_all"
"""Makes the answer the same for pages of every origin."""
GRPC_WEB: Final = "envoy.filters.http.grpc_web"
BODY_LIMIT: Final = "vidmesh.body_limit"
"""Holds JSON bodies until they are whole, and refuses those that are too large."""
MEDIA_PATH: Final = "vidmesh.media_path"
"""Takes the grant out of the path."""
TRANSCODER: Final = "envoy.filters.http.grpc_json_transcoder"
JWT: Final = "envoy.filters.http.jwt_authn"
GRANT_SCOPE: Final = "vidmesh.grant_scope"
"""Compares the path with what the grant opens."""
REVOCATIONS: Final = "vidmesh.revocations"
"""Refuses grants that were taken back."""
CACHE: Final = "envoy.filters.http.cache_v2"
ROUTER: Final = "envoy.filters.http.router"

MEDIA_CLUSTER: Final = "objects.media"
"""The object store, each request signed with the edge's own key."""
NOWHERE_CLUSTER: Final = "nowhere"
"""Nobody. For what a filter answers and no cluster must ever see."""
PARTS_CLUSTER: Final = "objects.parts"
"""The object store, for requests that the client had signed for it."""

OWN_HEADERS: Final = "x-vidmesh-"
"""Headers that only this installation sets; from outside they are dropped before anything else happens."""
GRANT_HEADER: Final = "x-vidmesh-grant"
ACCESS_KEY_HEADER: Final = "x-vidmesh-access-key"
"""The `acc` claim of a verified grant."""

MEDIA_METADATA: Final = "vidmesh.media"
"""Dynamic metadata of a media request: `path`, as grants name it."""
