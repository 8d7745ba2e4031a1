"""Importing a library without what it loads besides when that happens to be there: the start of every process pays."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import cast


@contextmanager
def without(*optional: str) -> Generator[None]:
    """For the length of the block these modules cannot be imported, unless they are loaded already.

    For a library that does without them (`except ImportError`) in what is used of it. Afterwards they can be imported
    as ever; the library, once loaded, stays without.
    """
    hidden = [name for name in optional if name not in sys.modules]
    # None is how the import system itself marks a module that must not be found.
    # https://docs.python.org/3.11/reference/import.html#the-module-cache
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]
