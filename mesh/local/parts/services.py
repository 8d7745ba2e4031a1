"""The control plane, the services and the transcoding workers: Python modules run as processes."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mesh.local.part import Part, Stage
from mesh.local.parts import bus
from mesh.local.plan import GATEWAY, SERVICES
from mesh.local.ports import LOOPBACK
from mesh.local.probes import grpc_serves, lives

if TYPE_CHECKING:
    from mesh.local.plan import Plan

WORKER = "svc_transcode.worker"

DRAIN = 15.0
"""Seconds for calls, or a job's hand-back, to come to an end."""

SETTLED = 1.0
"""A worker that has not ended after so many seconds has found its configuration and imported its packages."""


def service_parts(plan: Plan) -> list[Part]:
    """The gateway, every service, and as many workers as were asked for."""
    gateway = [_server(plan, GATEWAY, Stage.CONTROL)] if runs(GATEWAY) else []
    services = [_server(plan, name, Stage.SERVICES) for name in SERVICES if runs(name)]
    workers = [_worker(number) for number in range(1, plan.workers + 1)] if runs(WORKER) else []
    return [*gateway, *services, *workers]


def runs(module: str) -> bool:
    """Whether this installation has a programme of this name: a package with a `__main__`, or a plain module."""
    try:
        spec = find_spec(module)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = find_spec(f"{module}.__main__")
    except ModuleNotFoundError:
        return False
    return spec is not None


def _server(plan: Plan, name: str, stage: Stage) -> Part:
    address = plan.settings.services[name]
    told: tuple[str, ...] = ()
    if name in plan.settings.listen:
        address = f"{LOOPBACK}:{plan.ports[name]}"
        told = ("--listen", address)
    return Part(
        name=name,
        argv=(sys.executable, "-m", name, *told),
        stage=stage,
        needs=(bus.NAME,),
        port=int(address.rpartition(":")[2]),
        ready=grpc_serves(address),
        grace=DRAIN,
    )


def _worker(number: int) -> Part:
    return Part(
        name=f"worker-{number}",
        argv=(sys.executable, "-m", WORKER),
        stage=Stage.WORKERS,
        needs=(bus.NAME,),
        ready=lives(SETTLED),
        grace=DRAIN,
    )
