"""The `subject` options of the contracts, and the rules they keep."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.bus import InvalidContract, InvalidMessage
from mesh.bus.subjects import Route, all_routes, check_together, route_of
from vidmesh.options.v1.options_pb2 import Delivery
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.upload.v1.upload_events_pb2 import VideoChanged
from vidmesh.upload.v1.video_pb2 import Video

ROUTE = Route("a.B", "A", "a.changed.{id}", Delivery.DELIVERY_EVENT)


def test_the_contracts_keep_the_rules() -> None:
    routes = all_routes()
    assert {"vidmesh.upload.v1.VideoChanged", "vidmesh.transcode.v1.TranscodeJob"} <= {r.type_name for r in routes}
    deliveries = {(route.stream, route.delivery) for route in routes}
    assert len(deliveries) == len({route.stream for route in routes})


def test_a_type_says_how_it_travels() -> None:
    route = route_of(VideoChanged)
    assert (route.stream, route.pattern, route.delivery) == ("VIDEO", "video.changed.*", Delivery.DELIVERY_EVENT)
    assert route.subject(VideoChanged(video_id="abc_-123DEF")) == "video.changed.abc_-123DEF"
    assert route_of(TranscodeJob(job_id="x")).stream == "JOBS"


def test_a_pattern_may_be_of_some_values_alone() -> None:
    route = route_of(TranscodeJob)
    assert route.pattern_with({}) == route.pattern == "jobs.transcode.*.*"
    assert route.pattern_with({"crew": "av1"}) == "jobs.transcode.av1.*"
    with pytest.raises(InvalidMessage):
        route.pattern_with({"crew": "*"})


def test_a_message_without_a_subject_cannot_travel() -> None:
    with pytest.raises(InvalidMessage):
        route_of(Video)


@pytest.mark.parametrize("value", ["", "a.b", "a b", "*", ">", "a>", "ä", "a\n", "a\r\nPUB x 0", "\x00", "x" * 201])
def test_a_value_that_would_change_the_subject_is_refused(value: str) -> None:
    with pytest.raises(InvalidMessage):
        ROUTE.filled({"id": value})


@given(st.text())
def test_a_filled_subject_always_has_the_tokens_of_its_template(value: str) -> None:
    try:
        subject = ROUTE.filled({"id": value})
    except InvalidMessage:
        return
    assert subject.split(".") == ["a", "changed", value]
    assert subject.isascii()
    assert not {*subject} & {*" *>\t\r\n"}


def test_one_stream_delivers_in_one_way() -> None:
    with pytest.raises(InvalidContract, match="different ways"):
        check_together([ROUTE, Route("a.C", "A", "a.other.{id}", Delivery.DELIVERY_JOB)])


@pytest.mark.parametrize("template", ["a.changed.{id}", "a.{id}.{other}", "{x}.changed.now"])
def test_no_two_types_share_a_subject_so_no_stream_keeps_a_wake(template: str) -> None:
    with pytest.raises(InvalidContract, match="same subject"):
        check_together([ROUTE, Route("w.W", "WAKE", template, Delivery.DELIVERY_WAKE)])
    check_together([ROUTE, replace(ROUTE, type_name="w.W", stream="WAKE", template="wake.changed.{id}")])
