"""Objects in S3, typed. README.md beside this file says how to use it."""

from __future__ import annotations

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
    "ObjectDamaged",
    "ObjectError",
    "ObjectExists",
    "ObjectInfo",
    "ObjectMissing",
    "ObjectPage",
    "ObjectsRefused",
    "ObjectsUnavailable",
    "SignedPut",
]
