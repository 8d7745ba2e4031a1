"""With a certificate the edge speaks TLS alone; a renewed one is shown at once, and cuts nothing."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
import pytest_asyncio
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.certificates import Reminder, follow
from gateway.testing.edge import running_edge
from mesh.certificates import Certificate, CertificateFiles
from mesh.certificates import certificate as pair
from mesh.config import ConfigurationError, Settings
from mesh.cookies import CSRF_HEADER
from tests.contract.gateway.faces import VIDEO, VIDEOS, signed_in, token_of
from vidmesh.transcode.v1.transcode_service_pb2 import WatchProcessingRequest
from vidmesh.upload.v1.video_service_pb2 import GetVideoRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "video.example"
READ = f"/v1/videos/{VIDEO}"


def issued(lifetime: timedelta = timedelta(days=1)) -> Certificate:
    """A certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pair(made.public_bytes(Encoding.PEM).decode(), private.decode())


FIRST = issued()


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    told = {"tls_certificate": "edge.pem", "tls_key": "edge.key", "public_url": f"https://{NAME}"}
    return settings.model_copy(update={"edge": settings.edge.model_copy(update=told)})


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return FIRST


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(installation: Any) -> Any:
    trusting = ssl.create_default_context(cadata=FIRST.chain)
    base = f"https://{installation.edge.address}"
    async with httpx.AsyncClient(base_url=base, verify=trusting, http1=True, timeout=10) as client:
        client.headers["host"] = NAME
        yield _Named(client)


class _Named:
    """A client that looks for the edge's name in its certificate, wherever the edge is."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self._client.get(path, extensions={"sni_hostname": NAME}, **more)


async def shown(address: str, **limits: Any) -> tuple[str, str | None, str | None]:
    """The certificate (SHA-256), the protocol chosen by ALPN, and the version of TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    for name, value in limits.items():
        setattr(context, name, value)
    host, port = address.rsplit(":", 1)
    _, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname=NAME)
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    found = tls.getpeercert(binary_form=True)
    assert found is not None
    told = hashlib.sha256(found).hexdigest(), tls.selected_alpn_protocol(), tls.version()
    writer.close()
    return told


def digest(certificate: Certificate) -> str:
    return hashlib.sha256(
        x509.load_pem_x509_certificate(certificate.chain.encode()).public_bytes(Encoding.DER)
    ).hexdigest()


def channel_to(installation: Any, certificate: Certificate) -> grpc.aio.Channel:
    credentials = grpc.ssl_channel_credentials(certificate.chain.encode())
    return grpc.aio.secure_channel(
        installation.edge.address, credentials, options=[("grpc.ssl_target_name_override", NAME)]
    )


async def test_the_edge_shows_its_certificate_and_prefers_http_2(installation: Any) -> None:
    assert await shown(installation.edge.address) == (digest(FIRST), "h2", "TLSv1.3")


async def test_tls_1_2_is_spoken_and_nothing_older(installation: Any) -> None:
    older = ssl.TLSVersion.TLSv1_2
    assert (await shown(installation.edge.address, maximum_version=older))[2] == "TLSv1.2"
    with pytest.raises((ssl.SSLError, ConnectionError)), pytest.warns(DeprecationWarning, match="TLS"):
        await shown(
            installation.edge.address, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1
        )


async def test_nobody_is_answered_without_tls(installation: Any) -> None:
    async with httpx.AsyncClient() as plain:
        with pytest.raises(httpx.TransportError):
            await plain.get(f"http://{installation.edge.address}/healthz")


async def test_json_and_grpc_are_answered_over_tls(installation: Any, http: Any) -> None:
    answer = await http.get(READ)
    assert answer.is_success
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    async with channel_to(installation, FIRST) as channel:
        request = GetVideoRequest(video_id=VIDEO).SerializeToString()
        assert await channel.unary_unary(f"{VIDEOS}/GetVideo")(request, timeout=5)


async def test_the_cookie_of_a_sign_in_by_https_has_a_name_that_no_other_host_can_set(
    installation: Any, http: Any
) -> None:
    token = token_of(installation)
    for name, expected in (("__Host-vidmesh_access", f"Bearer {token}"), ("vidmesh_access", None)):
        await http.get(READ, headers={"cookie": f"{name}={token}", CSRF_HEADER: "1"})
        assert installation.services.seen.calls[-1][1].get("authorization") == expected


