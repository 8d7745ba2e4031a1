"""What benchmarks are made of: turns, the settings that a rendition tells, what is said where something is missing."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import grpc
import pytest

from benchmarks.harness.machine import this_machine
from benchmarks.harness.model import Row, at_least
from benchmarks.harness.showing import as_json, as_table
from benchmarks.parts.bare_envoy import bare_envoy
from benchmarks.parts.echo import METHOD, an_echo
from benchmarks.parts.nginx import an_nginx
from benchmarks.parts.renditions import a_source, by_a_child, by_an_ffmpeg_each, settings_of
from benchmarks.parts.turns import p50s, ratio


def test_what_could_not_be_measured_is_said_not_to_be_here_and_is_no_failure() -> None:
    row = Row("segments", None, "× nginx", at_least(0.6))
    assert row.met is None
    assert "not here" in as_table("edge", "title", this_machine(), [row])
    assert json.loads(as_json("edge", this_machine(), [row]))["rows"][0]["value"] is None


async def test_calls_take_turns_round_by_round() -> None:
    seen: list[str] = []
    found = await p50s({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, rounds=2, count=1)
    assert "".join(seen) == "ab" + "ab" + "ba"
    assert {name: len(rounds) for name, rounds in found.items()} == {"a": 2, "b": 2}


def test_a_ratio_of_calls_is_the_median_of_the_rounds() -> None:
    assert ratio([2.0, 20.0, 3.0], [1.0, 10.0, 2.0]) == 2.0


async def test_without_nginx_there_is_none_to_measure_against(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    async with an_nginx(b"segment") as nginx:
        assert nginx is None


async def test_an_echo_answers_with_what_it_was_sent_also_through_an_envoy_with_a_router_alone() -> None:
    async with an_echo() as (address, _), bare_envoy(address, concurrency=1) as through:
        for place in (address, through):
            async with grpc.aio.insecure_channel(place, options=[("grpc.enable_http_proxy", 0)]) as channel:
                assert await channel.unary_unary(METHOD)(b"a message", wait_for_ready=True, timeout=20) == b"a message"


async def test_both_ways_to_encode_tell_the_same_settings_of_x264_for_the_same_frames(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="it brings the ffmpeg that is measured against")
    work = await a_source(tmp_path, Fraction(1, 5), "ultrafast", 12)
    made: list[dict[str, Path]] = []
    for number, make in enumerate((by_a_child, by_an_ffmpeg_each)):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(await make(work, folder))
    ours, each = made
    assert list(ours) == list(each) == ["360p", "720p", "1080p"]
    assert {rung: settings_of(file) for rung, file in ours.items()} == {
        rung: settings_of(file) for rung, file in each.items()
    }


def test_a_file_that_does_not_tell_its_settings_is_refused(tmp_path: Path) -> None:
    silent = tmp_path / "silent.mp4"
    silent.write_bytes(b"\0" * 100)
    with pytest.raises(ValueError, match="does not tell"):
        settings_of(silent)
