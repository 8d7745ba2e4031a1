"""What the fuzz program takes a request for, and how it hears an answer that comes early."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import replace

import pytest

from tests.security.fuzz.addresses import method_at
from tests.security.fuzz.http1 import Answer, Http1, LostError
from tests.security.fuzz.shots import JSON, Shot
from tests.security.fuzz.verdict import broken
from tests.security.fuzz.wire import Reply


@pytest.mark.parametrize(
    ("verb", "target", "method"),
    [
        ("GET", "/v1/apiTokens", "ListApiTokens"),
        ("POST", "/v1/apiTokens", "CreateApiToken"),
        ("POST", "/v1/uploads//..", "CreateUpload"),
        ("POST", "/v1/uploads//", "CreateUpload"),
        ("POST", "/v1/videos/AAAAAAAAAAA:publish?x=1", "PublishVideo"),
        ("POST", "/v1/videos/a:b:publish", "PublishVideo"),
        ("GET", "/v1/videos/AAAAAAAAAAA:no-verb", "GetVideo"),
        ("GET", "/v1/videos:batchGet", "BatchGetVideos"),
        ("GET", "/v1/accounts/me", "GetAccount"),
        ("GET", "/v1/x/%2e%2e/jwks", "GetJwks"),
        ("GET", "/v1\\jwks", "GetJwks"),
        ("GET", "/v1/%6Awks", "GetJwks"),
        ("GET", "/v1/videos/.;x", "ListNewestVideos"),
    ],
)
def test_an_address_is_for_whom_the_edge_takes_it(verb: str, target: str, method: str) -> None:
    found = method_at(verb, target)

    assert found is not None
    assert found.name.rpartition("/")[2] == method


@pytest.mark.parametrize(
    ("verb", "target"),
    [
        ("HEAD", "/v1/apiTokens"),
        ("GET", "/v1/%2e%2e/jwks"),
        ("GET", "/v1/jwks:publish"),
        ("GET", "/v1/videos/a%2Fprocessing/b"),
        ("POST", "/"),
        ("POST", "/v1/videos/AAAAAAAAAAA%3Apublish"),
        ("GET", "/v1/videos/..;"),
        ("POST", "/v1/sessions:signOut//"),
    ],
)
def test_nobody_is_at_any_other_address(verb: str, target: str) -> None:
    assert method_at(verb, target) is None


def test_an_answer_by_another_method_than_the_drawn_one_is_judged_by_that_ones_contract() -> None:
    drawn = "/vidmesh.upload.v1.VideoService/UndeleteVideo"
    met = Shot(1, 1, JSON, drawn, "owner", "", "POST", "/v1/videos/AAAAAAAAAAA:publish")
    nobody = Shot(1, 1, JSON, drawn, "owner", "", "POST", "/v1/videos/AAAAAAAAAAA:publ")

    assert met.contract is not None
    assert met.contract.name.endswith("/PublishVideo")
    assert broken(met, Reply("OK", 0.1, http=200)) == ""
    assert broken(met, Reply("UNIMPLEMENTED", 0.1, http=404)) != ""
    assert broken(nobody, Reply("OK", 0.1, http=200)) != ""
    assert broken(nobody, Reply("NOT_FOUND", 0.1, http=404)) != ""


def test_a_page_of_the_web_app_is_answered_where_pages_are_and_nowhere_else() -> None:
    drawn = "/vidmesh.upload.v1.VideoService/ListNewestVideos"
    page = Reply("OK", 0.1, http=200, answers=(b"<!DOCTYPE html>\n<html>",))
    for verb, path in (("GET", "///?x=1"), ("HEAD", "/"), ("GET", "/@media/~x/v"), ("GET", "/watch/../studio")):
        assert broken(Shot(1, 1, JSON, drawn, "owner", "", verb, path), page) == ""
        assert broken(Shot(1, 1, JSON, drawn, "owner", "", verb, path), replace(page, answers=(b"{}",))) != ""
    for verb, path in (("POST", "/"), ("GET", "/v1"), ("GET", "/v1/nothing"), ("GET", "/watch/%2e%2e/media")):
        assert broken(Shot(1, 1, JSON, drawn, "owner", "", verb, path), page) != ""


@pytest.mark.parametrize(
    "reply",
    [
        Reply("UNAVAILABLE", 11.0, http=503),
        Reply("UNAVAILABLE", 11.0, http=504),
        Reply("DEADLINE_EXCEEDED", 10.0, http=504),
        Reply("INTERNAL", 0.1, http=500),
        Reply("LATE", 14.0),
        Reply("LOST", 0.1),
    ],
)
def test_a_missed_deadline_is_one_whoever_tells_it(reply: Reply) -> None:
    made = Shot(1, 1, JSON, "/vidmesh.upload.v1.VideoService/GetVideo", "owner", "", "GET", "/v1/videos/AAAAAAAAAAA")

    assert broken(made, reply) != ""


async def test_an_answer_that_comes_before_the_body_is_whole_is_heard() -> None:
    gone = asyncio.Event()

    async def refuse_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        # What was not read makes this a reset, as edges close on a body that they have refused.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await asyncio.sleep(0)
        gone.set()

    async with await asyncio.start_server(refuse_early, "127.0.0.1", 0) as server:
        http, answer = Http1(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"), Answer()

        await http.send(answer, "POST", "/v1/uploads", {}, bytes(30_000_000))
        await gone.wait()
        await http.close()

    assert (answer.status, answer.whole, json.loads(answer.body)) == (413, True, {})


async def test_a_connection_that_ends_without_an_answer_is_told_as_lost() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        http = Http1(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

        with pytest.raises(LostError, match="closed after"):
            await http.send(Answer(), "GET", "/v1/jwks", {})
        await http.close()
