"""A stack that others can reach: by TLS, with a set-up code for its first account, and with nothing else open."""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.e2e.stacks import vidmesh

NAME = "video.example"
PARTS = "bus,gateway,svc_social,svc_playback,edge"


@dataclass(frozen=True, slots=True)
class Reachable:
    data: Path
    said: str
    """What `up` printed."""
    port: int


def renew(folder: Path) -> str:
    """A new certificate in the files that the configuration names; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "edge.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "edge.pem").write_bytes(made.public_bytes(Encoding.PEM))
    return made.public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reach")


@pytest.fixture(scope="module")
def reachable(folder: Path) -> Iterator[Reachable]:
    renew(folder)
    config, data = folder / "mine.toml", folder / "data"
    config.write_text(f'[edge]\ntls_certificate = "{folder}/edge.pem"\ntls_key = "{folder}/edge.key"\n')
    words = ("--host", "0.0.0.0", "--public-url", f"https://{NAME}", "--port", "0", "--config", str(config))
    done = vidmesh("up", "--detach", "--data", str(data), "--only", PARTS, *words)
    try:
        assert done.returncode == 0, done.stderr
        parts = json.loads((data / "run" / "stack.json").read_text())["parts"]
        yield Reachable(data, done.stdout, next(part["port"] for part in parts if part["name"] == "edge"))
    finally:
        vidmesh("down", "--data", str(data))


@pytest.fixture
def http(reachable: Reachable, folder: Path) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cadata=(folder / "edge.pem").read_text())
    with httpx.Client(base_url=f"https://127.0.0.1:{reachable.port}", verify=trusted) as client:
        yield client


def ask(http: httpx.Client, verb: str, path: str, **more: object) -> httpx.Response:
    """By the edge's name, wherever it is."""
    headers = {"host": NAME}
    return http.request(verb, path, headers=headers, extensions={"sni_hostname": NAME}, json=more or None)


def person(handle: str, code: str = "") -> dict[str, object]:
    chosen = {"email": f"{handle}@example.org", "password": "correct horse battery", "handle": handle}
    return {**chosen, "display_name": handle, "invite_code": code}


def test_without_a_word_about_tls_it_does_not_start(tmp_path: Path) -> None:
    words = ("--host", "0.0.0.0", "--public-url", f"https://{NAME}", "--port", "0")
    done = vidmesh("up", "--detach", "--data", str(tmp_path / "data"), *words)
    assert done.returncode == 1
    assert "tls_certificate" in done.stderr
    assert done.stderr.count("\n") == 1


def test_viewers_are_sent_to_the_public_address(reachable: Reachable) -> None:
    assert f"ready: https://{NAME}\n" in reachable.said


def test_nothing_but_the_edge_listens_beyond_this_machine(reachable: Reachable) -> None:
    state = json.loads((reachable.data / "run" / "stack.json").read_text())
    processes = [psutil.Process(part["pid"]) for part in state["parts"]]
    processes += [child for process in processes for child in process.children(recursive=True)]
    listening = {
        (one.laddr.ip, one.laddr.port)
        for process in processes
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    }
    beyond = {(address, port) for address, port in listening if not on_loopback(address)}
    assert beyond == {("0.0.0.0", reachable.port)}
    assert len(listening) > len(state["parts"]) // 2


def on_loopback(address: str) -> bool:
    """Also as gRPC writes it, an IPv4 address within an IPv6 one."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def test_the_first_account_takes_the_code_that_up_has_printed(reachable: Reachable, http: httpx.Client) -> None:
    found = re.search(r"set-up code (\S+)", reachable.said)
    assert found is not None
    refused = ask(http, "POST", "/v1/accounts:signUp", **person("stranger"))
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert refused.json()["details"][0]["reason"] == "INVALID_INVITE"
    made = ask(http, "POST", "/v1/accounts:signUp", **person("owner", found[1]))
    assert made.json()["account"]["role"] == "ROLE_ADMINISTRATOR"
    # Somebody has an account now, and everybody may make one.
    assert ask(http, "POST", "/v1/accounts:signUp", **person("stranger")).is_success


def test_a_renewed_certificate_is_shown_within_seconds(reachable: Reachable, folder: Path, http: httpx.Client) -> None:
    assert ask(http, "GET", "/healthz").is_success
    renewed = renew(folder)
    give_up = time.monotonic() + 15
    while shown(reachable.port) != ssl.PEM_cert_to_DER_cert(renewed):
        assert time.monotonic() < give_up
        time.sleep(0.1)
    # The connection that was open all the time still is.
    assert ask(http, "GET", "/healthz").is_success


def shown(port: int) -> bytes | None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 5) as opened, context.wrap_socket(opened) as tls:
        return tls.getpeercert(binary_form=True)
