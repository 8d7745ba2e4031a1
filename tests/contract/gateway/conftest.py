"""One edge for each file of tests: with two small services and a small object store behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from gateway.nodes import Keys
from gateway.testing.edge import RunningEdge, running_edge
from gateway.testing.services import RunningServices, running_services
from gateway.testing.store import RunningStore, running_store
from mesh.certificates import Certificate
from mesh.config import Budget, Settings, load_settings
from mesh.grants import GrantSigner
from mesh.identity import AccessTokenSigner
from mesh.keyring import KeyRing

SECRET = "a secret of the tests, long enough to be one"


@dataclass(frozen=True, slots=True)
class Installation:
    edge: RunningEdge
    services: RunningServices
    store: RunningStore
    keys: Keys
    access: AccessTokenSigner
    grants: GrantSigner
    grant_ring: KeyRing
    settings: Settings
    media_bucket: str
    source_bucket: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("edge")


@pytest.fixture(scope="module")
def settings(folder: Path) -> Settings:
    """Of everything but where services and the store are; a file of tests may have its own."""
    defaults = load_settings()
    free = Budget(per_user=(0, 0), per_address=(0, 0))
    return defaults.model_copy(
        update={
            "data": str(folder),
            "edge": defaults.edge.model_copy(
                update={"port": 0, "cors_origins": ("https://app.example",), "country_header": "cf-ipcountry"}
            ),
            "limits": defaults.limits.model_copy(
                update=dict.fromkeys(("read", "write", "auth", "heavy", "report"), free)
            ),
            "identity": defaults.identity.model_copy(update={"service_secret": SecretStr(SECRET)}),
        }
    )


@pytest.fixture(scope="module")
def certificate() -> Certificate | None:
    """What the edge shows, where its settings say that it speaks TLS."""
    return None


@pytest.fixture(scope="module")
def playback_runs() -> bool:
    """Whether svc_playback is there, beside the others."""
    return False


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(
    folder: Path, settings: Settings, certificate: Certificate | None, playback_runs: bool
) -> AsyncIterator[Installation]:
    access_ring, grant_ring = KeyRing.generate(), KeyRing.generate()
    grants = GrantSigner(grant_ring)
    keys = Keys(
        access_jwks=json.dumps({"keys": access_ring.public_jwks()}),
        grant_jwks=json.dumps({"keys": grants.public_jwks()}),
    )
    async with running_services() as services, running_store() as store:
        places = {
            **dict.fromkeys(("svc_upload", "svc_social", "svc_transcode"), services.address),
            "svc_playback": services.address if playback_runs else "127.0.0.1:1",
        }
        objects = settings.objects.model_copy(
            update={"endpoint": store.url, "access_key": "edge", "secret_key": SecretStr("of the edge")}
        )
        settings = settings.model_copy(update={"services": places, "objects": objects})
        down = frozenset[str]() if playback_runs else frozenset({"svc_playback"})
        async with running_edge(settings, keys, folder, down, certificate) as edge:
            yield Installation(
                edge,
                services,
                store,
                keys,
                AccessTokenSigner(access_ring, settings.identity.issuer, timedelta(minutes=5)),
                grants,
                grant_ring,
                settings,
                settings.objects.media_bucket,
                settings.objects.source_bucket,
            )
            written = edge.log.read_text().splitlines()
            # Envoy says so of its cache filter whenever it is used.
            assert [line for line in written if "work-in-progress" not in line] == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=installation.edge.url, timeout=10) as client:
        yield client


@pytest.fixture
def grant(installation: Installation) -> str:
    return installation.grants.mint("abcdefghijk", 1, datetime.now(UTC) + timedelta(hours=1))