async def test_a_renewed_certificate_is_shown_at_once_and_cuts_no_stream(installation: Any) -> None:
    renewed = issued()
    installation.services.seen.step_pause = timedelta(milliseconds=400)
    headers = tuple(signed_in(installation).items())
    async with channel_to(installation, FIRST) as channel:
        watch = channel.unary_stream("/vidmesh.transcode.v1.TranscodeService/WatchProcessing")
        messages = 0
        async for _ in watch(WatchProcessingRequest(video_id=VIDEO).SerializeToString(), metadata=headers, timeout=10):
            messages += 1
            if messages == 1:
                installation.edge.control.show(renewed)
    assert messages == 3
    assert (await shown(installation.edge.address))[0] == digest(renewed)
    installation.edge.control.show(FIRST)


async def test_an_edge_without_a_certificate_listens_nowhere(installation: Any, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3), running_edge(installation.settings, installation.keys, tmp_path):
            pytest.fail("It listens.")


def written(folder: Path, certificate: Certificate) -> CertificateFiles:
    files = CertificateFiles(folder / "chain.pem", folder / "key.pem")
    files.chain.write_text(certificate.chain)
    files.key.write_text(certificate.key)
    return files


async def test_files_are_followed_and_half_a_pair_never_reaches_an_edge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.certificates.LOOK_EVERY", timedelta(milliseconds=20))
    files = written(tmp_path, FIRST)
    seen: list[Certificate] = []
    following = asyncio.create_task(follow(files, files.read(), seen.append, structlog.get_logger()))
    renewed = issued()
    files.chain.write_text(renewed.chain)
    await asyncio.sleep(0.2)
    assert seen == []
    files.key.write_text(renewed.key)
    async with asyncio.timeout(5):
        while not seen:  # noqa: ASYNC110 (a list is filled by the task under test)
            await asyncio.sleep(0.01)
    following.cancel()
    assert seen == [renewed]


async def test_a_certificate_near_its_end_is_spoken_of_at_once_and_every_day_and_no_more_once_it_is_renewed() -> None:
    now, clock, said = datetime.now(UTC), 0.0, list[str]()
    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[_noting(said)])
    reminder = Reminder(log, lambda: now, lambda: clock)
    near, far = issued(timedelta(days=13)), issued(timedelta(days=40))
    reminder.look(far)
    assert said == []
    for _ in range(3):
        reminder.look(near)
    assert len(said) == 1
    clock += timedelta(days=1).total_seconds()
    reminder.look(near)
    assert len(said) == 2
    now += timedelta(days=14)
    reminder.look(near)
    assert ["expires on" in one for one in said] == [True, True, False]
    assert "expired on" in said[2]
    reminder.look(far)
    now += timedelta(days=20)
    reminder.look(far)
    assert len(said) == 4


def _noting(said: list[str]) -> Any:
    def note(_logger: Any, _method: str, event: Any) -> Any:
        said.append(event["why"])
        raise structlog.DropEvent

    return note


async def test_an_expired_certificate_is_shown_all_the_same(installation: Any) -> None:
    expired = issued(timedelta(seconds=-60))
    installation.edge.control.show(expired)
    async with asyncio.timeout(5):
        while (await shown(installation.edge.address))[0] != digest(expired):  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.05)
    installation.edge.control.show(FIRST)


@pytest.mark.parametrize("broken", ["chain", "key", "another key"])
async def test_a_pair_that_is_none_is_refused_with_a_sentence(tmp_path: Path, broken: str) -> None:
    files = written(tmp_path, FIRST)
    if broken == "chain":
        files.chain.write_text("no certificate")
    else:
        files.key.write_text(issued().key if broken == "another key" else "no key")
    with pytest.raises(ConfigurationError, match="The certificate of the edge"):
        files.read()


async def test_a_certificate_without_its_key_is_no_configuration(settings: Settings) -> None:
    half = settings.model_copy(update={"edge": settings.edge.model_copy(update={"tls_key": ""})})
    with pytest.raises(ConfigurationError, match="go together"):
        CertificateFiles.of_edge(half)
