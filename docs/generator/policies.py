"""What policies and routes say, in the contracts' own words."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from docs.generator.contracts import Contracts
from docs.generator.linking import OPTIONS
from docs.generator.markdown import code, sentence
from gateway.routes import Binding, Route, route_table
from mesh.policy import Policy, all_methods, descriptor_set


@cache
def routes() -> dict[str, Route]:
    """Every call that the edge lets through by its gRPC path."""
    return {route.grpc_path: route for route in route_table(all_methods(), descriptor_set()).routes}


def option_word(contracts: Contracts, enum: Any, kind: str, value: int) -> tuple[str, str]:
    """An option's value without its prefix, in lower case, and the first sentence of its comment."""
    full: str = enum.Name(value)
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper() + "_"
    return full.removeprefix(prefix).lower(), sentence(contracts.comment(f"{OPTIONS}{kind}.{full}"))


def bound(binding: Binding) -> str:
    """One JSON face."""
    return code(f"{binding.verb} {binding.template}")


def limit(policy: Policy) -> str:
    """How long a call may take."""
    return "none" if policy.timeout is None else f"{policy.timeout.total_seconds():g} s"
