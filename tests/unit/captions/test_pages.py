"""Pages of a transcript."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mesh.errors import Fault
from svc_transcode.captions.domain import page_of, refusal
from svc_transcode.media.captions.cues import CaptionsRefused, Cue
from svc_transcode.processing.model import Caption, Origin

CAPTION = Caption("id", "en", "", "c/u-1/captions.vtt", Origin.UPLOADED, 5, 5000, datetime(2030, 1, 1, tzinfo=UTC))
CUES = [Cue(start, start + 1, "a") for start in range(5)]


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_pages_give_every_cue_once_in_order(size: int) -> None:
    found: list[Cue] = []
    cursor: bytes | None = None
    while True:
        page = page_of(CAPTION, CUES, size, cursor)
        found += page.cues
        cursor = page.follows
        if cursor is None:
            break
        assert len(page.cues) == size
    assert found == CUES


def test_a_page_of_a_text_that_was_replaced_is_refused() -> None:
    follows = page_of(CAPTION, CUES, 2, None).follows
    with pytest.raises(Fault) as refused:
        page_of(replace(CAPTION, path="c/u-2/captions.vtt"), CUES, 2, follows)
    assert refused.value.reason_name == "INVALID_PAGE_TOKEN"


def test_a_line_is_named_where_it_is_one_lines_fault() -> None:
    assert refusal(CaptionsRefused("Wrong.", 7)).metadata == {"line": "7"}
    assert refusal(CaptionsRefused("Wrong.")).metadata == {}
