"""The object store is busy, slow or away: errors are bounded, uploads and processing go on by themselves."""

from __future__ import annotations

import time

import pytest

from tests.e2e.faults.net import OBJECTS
from tests.e2e.faults.place import Place
from tests.e2e.faults.scenes import under_way
from tests.e2e.faults.weather import Weather

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

SECONDS = 10.0


def test_all_goes_on_after_the_store_was_slow_and_refused_some_requests(between: Place) -> None:
    with (
        under_way(between, SECONDS) as scene,
        scene.net.weather(Weather(busy=0.3, late=2, rate=50_000), OBJECTS),
    ):
        before = scene.net.refused_requests(OBJECTS)
        time.sleep(SECONDS)
        assert scene.net.refused_requests(OBJECTS) > before


def test_all_goes_on_after_the_store_refused_everything_and_was_away(between: Place) -> None:
    with under_way(between, SECONDS) as scene:
        for weather in (Weather(busy=1), Weather(refused=True)):
            with scene.net.weather(weather, OBJECTS):
                time.sleep(SECONDS / 2)


@pytest.mark.soak
@pytest.mark.parametrize(
    "weather",
    [Weather(busy=0.3), Weather(busy=1), Weather(late=2), Weather(rate=50_000), Weather(refused=True)],
    ids=["busy to some", "busy to all", "late", "thin", "away"],
)
def test_all_goes_on_after_ten_seconds_of_bad_weather_before_the_store(between: Place, weather: Weather) -> None:
    with under_way(between, SECONDS) as scene, scene.net.weather(weather, OBJECTS):
        time.sleep(SECONDS)
