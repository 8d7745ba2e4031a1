"""Ids, sealed tokens and page tokens."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.call import Call, Caller, Principal, enter_call
from mesh.errors import Fault
from mesh.grants import VIDEO_ID
from mesh.ids import derived_uuid, derived_video_id, new_video_id, uuid7
from mesh.pagination import PURPOSE, PageTokens
from mesh.sealing import Sealer
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.common.v1.page_token_pb2 import PageToken
from vidmesh.social.v1.account_pb2 import Role
from vidmesh.social.v1.channel_service_pb2 import ListMembersRequest

SEALER = Sealer("a" * 32)
METHOD = "/vidmesh.social.v1.ChannelService/ListMembers"
REQUEST = ListMembersRequest(channel_id="c1", page_size=10)


def test_a_uuid7_is_one_and_sorts_by_time() -> None:
    first = uuid.UUID(uuid7())

    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert abs((first.int >> 80) / 1000 - datetime.now(UTC).timestamp()) < 5
    assert len({uuid7() for _ in range(1000)}) == 1000


@given(st.text(), st.text(), st.text(), st.text(min_size=1))
def test_derived_ids_repeat_for_the_same_request_and_are_well_formed(key: str, who: str, what: str, which: str) -> None:
    derived = derived_uuid(key.encode(), who, what, which)

    assert derived == derived_uuid(key.encode(), who, what, which)
    assert uuid.UUID(derived).version == 8
    video_id = derived_video_id(key.encode(), who, what, which)
    assert video_id == derived_video_id(key.encode(), who, what, which)
    assert VIDEO_ID.fullmatch(video_id)


def test_derived_ids_differ_with_everything_they_are_derived_from() -> None:
    variants = [
        (b"k", "a", "b", "c"),
        (b"l", "a", "b", "c"),
        (b"k", "ab", "", "c"),
        (b"k", "a", "bc", "c"),
        (b"k", "a", "b", "d"),
    ]

    assert len({derived_uuid(*one) for one in variants}) == len(variants)
    assert len({derived_video_id(*one) for one in variants}) == len(variants)


def test_without_a_request_id_every_id_is_new() -> None:
    assert derived_uuid(b"k", "a", "b", "") != derived_uuid(b"k", "a", "b", "")
    assert derived_video_id(b"k", "a", "b", "") != derived_video_id(b"k", "a", "b", "")


def test_no_video_id_begins_with_a_dash() -> None:
    ids = [new_video_id() for _ in range(2000)] + [derived_video_id(b"k", "a", "b", str(one)) for one in range(2000)]

    assert all(VIDEO_ID.fullmatch(one) for one in ids)
    assert len(set(ids)) == len(ids)


@given(st.binary(max_size=200))
def test_what_was_sealed_is_opened_for_its_purpose_alone(payload: bytes) -> None:
    token = SEALER.seal("one", payload)

    assert SEALER.open("one", token) == payload
    assert SEALER.open("another", token) is None
    assert Sealer("b" * 32).open("one", token) is None


@given(st.binary(min_size=1, max_size=50), st.data())
def test_a_token_with_any_bit_changed_is_refused(payload: bytes, data: st.DataObject) -> None:
    sealed = bytearray(SEALER.seal_bytes("one", payload))
    position = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[position // 8] ^= 1 << position % 8

    assert SEALER.open_bytes("one", bytes(sealed)) is None


@given(st.text(max_size=100))
def test_text_that_was_never_sealed_is_refused_and_breaks_nothing(text: str) -> None:
    assert SEALER.open("one", text) is None


def test_a_short_secret_is_no_secret() -> None:
    with pytest.raises(ValueError, match="32 characters"):
        Sealer("a" * 31)


def refused(method: str, request: ListMembersRequest, token: str) -> ErrorReason.ValueType:
    with pytest.raises(Fault) as caught:
        PageTokens(SEALER).open(method, request, token)
    return caught.value.reason


def test_a_page_token_continues_the_list_that_it_was_given_for() -> None:
    tokens = PageTokens(SEALER)
    token = tokens.seal(METHOD, REQUEST, b"here")

    assert tokens.open(METHOD, REQUEST, token) == b"here"
    bigger = ListMembersRequest(channel_id="c1", page_size=50, page_token=token)
    assert tokens.open(METHOD, bigger, token) == b"here"
    assert tokens.open(METHOD, REQUEST, "") is None
    assert tokens.seal(METHOD, REQUEST, None) == ""


def test_a_page_token_is_refused_for_anything_else() -> None:
    token = PageTokens(SEALER).seal(METHOD, REQUEST, b"here")
    invalid = ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN

    assert refused(METHOD, ListMembersRequest(channel_id="c2"), token) == invalid
    assert refused("/another.Service/Method", REQUEST, token) == invalid
    assert refused(METHOD, REQUEST, token[:-2]) == invalid
    assert refused(METHOD, REQUEST, "???") == invalid
    assert refused(METHOD, REQUEST, SEALER.seal("another purpose", b"x")) == invalid


def test_a_page_token_is_refused_when_it_is_old() -> None:
    old = PageToken(method=METHOD, cursor=b"here")
    old.expire_time.FromDatetime(datetime.now(UTC) - timedelta(seconds=1))

    token = SEALER.seal(PURPOSE, old.SerializeToString())

    assert refused(METHOD, REQUEST, token) == ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN


async def test_a_page_token_is_refused_for_another_caller() -> None:
    enter_call(Call(METHOD, Caller(Principal("ann", "s", Role.ROLE_MEMBER))))
    token = PageTokens(SEALER).seal(METHOD, REQUEST, b"here")
    enter_call(Call(METHOD, Caller(Principal("bob", "s", Role.ROLE_MEMBER))))

    assert refused(METHOD, REQUEST, token) == ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN


def test_a_page_has_the_size_asked_for_within_bounds() -> None:
    assert PageTokens.page_size(0) == 20
    assert PageTokens.page_size(7) == 7
    assert PageTokens.page_size(1000) == 100
    assert PageTokens.page_size(0, default=50, most=200) == 50
    with pytest.raises(Fault, match="page_size"):
        PageTokens.page_size(-1)
