"""`vidmesh routes`: every call that the edge lets through, as the contracts say it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gateway.routes import Route

COLUMNS: Final = ("method", "json", "access", "relation", "rate_class", "timeout", "retry")


class Routes:
    """Prints the edge's route table; it needs no running installation."""

    name: Final = "routes"
    help: Final = "show every call that the edge lets through, with its policy"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""
        parser.description = (
            "Every call that the edge lets through: its gRPC method, its JSON face, who may call it, how the caller "
            "must stand to the resource, the budget it is taken from, how long it may take, and whether the edge "
            "repeats it. What is not listed is not reachable."
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, args: argparse.Namespace) -> int:
        """Prints the table."""
        from gateway.routes import route_table
        from mesh.policy import all_methods, descriptor_set

        rows = [_row(route) for route in route_table(all_methods(), descriptor_set()).routes]
        if args.json:
            print(json.dumps({"routes": rows}, indent=2))
        else:
            _print_table(rows)
        return 0


ROUTES: Final = Routes()


def _row(route: Route) -> dict[str, Any]:
    from vidmesh.options.v1.options_pb2 import Access, RateClass, Relation

    policy = route.policy
    relation = Relation.Name(policy.relation).removeprefix("RELATION_").lower()
    return {
        "method": route.grpc_path,
        "json": [{"verb": binding.verb, "path": binding.template} for binding in route.bindings],
        "access": Access.Name(policy.access).removeprefix("ACCESS_").lower(),
        "relation": None if relation == "unspecified" else relation,
        "rate_class": RateClass.Name(policy.rate_class).removeprefix("RATE_CLASS_").lower(),
        "timeout_seconds": None if route.timeout is None else route.timeout.total_seconds(),
        "retry": route.retried,
        "stream": route.streaming,
        "service": route.host,
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    lines = [COLUMNS, *(tuple(_cells(row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    for line in lines:
        # One call a line, whole, so that it can be searched.
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cells(row: dict[str, Any]) -> Iterator[str]:
    yield row["method"].removeprefix("/")
    yield ", ".join(f"{binding['verb']} {binding['path']}" for binding in row["json"])
    yield row["access"]
    yield row["relation"] or "-"
    yield row["rate_class"]
    yield "stream" if row["timeout_seconds"] is None else f"{row['timeout_seconds']:g} s"
    yield "yes" if row["retry"] else "no"
