"""What somebody writes in a form is theirs until they save it, whatever happens to the video meanwhile."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.people import sign_up_by_command, upload_by_command
from tests.e2e.stacks import Stack
from tests.e2e.web.conftest import NewVisitor

pytestmark = pytest.mark.timeout(240)

STALE_MS = 31_000
"""After so long a page asks again for what it shows, when somebody comes back to it."""


def test_a_title_that_is_being_written_stays_when_the_video_changes(stack: Stack, new_visitor: NewVisitor) -> None:
    creator = new_visitor()
    handle = sign_up_by_command(stack)
    video_id = upload_by_command(stack)["video_id"]
    creator.sign_in(handle)
    page = creator.page
    page.clock.install()
    creator.go(f"/studio/{video_id}")
    title, description = page.get_by_label("Title"), page.get_by_label("Description")
    title.fill("Half of a tit")

    elsewhere = creator.context.new_page()
    elsewhere.goto(f"{creator.edge_url}/studio/{video_id}")
    elsewhere.get_by_label("Description").fill("Written in another tab")
    elsewhere.get_by_role("button", name="Save").click()
    expect(elsewhere.get_by_text("Saved")).to_be_visible()

    page.clock.fast_forward(STALE_MS)
    page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")
    expect(description).to_have_value("Written in another tab")
    expect(title).to_have_value("Half of a tit")

    title.fill("A whole title")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="A whole title")).to_be_visible()
    expect(description).to_have_value("Written in another tab")
