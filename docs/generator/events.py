"""Every message that travels on the bus."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generator.contracts import Contracts, Message, domain_of
from docs.generator.fields import fields
from docs.generator.linking import Links, is_event
from docs.generator.markdown import anchor, code, flowing, page, sentence, table
from docs.generator.policies import option_word
from mesh.bus.subjects import Route, all_routes
from vidmesh.options.v1 import options_pb2

PLACE = "events.md"


def event_page(contracts: Contracts) -> str:
    """The page of events, jobs and wakes."""
    links = Links(contracts)
    routes = {route.type_name: route for route in all_routes()}
    told = [message for message in contracts.messages.values() if is_event(message.proto.options)]
    overview = table(
        ("message", "stream", "subject", "delivery", "what"),
        (
            (
                f"[{code(message.title)}](#{anchor(message.title)})",
                _stream(routes[message.name]),
                code(routes[message.name].template),
                _delivery(routes[message.name], contracts)[0],
                sentence(contracts.comment(message.name)),
            )
            for message in told
        ),
    )
    deliveries = table(
        ("delivery", "meaning"),
        (
            (
                value.name.removeprefix("DELIVERY_").lower(),
                flowing(contracts.comment(f"vidmesh.options.v1.Delivery.{value.name}")),
            )
            for value in contracts.enums["vidmesh.options.v1.Delivery"].proto.value[1:]
        ),
    )
    return page(
        "Events",
        "Every message that travels on the bus, by the service whose domain it belongs to. Events carry ids, no "
        "text of people. How long events are kept is `bus.event_max_age`; who reads which is in the README of each "
        "service.",
        overview,
        deliveries,
        *(block for message in told for block in _event(message, links)),
    )


def _stream(route: Route) -> str:
    kept = route.delivery != options_pb2.DELIVERY_WAKE
    return code(route.stream) if kept else "none"


def _delivery(route: Route, contracts: Contracts) -> tuple[str, str]:
    return option_word(contracts, options_pb2.Delivery, "Delivery", route.delivery)


def _event(message: Message, links: Links) -> Iterator[str]:
    yield f"## {message.title}"
    yield links.with_reasons(flowing(links.contracts.comment(message.name)), PLACE)
    yield f"Published by `svc_{domain_of(message.name)}`; contract: [`{message.file}`](../../protos/{message.file})."
    yield from fields(message, links, PLACE)
