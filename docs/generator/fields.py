"""Tables of fields."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generator.contracts import Message
from docs.generator.linking import Links
from docs.generator.markdown import code, flowing, table
from docs.generator.rules import message_rules, oneof_required, rules_of


def fields(message: Message, links: Links, origin: str) -> Iterator[str]:
    """The table of a message's fields, and what the message as a whole has to keep."""
    contracts = links.contracts
    oneofs = {
        at: (oneof.name, oneof_required(oneof.options))
        for at, oneof in enumerate(message.proto.oneof_decl)
        if not oneof.name.startswith("_")
    }

    def choice(index: int | None) -> str:
        name, required = oneofs.get(-1 if index is None else index, ("", False))
        return f"{'exactly' if required else 'at most'} one of {code(name)}" if name else ""

    yield table(
        ("field", "type", "rules", "meaning"),
        (
            (
                code(field.name),
                links.type_of(field, message.name, origin),
                "; ".join(
                    rule
                    for rule in (choice(field.oneof_index if field.HasField("oneof_index") else None), rules_of(field))
                    if rule
                ),
                links.with_reasons(flowing(contracts.comment(f"{message.name}.{field.name}")), origin),
            )
            for field in message.proto.field
        ),
    )
    if kept := message_rules(message.proto.options):
        yield "\n".join(f"- {rule}" for rule in kept)
