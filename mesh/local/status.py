"""`vidmesh status`."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mesh.local.control import data_folder, stack_on

if TYPE_CHECKING:
    import argparse

    from mesh.local.state import PartState, StackState

COLUMNS = ("part", "state", "pid", "port", "uptime", "restarts", "memory")


def run(args: argparse.Namespace) -> int:
    folder = data_folder(args.data)
    told: dict[str, Any] = {**described(stack_on(folder)), "data": str(folder)}
    text = json.dumps(told, indent=1) if args.json else "\n".join(_lines(told))
    sys.stdout.write(text + "\n")
    return 0 if told["state"] == "ready" and all(part["state"] == "ready" for part in told["parts"]) else 1


def described(state: StackState | None) -> dict[str, Any]:
    """The stack as `status --json` prints it; memory in bytes, with the children of each process."""
    if state is None:
        return {"state": "stopped", "edge_url": "", "pid": 0, "uptime_seconds": 0.0, "parts": []}
    return {
        "state": state.state,
        "edge_url": state.edge_url,
        "pid": state.pid,
        "uptime_seconds": round(time.time() - state.started, 1),
        "parts": [_described(part) for part in state.parts],
    }


def _described(part: PartState) -> dict[str, Any]:
    return {
        "name": part.name,
        "state": part.state,
        "pid": part.pid,
        "port": part.port,
        "uptime_seconds": round(time.time() - part.started, 1) if part.pid else 0.0,
        "restarts": part.restarts,
        "memory_bytes": resident_bytes(part.pid) if part.pid else 0,
    }


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and everything below it; 0 when it has just ended."""
    import psutil

    total = 0
    try:
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        return total
    return total


def _lines(told: dict[str, Any]) -> list[str]:
    if told["state"] == "stopped":
        return [f"nothing runs on {told['data']}"]
    rows = [COLUMNS]
    rows += [
        (
            part["name"],
            part["state"],
            str(part["pid"] or "-"),
            str(part["port"] or "-"),
            str(timedelta(seconds=int(part["uptime_seconds"]))),
            str(part["restarts"]),
            f"{part['memory_bytes'] / 2**20:.0f} MiB",
        )
        for part in told["parts"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    total = sum(part["memory_bytes"] for part in told["parts"]) / 2**20
    return [
        f"{told['state']}: {told['edge_url']}   {told['data']}",
        *("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows),
        f"{total:.0f} MiB in all",
    ]
