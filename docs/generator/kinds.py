"""One page a domain: the messages and enums that methods and events are made of."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generator.contracts import Contracts, Enumeration, Message, domain_of
from docs.generator.fields import fields
from docs.generator.linking import Links
from docs.generator.markdown import code, flowing, page, table

INTRO = (
    "Messages and enums of the domain, as methods and events use them. In JSON a `Timestamp` is RFC 3339 text, a "
    '`Duration` is text like `"3.5s"`, 64-bit numbers are text, enums are their names, bytes are base64; field names '
    "are as they stand here."
)


def kind_pages(contracts: Contracts) -> dict[str, str]:
    """Every domain's page by its path in docs/reference/."""
    links = Links(contracts)
    named = [*contracts.messages.values(), *contracts.enums.values()]
    own = [one for one in named if links.on_own_page(one.name)]
    domains = sorted({domain_of(one.name) for one in own})
    return {
        f"types/{domain}.md": _page(domain, [o for o in own if domain_of(o.name) == domain], links)
        for domain in domains
    }


def _page(domain: str, own: list[Message | Enumeration], links: Links) -> str:
    origin = f"types/{domain}.md"
    files = sorted({one.file for one in own})
    blocks: list[str] = []
    for file in files:
        blocks.append(f"Contract: [`{file}`](../../../protos/{file}).")
        for one in own:
            if one.file == file:
                blocks.extend(_kind(one, links, origin))
    return page(f"Types of {domain}", INTRO, *blocks)


def _kind(one: Message | Enumeration, links: Links, origin: str) -> Iterator[str]:
    contracts = links.contracts
    yield f"## {one.title}"
    yield links.with_reasons(flowing(contracts.comment(one.name)), origin)
    if isinstance(one, Message):
        yield from fields(one, links, origin)
        return
    yield table(
        ("value", "number", "meaning"),
        (
            (
                code(value.name),
                str(value.number),
                links.with_reasons(flowing(contracts.comment(f"{one.name}.{value.name}")), origin),
            )
            for value in one.proto.value
        ),
    )
