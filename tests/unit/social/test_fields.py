"""What clients send in fields."""

from __future__ import annotations

import pytest

from mesh.errors import Fault
from svc_social.fields import clean_line, clean_text, clean_url, content_digest
from vidmesh.social.v1.channel_service_pb2 import CreateChannelRequest


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "//example.org/a.png",
        "ftp://example.org/a.png",
        "https://",
        "https://user@example.org/a.png",
        "https://example.org/\u202ea.png",
        "https://[bad/a.png",
        "https://example.org/" + "a" * 2048,
    ],
)
def test_an_address_of_a_picture_is_plain_http(address: str) -> None:
    with pytest.raises(Fault) as caught:
        clean_url("account.avatar_url", address)
    assert caught.value.violations[0].field == "account.avatar_url"


def test_a_good_address_stays_as_it_is_and_none_is_none() -> None:
    assert clean_url("f", " https://example.org/a.png?x=1 ") == "https://example.org/a.png?x=1"
    assert clean_url("f", "") == ""


@pytest.mark.parametrize("name", ["two\nlines", "bell\x07", "nul\x00", "tab\there"])
def test_a_name_is_one_line(name: str) -> None:
    with pytest.raises(Fault, match="one line"):
        clean_line("name", name)


def test_names_are_composed_so_that_equal_ones_are_equal() -> None:
    assert clean_line("name", " Ame\u0301lie ") == "Am\u00e9lie"


def test_a_text_keeps_its_lines_and_no_other_control_characters() -> None:
    assert clean_text("description", "a\r\nb\tc\n") == "a\nb\tc"
    with pytest.raises(Fault):
        clean_text("description", "a\x00b")


def test_the_digest_of_a_request_is_about_its_content_and_not_about_its_id() -> None:
    request = CreateChannelRequest(handle="films", request_id="one")
    assert content_digest(request) == content_digest(CreateChannelRequest(handle="films", request_id="two"))
    assert content_digest(request) != content_digest(CreateChannelRequest(handle="songs", request_id="one"))
