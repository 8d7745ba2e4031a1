"""What a process loads before it can serve."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys

import pytest

from mesh.importing import without

PROGRAMMES = ["gateway", "svc_social", "svc_upload", "svc_transcode", "svc_transcode.worker", "svc_playback"]
HEAVY = {"aioboto3", "aiohttp", "av", "botocore", "httpx", "opentelemetry", "rich"}


def test_what_is_hidden_is_missing_for_the_block_and_there_again_afterwards() -> None:
    with without("antigravity"), pytest.raises(ImportError):
        importlib.import_module("antigravity")
    assert "antigravity" not in sys.modules
    assert importlib.util.find_spec("antigravity") is not None


def test_what_is_loaded_already_stays_as_it_is() -> None:
    with without("json"):
        assert importlib.import_module("json") is sys.modules["json"]
    assert sys.modules["json"] is not None


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_no_programme_loads_what_it_may_never_need(programme: str) -> None:
    code = f"import importlib, sys; importlib.import_module('{programme}.__main__'); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert HEAVY & set(told.split()) == set()
