"""Several things at once, of which the first failure is told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def first_failure() -> Generator[None]:
    """Around task groups: raises the first failure instead of a group of them.

    The others were its consequence, or say the same.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            return _first(error)  # pyright: ignore[reportUnknownArgumentType]
        return error
    return group
