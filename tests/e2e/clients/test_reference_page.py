"""The page of the calls in a browser: at three widths, by axe, and with nothing asked of anybody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.stacks import Stack
from tests.e2e.web.browsing import WIDTHS, chromium, visitor

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize(("width", "scheme"), list(zip(WIDTHS, ("light", "dark", "light"), strict=True)))
def test_it_can_be_read_at_every_width(browser: Browser, stack: Stack, width: int, scheme: str) -> None:
    viewport = {"width": width, "height": WIDTHS[width]}
    reader = visitor(browser, stack, viewport=viewport, color_scheme=scheme)
    try:
        reader.go("/reference")
        expect(reader.page.get_by_role("heading", level=1)).to_contain_text("vidmesh")
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= width
        if width == min(WIDTHS):
            # Once: the page has thousands of elements, and they are the same at every width.
            assert reader.violations() == []
        reader.screenshot(f"reference-{width}-{scheme}")
        reader.page.get_by_role("link", name="CreateUpload", exact=True).click()
        expect(reader.page.get_by_role("heading", name="CreateUpload", exact=True)).to_be_in_viewport()
        assert reader.wrong == []
    finally:
        reader.context.close()
