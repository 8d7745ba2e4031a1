"""Browsers as fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.stacks import Stack
from tests.e2e.web.browsing import Visitor, chromium, visitor

NewVisitor = Callable[[], Visitor]


# Of a module, no longer: while a browser is open no other test could run an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def new_visitor(browser: Browser, stack: Stack) -> Iterator[NewVisitor]:
    """Makes visitors of the shared stack; their browsers are closed after the test."""
    made: list[Visitor] = []

    def make() -> Visitor:
        made.append(visitor(browser, stack))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
