"""The streams that the contracts ask for, declared additively: many processes of several releases do so at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from mesh.bus.errors import UnsuitableStream
from mesh.bus.subjects import Route
from mesh.config import BusSettings
from vidmesh.options.v1.options_pb2 import Delivery

DEAD_STREAM: Final = "DEAD"
"""Where messages go that were given up: `dead.<stream>.<durable>`."""

DUPLICATE_WINDOW: Final = 600.0
"""Seconds in which a second message with an id is refused."""


def plans(routes: Sequence[Route], settings: BusSettings) -> list[StreamConfig]:
    """The configuration of every stream. Wakes have none: they are not kept."""
    age = settings.event_max_age.total_seconds()
    subjects: dict[str, list[str]] = {DEAD_STREAM: ["dead.>"]}
    jobs: set[str] = set()
    for route in routes:
        if route.delivery in (Delivery.DELIVERY_EVENT, Delivery.DELIVERY_JOB):
            subjects.setdefault(route.stream, []).append(route.pattern)
        if route.delivery == Delivery.DELIVERY_JOB:
            jobs.add(route.stream)
    return [
        StreamConfig(
            name=name,
            subjects=sorted(patterns),
            retention=RetentionPolicy.WORK_QUEUE if name in jobs else RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            num_replicas=settings.replicas,
            max_age=0 if name in jobs else age,
            duplicate_window=min(DUPLICATE_WINDOW, age),
        )
        for name, patterns in sorted(subjects.items())
    ]


async def declare(js: JetStreamContext, plan: StreamConfig) -> None:
    """Make a stream, or bring the one that exists up to `plan` without taking anything from it.

    Subjects of a newer or older release stay. Raises UnsuitableStream where it keeps messages in another way.
    """
    name = plan.name or ""
    try:
        existing = (await js.stream_info(name)).config
    except NotFoundError:
        try:
            await js.add_stream(plan)
            return
        except BadRequestError as error:
            # Either another process was faster, with another release's plan, or the server will never take this one.
            try:
                existing = (await js.stream_info(name)).config
            except NotFoundError:
                raise UnsuitableStream(f"stream {name} is refused: {error}") from error
    if existing.retention != plan.retention or existing.storage != plan.storage:
        raise UnsuitableStream(f"stream {name} exists, with {existing.retention} retention in {existing.storage}")
    subjects = sorted({*(existing.subjects or ()), *(plan.subjects or ())})
    changed = existing.evolve(
        subjects=subjects,
        max_age=plan.max_age,
        num_replicas=plan.num_replicas,
        duplicate_window=plan.duplicate_window,
    )
    if changed != existing.evolve(subjects=sorted(existing.subjects or ())):
        try:
            await js.update_stream(changed)
        except BadRequestError as error:
            raise UnsuitableStream(f"stream {name} exists and cannot become what it should be: {error}") from error
