"""Every kind of object, by every kind of grant; parts of uploads, re-aimed; and all that is at no address."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.security.matrix.media import everything, picture_grant, signed, status, token_of, with_token, without_token
from tests.security.matrix.scene import ACTIVE_UPLOAD, PRIVATE, PUBLIC, UNLISTED, Scene

KINDS = {
    "multivariant playlist",
    "DASH manifest",
    "media playlist",
    "initialisation segment",
    "segment",
    "picture",
}


def statuses(addresses: dict[str, str]) -> dict[str, int]:
    return {kind: status(url) for kind, url in addresses.items()}


def every(code: int) -> dict[str, int]:
    return dict.fromkeys(KINDS, code)


def test_a_grant_opens_everything_of_its_video_whoever_was_given_it(scene: Scene) -> None:
    with httpx.Client(base_url=scene.stack.edge_url, timeout=20) as anonymous:
        assert statuses(everything(anonymous, scene.ids[PUBLIC])) == every(200)
    assert statuses(everything(scene.stranger.person.edge, scene.ids[UNLISTED])) == every(200)
    for account in (scene.owner, scene.manager, scene.administrator):
        assert statuses(everything(account.person.edge, scene.ids[PRIVATE])) == every(200)


def test_no_other_grant_opens_anything_of_a_video(scene: Scene) -> None:
    edge, private = scene.owner.person.edge, scene.ids[PRIVATE]
    addresses = everything(edge, private)
    secrets = scene.stack.data / "secrets"
    later, earlier = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(minutes=5)
    other = token_of(everything(edge, scene.ids[PUBLIC])["segment"])
    head, body, signature = token_of(addresses["segment"]).split(".")
    tokens = {
        "another video's": (other, 403),
        "an expired one": (signed(secrets / "grant_keys.json", private, earlier), 401),
        "one by the keys of sign-ins": (signed(secrets / "access_keys.json", private, later), 401),
        "an access token": (scene.owner.headers["authorization"].removeprefix("Bearer "), 401),
        "another body under a good signature": (f"{head}.{other.split('.')[1]}.{signature}", 401),
        "one without a signature": (f"{head}.{body}.AA", 401),
    }
    for name, (token, refused) in tokens.items():
        came = {kind: status(with_token(url, token)) for kind, url in addresses.items()}
        assert came == every(refused), name
    assert {kind: status(without_token(url)) for kind, url in addresses.items()} == every(403)


def test_a_grant_for_pictures_opens_pictures_alone(scene: Scene) -> None:
    edge, private = scene.owner.person.edge, scene.ids[PRIVATE]
    token = picture_grant(scene, edge, private)
    came = {kind: status(with_token(url, token)) for kind, url in everything(edge, private).items()}
    assert came == every(403) | {"picture": 200}


def test_a_sign_in_opens_no_media(scene: Scene) -> None:
    addresses = everything(scene.owner.person.edge, scene.ids[PRIVATE])
    for kind, url in addresses.items():
        assert httpx.get(without_token(url), headers=scene.owner.headers).status_code == 403, kind


def test_the_address_of_a_part_takes_that_part_there_and_nothing_else(scene: Scene) -> None:
    owner = scene.owner.person
    upload_id = scene.ids[ACTIVE_UPLOAD]
    upload = owner.get(f"/v1/uploads/{upload_id}").raise_for_status().json()["upload"]
    part = bytes(int(upload["layout"][0]["size_bytes"]))
    signed_part = _signed(scene, upload_id, part)
    url, headers = str(signed_part["url"]), dict(signed_part["headers"])
    path, query = url.split("?", 1)
    bucket, key = path[1:].split("/", 1)
    media = scene.configuration["objects"]["media_bucket"]
    elsewhere = f"/{bucket}/{key[:-1]}{'0' if key[-1] != '0' else '1'}"
    edge = httpx.Client(base_url=scene.stack.edge_url, timeout=20)
    attempts: dict[str, httpx.Response] = {
        "reading": edge.get(url),
        "deleting": edge.delete(url),
        "another key": edge.put(f"{elsewhere}?{query}", content=part, headers=headers),
        "the way up": edge.put(f"/{bucket}/../{media}/{key}?{query}", content=part, headers=headers),
        "the bucket of media": edge.put(f"/{media}/{key}?{query}", content=part, headers=headers),
        "no signature": edge.put(path, content=part, headers=headers),
        "other bytes": edge.put(url, content=b"\x01" + part[1:], headers=headers),
        "fewer bytes": edge.put(url, content=part[1:], headers={**headers, "content-length": str(len(part) - 1)}),
        "listing the bucket": edge.get(f"/{bucket}?list-type=2&{query}"),
        "a part that is there": edge.get(path),
    }
    edge.close()
    for name, answer in attempts.items():
        assert answer.status_code in {400, 403, 404, 405}, (name, answer.status_code, answer.text)
    assert _put(scene, signed_part, part) == 200
    assert _put(scene, signed_part, part) == 412
    assert httpx.get(f"{scene.stack.edge_url}{path}").status_code == 404


def test_outside_of_the_contracts_there_is_nothing(scene: Scene) -> None:
    with httpx.Client(base_url=scene.stack.edge_url, timeout=20) as edge:
        assert edge.get("/healthz").status_code == 200
        assert [edge.get(path).status_code for path in ("/media/", "/media/v/", "/media/none")] == [403] * 3
        headers = scene.administrator.headers
        # The first page of the web app, where it was published; nothing else answers there.
        home = edge.get("/", headers=headers)
        assert home.status_code == 404 or home.headers["content-type"].startswith("text/html")
        for verb in ("POST", "PUT", "DELETE"):
            assert edge.request(verb, "/", headers=headers).status_code in {404, 405}
        for path in NOWHERE:
            for verb in ("GET", "POST", "PUT", "DELETE"):
                answer = edge.request(verb, path, headers=headers)
                assert answer.status_code in {404, 405}, (verb, path, answer.status_code)


NOWHERE = (
    *("/v1", "/v1/", "/v1/none", "/v2/videos", "/vidmesh-media", "/vidmesh-source"),
    *("/vidmesh-media/v/AAAAAAAAAAA/m/1/master.m3u8", "/admin", "/config_dump", "/stats", "/ready", "/metrics"),
    *("/server_info", "/certs", "/clusters", "/logging", "/quitquitquit", "/debug/pprof/", "/.well-known/jwks.json"),
    *("/v1/accounts:export", "/v1/videos:export", "/cluster/status", "/dir/status", "/varz", "/jsz", "/connz"),
    *("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/grpc.health.v1.Health/Check"),
    *("/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",),
    *("/.git/config", "/.env", "/secrets/access_keys.json", "/run/config.toml"),
)


def _signed(scene: Scene, upload_id: str, part: bytes) -> dict[str, Any]:
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    body = {"parts": [{"number": 1, "size_bytes": str(len(part)), "sha256": digest}]}
    answer = scene.owner.person.post(f"/v1/uploads/{upload_id}/parts:sign", body)
    return answer.raise_for_status().json()["parts"][0]


def _put(scene: Scene, signed_part: dict[str, Any], part: bytes) -> int:
    url = f"{scene.stack.edge_url}{signed_part['url']}"
    return httpx.put(url, content=part, headers=signed_part["headers"], timeout=20).status_code
