"""What can be wrong with a dump, told to a person. Errors of the engines come through as they are."""

# ruff: noqa: N818 (the names say what is the case)

from __future__ import annotations


class TransferError(Exception):
    """Base of all errors of this layer."""


class DumpDamaged(TransferError):
    """The file is not as it was written, or was never a dump. Nothing was taken from it."""


class DumpUnfinished(TransferError):
    """The export was cut off. Run it again: it goes on where it was."""


class NotEmpty(TransferError):
    """The target holds rows that this import did not write. Nothing was changed."""
