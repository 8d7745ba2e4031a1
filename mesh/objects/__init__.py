"""Objects in S3, typed. README.md beside this file says how to use it."""

from __future__ import annotations

from mesh.objects.client import MAX_LIST, Objects
from mesh.objects.connecting import connect_objects
from mesh.objects.errors import (
    ObjectDamaged,
    ObjectError,
    ObjectExists,
    ObjectMissing,
    ObjectsRefused,
    ObjectsUnavailable,
)
from mesh.objects.model import ObjectInfo, ObjectPage, SignedPut

__all__ = [
    "MAX_LIST",
    "ObjectDamaged",
    "ObjectError",
    "ObjectExists",
    "ObjectInfo",
    "ObjectMissing",
    "ObjectPage",
    "Objects",
    "ObjectsRefused",
    "ObjectsUnavailable",
    "SignedPut",
    "connect_objects",
]
