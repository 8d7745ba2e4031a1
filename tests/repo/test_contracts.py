"""Rules that every contract keeps, read from the descriptors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from vidmesh.options.v1 import options_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import FieldDescriptor, FileDescriptor, MethodDescriptor

ROOT = Path(__file__).resolve().parents[2]
HTTP: Any = annotations_pb2.http  # its stub does not say that it is an extension


def _files() -> Iterator[FileDescriptor]:
    descriptors = descriptor_pb2.FileDescriptorSet.FromString((ROOT / "vidmesh/descriptors.binpb").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    for file in descriptors.file:
        if file.package.startswith("vidmesh."):
            yield pool.FindFileByName(file.name)


FILES = tuple(_files())
METHODS: tuple[MethodDescriptor, ...] = tuple(
    method for file in FILES for service in file.services_by_name.values() for method in service.methods
)
MESSAGES = tuple(message for file in FILES for message in file.message_types_by_name.values())


def _policy(method: MethodDescriptor) -> options_pb2.MethodPolicy:
    raw = descriptor_pb2.MethodOptions.FromString(method.GetOptions().SerializeToString())
    return raw.Extensions[options_pb2.policy]


def _subject(options: bytes) -> options_pb2.Subject:
    return descriptor_pb2.MessageOptions.FromString(options).Extensions[options_pb2.subject]


def test_the_stubs_are_what_the_contracts_give() -> None:
    run = subprocess.run(
        [sys.executable, "protos/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.full_name)
def test_every_method_says_who_may_call_it_and_which_budget_it_is_taken_from(method: MethodDescriptor) -> None:
    policy = _policy(method)
    assert policy.access != options_pb2.ACCESS_UNSPECIFIED
    assert policy.rate_class != options_pb2.RATE_CLASS_UNSPECIFIED


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.full_name)
def test_a_method_is_in_json_exactly_when_it_is_reachable_from_outside(method: MethodDescriptor) -> None:
    options = descriptor_pb2.MethodOptions.FromString(method.GetOptions().SerializeToString())
    has_http = options.HasExtension(HTTP)
    internal = _policy(method).access == options_pb2.ACCESS_SERVICE
    assert has_http != internal
    assert (_policy(method).rate_class == options_pb2.RATE_CLASS_INTERNAL) == internal


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.full_name)
def test_a_get_is_idempotent(method: MethodDescriptor) -> None:
    options = descriptor_pb2.MethodOptions.FromString(method.GetOptions().SerializeToString())
    if options.Extensions[HTTP].get:
        assert _policy(method).idempotent


@pytest.mark.parametrize("method", [m for m in METHODS if m.server_streaming], ids=lambda m: m.full_name)
def test_every_server_stream_is_resumable_by_a_cursor(method: MethodDescriptor) -> None:
    assert "cursor" in method.input_type.fields_by_name
    assert "cursor" in method.output_type.fields_by_name


@pytest.mark.parametrize(
    "method", [m for m in METHODS if "page_size" in m.input_type.fields_by_name], ids=lambda m: m.full_name
)
def test_every_list_pages_by_opaque_tokens(method: MethodDescriptor) -> None:
    assert "page_token" in method.input_type.fields_by_name
    assert "next_page_token" in method.output_type.fields_by_name


def test_every_field_that_holds_a_password_or_token_is_marked_secret() -> None:
    def is_secret_by_name(field: FieldDescriptor) -> bool:
        if field.message_type is not None:
            return False
        named = field.name.endswith(("password", "_token", "invite_code", "reset_code")) or field.name == "secret"
        return named and "page" not in field.name

    for message in MESSAGES:
        for field in message.fields:
            if is_secret_by_name(field):
                options = descriptor_pb2.FieldOptions.FromString(field.GetOptions().SerializeToString())
                assert options.Extensions[options_pb2.secret], field.full_name


def test_every_enum_has_an_unspecified_zero() -> None:
    for file in FILES:
        for enum in file.enum_types_by_name.values():
            assert enum.values_by_number[0].name.endswith("_UNSPECIFIED"), enum.full_name


def test_events_carry_ids_and_no_text_of_people() -> None:
    personal = {"title", "description", "email", "display_name", "name", "tags"}
    for message in MESSAGES:
        if _subject(message.GetOptions().SerializeToString()).stream:
            assert not personal & set(message.fields_by_name), message.full_name


def test_the_descriptor_set_builds_every_message() -> None:
    for message in MESSAGES:
        message_factory.GetMessageClass(message)()
