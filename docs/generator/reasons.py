"""Every error reason: its code, its meaning, what to do, and which methods name it."""

from __future__ import annotations

import re

from docs.generator.contracts import Contracts
from docs.generator.linking import REASON_PREFIX, REASONS, Links, relative, service_page
from docs.generator.markdown import anchor, code, flowing, page, table

PLACE = "errors.md"
CODED = re.compile(r"(?P<code>[A-Z_]+)(?P<retry>, with RetryInfo)?\. (?P<rest>.*)", re.DOTALL)
HTTP = re.compile(r"HTTP Mapping: (\d{3} .*)$")


def error_page(contracts: Contracts) -> str:
    """The page of reasons."""
    links = Links(contracts)
    rows: list[tuple[str, ...]] = []
    for value in contracts.enums[REASONS].proto.value[1:]:
        reason = value.name.removeprefix(REASON_PREFIX)
        told = CODED.fullmatch(flowing(contracts.comment(f"{REASONS}.{value.name}")))
        if told is None or told["code"] not in links.codes:
            raise ValueError(f"{value.name}: the comment does not begin with a canonical code.")
        rows.append(
            (
                f'<a id="{reason.lower()}"></a>{code(reason)}',
                told["code"],
                "yes" if told["retry"] else "",
                links.with_reasons(told["rest"], PLACE),
                ", ".join(_named_by(reason, links)),
            )
        )
    return page(
        "Errors",
        flowing(contracts.comment(REASONS)),
        table(("reason", "code", "RetryInfo", "meaning, and what to do", "named by"), rows),
        "## Canonical codes",
        'As JSON an error is `{"code", "message", "details"}` under the HTTP status of its code.',
        table(("code", "number", "HTTP"), _codes(contracts)),
    )


def _named_by(reason: str, links: Links) -> list[str]:
    """Methods whose comments name a reason; one that is also a canonical code is not told apart in them."""
    if reason in links.codes:
        return []
    return [
        f"[{method.name}]({relative(f'{service_page(service.name)}#{anchor(method.name)}', PLACE)})"
        for service in links.contracts.services.values()
        for method in service.proto.method
        if re.search(rf"\b{reason}\b", links.contracts.comment(f"{service.name}.{method.name}"))
    ]


def _codes(contracts: Contracts) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for value in contracts.enums["google.rpc.Code"].proto.value:
        status = HTTP.search(contracts.comment(f"google.rpc.Code.{value.name}"))
        rows.append((code(value.name), str(value.number), status[1] if status else ""))
    return rows
