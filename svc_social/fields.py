"""What clients send in fields, made ready to be kept: masks (AIP-134), etags (AIP-154), names, texts, addresses."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from mesh.errors import aborted, invalid_field
from vidmesh.common.v1.error_reason_pb2 import ErrorReason

MOST_URL: Final = 2048
EVERYTHING: Final = "*"


def chosen_fields(mask: FieldMask, resource: Message, changeable: Sequence[str]) -> tuple[str, ...]:
    """Which of the changeable fields an update is about: those the mask names, all for `*`, and without a mask those
    that are not empty. Raises INVALID_FIELD for a name that cannot be changed.
    """
    if not mask.paths:
        return tuple(name for name in changeable if getattr(resource, name))
    if EVERYTHING in mask.paths:
        return tuple(changeable)
    for path in mask.paths:
        if path not in changeable:
            raise invalid_field("update_mask", f"`{path[:60]}` cannot be changed; {', '.join(changeable)} can.")
    return tuple(name for name in changeable if name in mask.paths)


def etag_of(generation: int) -> str:
    """What a resource of this generation is known by; opaque to clients."""
    return f"g{generation:x}"


def check_etag(sent: str, generation: int) -> None:
    """Raises ABORTED (ETAG_MISMATCH) where a client sends an etag, and the resource has moved on from it."""
    if sent and sent != etag_of(generation):
        raise aborted(
            ErrorReason.ERROR_REASON_ETAG_MISMATCH, "It was changed since it was read. Read it again and repeat."
        )


def clean_line(field: str, value: str) -> str:
    """One line for people: NFC, without white space around it. Raises INVALID_FIELD for control characters."""
    cleaned = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(character) == "Cc" for character in cleaned):
        raise invalid_field(field, "It must be one line, without control characters.")
    return cleaned


def clean_text(field: str, value: str) -> str:
    """Text of several lines: NFC. Raises INVALID_FIELD for control characters other than line breaks and tabs."""
    cleaned = unicodedata.normalize("NFC", value).replace("\r\n", "\n").strip()
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in cleaned):
        raise invalid_field(field, "It must not have control characters.")
    return cleaned


def clean_url(field: str, value: str) -> str:
    """Address of a picture that browsers will fetch; empty for none. Raises INVALID_FIELD for anything that is not
    plain http or https, `javascript:` above all.
    """
    cleaned = value.strip()
    if not cleaned:
        return ""
    try:
        parts = urlsplit(cleaned)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        fits = False
    if not fits or len(cleaned) > MOST_URL or any(not character.isprintable() for character in cleaned):
        raise invalid_field(field, f"It must be an http or https address of at most {MOST_URL} characters.")
    return cleaned


def content_digest(request: Message, *without: str) -> bytes:
    """SHA-256 of a request without the named fields, to tell a repeat from another use of its request_id."""
    bare = type(request)()
    bare.CopyFrom(request)
    for name in ("request_id", *without):
        bare.ClearField(name)
    return hashlib.sha256(bare.SerializeToString(deterministic=True)).digest()
