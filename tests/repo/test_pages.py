"""The app's addresses and the edge's are the same."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.config.pages import NAMES, PAGE

ROOT = Path(__file__).resolve().parents[2]


def test_the_edge_answers_every_address_that_the_app_has_a_page_for() -> None:
    written = (ROOT / "web" / "src" / "app" / "paths.ts").read_text(encoding="utf-8")
    table = written[written.index("export const paths") : written.index("};")]
    addresses = re.findall(r"""["`](/[^"`]*)["`]""", table)
    assert len(addresses) >= len(NAMES)
    for address in addresses:
        assert re.fullmatch(PAGE, re.sub(r"\$\{\w+\}", "abcdefghijk", address)), address
    assert {address.strip("/").split("/")[0] for address in addresses} - {"", "@${handle}"} == set(NAMES)
