"""Every error of the object store, what it means to the caller and whether trying again helps."""

# ruff: noqa: N818 (the names say what is the case; `except ObjectMissing` reads as it should)

from __future__ import annotations

from typing import ClassVar


class ObjectError(Exception):
    """Base of all errors of this layer. `retryable` says whether the same call may succeed later."""

    retryable: ClassVar[bool] = False


class ObjectMissing(ObjectError):
    """There is no object of this key (or no such bucket)."""


class ObjectExists(ObjectError):
    """An object of this key is there already and the write asked for a new one. Nothing was written."""


class ObjectsUnavailable(ObjectError):
    """The store did not answer, or answered that it cannot now, several times. Retry with back-off.

    A write may or may not have been done; objects are immutable, so writing the same again is safe.
    """

    retryable: ClassVar[bool] = True


class ObjectsRefused(ObjectError):
    """The store refused the call: credentials, bucket policy, or a request it calls invalid. A person must look."""


class ObjectDamaged(ObjectError):
    """What was read is not what was stored or asked for: its length or SHA-256 is another."""
